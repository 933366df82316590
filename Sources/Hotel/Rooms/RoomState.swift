/// What a property wishes for its rooms.
package struct RoomRules: Hashable, Sendable {
    package var requiresInspection = true
    package var allowsPickup = false
    package var turndownEnabled = false
    /// An occupied room may be inspected too.
    package var inspectsOccupied = false
    package var dirtyOnRoll = true
    package var staleInspectedDays = 3
    package var dndWelfareHours = 24
    package var dndTaskPolicy = DNDTaskPolicy.keep

    package init() {}
}

/// What becomes of open tasks in a room that must not be disturbed.
package enum DNDTaskPolicy: String, CaseIterable, Sendable { case keep, unassign, cancel }

/// A room as its state machine knows it.
package struct RoomState: Hashable, Sendable {
    package var foOccupancy: FrontOfficeOccupancy
    package var foPersons: Int
    package var hkStatus: HKStatus
    package var hkOccupancy: HKOccupancy
    package var hkPersons: Int?
    package var serviceFlag: ServiceFlag
    package var dndConsecutiveDays: Int
    package var turndown: TurndownStatus
    package var availability: Availability
    /// The block that decides `availability` has a ticket: "Under maintenance".
    package var blockHasTicket: Bool
    package var rush: Bool
    package var isQueued: Bool
    package var isHeld: Bool
    /// An active task of an executing kind is in progress in the room.
    package var isBeingCleaned: Bool
    /// Rises with every check-in, check-out, move and reversal.
    package var occupancyCycle: Int
    /// A posting room: no status, no inventory.
    package var isPseudo: Bool
    /// When each register was written; none: never.
    package var keys: [RoomRegister: RegisterKey]

    /// A room as it is configured: vacant, dirty, in service.
    package init(
        foOccupancy: FrontOfficeOccupancy = .vacant, hkStatus: HKStatus = .dirty, serviceFlag: ServiceFlag = .none,
        isPseudo: Bool = false
    ) {
        self.foOccupancy = foOccupancy
        self.foPersons = 0
        self.hkStatus = hkStatus
        self.hkOccupancy = .unknown
        self.hkPersons = nil
        self.serviceFlag = serviceFlag
        self.dndConsecutiveDays = 0
        self.turndown = .notRequired
        self.availability = .inService
        self.blockHasTicket = false
        self.rush = false
        self.isQueued = false
        self.isHeld = false
        self.isBeingCleaned = false
        self.occupancyCycle = 0
        self.isPseudo = isPseudo
        self.keys = [:]
    }

    package func key(_ register: RoomRegister) -> RegisterKey { self.keys[register] ?? .never }

    /// `domain.md` 4.1.4.
    package var discrepancy: Discrepancy {
        switch (self.foOccupancy, self.hkOccupancy) {
        case (_, .unknown), (.vacant, .vacant): .none
        case (.vacant, .occupied): .sleep
        case (.occupied, .vacant): .skip
        // A head count that nobody made differs from nothing.
        case (.occupied, .occupied): (self.hkPersons ?? self.foPersons) == self.foPersons ? .none : .person
        }
    }

    /// `domain.md` 4.1.1: the first match wins.
    package func displayStatus(_ rules: RoomRules) -> DisplayStatus {
        if self.availability == .outOfOrder { return .outOfOrder }
        if self.availability == .outOfService { return .outOfService }
        if self.isBeingCleaned { return .cleaning }
        if self.foOccupancy == .occupied {
            switch (self.serviceFlag, self.hkStatus) {
            case (.doNotDisturb, _), (.doubleLocked, _): return .occupiedDND
            case (_, .dirty), (_, .pickup): return .occupiedDirty
            case (_, .clean), (_, .inspected): return .occupiedClean
            }
        }
        switch self.hkStatus {
        case .pickup: return .pickup
        case .dirty: return .dirty
        // Held, or somebody was seen in it: the list has no word for a clean room that cannot be given out. Somebody has to
        // look, so it says that.
        case .clean, .inspected: return self.isReady(rules) ? .ready : .awaitingInspection
        }
    }

    /// Vacant, in service, undisputed, not held, and as clean as the property asks.
    private func isReady(_ rules: RoomRules) -> Bool { self.obstacles(rules).isEmpty }

    /// What keeps a guest from being checked in; none: ready.
    package func obstacles(_ rules: RoomRules) -> [RoomObstacle] {
        var obstacles: [RoomObstacle] = []
        switch self.hkStatus {
        case .dirty, .pickup: obstacles.append(.dirty)
        case .clean: if rules.requiresInspection { obstacles.append(.notInspected) }
        case .inspected: break
        }
        switch self.availability {
        case .inService: break
        case .outOfService: obstacles.append(.outOfService)
        case .outOfOrder: obstacles.append(.outOfOrder)
        }
        if self.foOccupancy == .occupied { obstacles.append(.occupied) }
        if self.discrepancy == .sleep { obstacles.append(.sleep) }
        if self.isHeld { obstacles.append(.onHold) }
        return obstacles
    }
}

/// Why a room is not ready; the reasons of `room_not_ready`.
package enum RoomObstacle: String, CaseIterable, Sendable {
    case dirty
    case notInspected = "not_inspected"
    case outOfOrder = "out_of_order"
    case outOfService = "out_of_service"
    case occupied, sleep
    case onHold = "on_hold"
}

/// How strictly a property keeps guests out of rooms that are not ready.
package enum CheckInGuard: String, CaseIterable, Sendable {
    case block, warn, off

    /// What remains in the way: `warn` and `off` relax dirt and inspection, never sleep, blocks, occupation or a hold.
    package func remaining(_ obstacles: [RoomObstacle]) -> [RoomObstacle] {
        switch self {
        case .block: obstacles
        case .warn, .off: obstacles.filter { $0 != .dirty && $0 != .notInspected }
        }
    }
}
