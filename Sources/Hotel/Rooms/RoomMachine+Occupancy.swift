internal import Shared

/// `domain.md` 4.1.5, and what other machines do to a room.
///
/// These are guarded transitions, so they do not compete with writes to registers: what they set stands, and its key becomes
/// no earlier than it was, so that a late write of the last guest's time does not undo it.
extension RoomMachine {
    mutating func occupy(
        _ persons: Int, _ strictness: CheckInGuard, because reason: RoomChangeReason
    ) throws(Refusal) {
        try self.require(reason == .checkIn ? .stayCheckIn : .stayMove, where: self.fitsSelfService)
        guard persons > 0 else { throw .field("persons", .range) }
        let obstacles = strictness.remaining(self.state.obstacles(self.context.rules))
        guard obstacles.isEmpty else { throw Self.notReady(obstacles) }
        self.setOccupancy(.occupied, persons: persons)
        self.clearFlag()
        self.state.isQueued = false
        self.force(.rush) { $0.rush = false }
        self.because(reason)
    }

    mutating func checkOut() throws(Refusal) {
        try self.require(.stayCheckOut, where: self.fitsSelfService)
        try self.requireOccupied()
        self.leave(status: .dirty)
        self.because(.checkOut)
    }

    mutating func moveOut(leaving status: HKStatus) throws(Refusal) {
        try self.require(.stayMove, where: self.fitsSelfService)
        try self.requireOccupied()
        self.follow(.cancelStayover)
        self.leave(status: status)
        self.because(.roomMove)
    }

    mutating func reverseCheckIn(restoring status: HKStatus?) throws(Refusal) {
        try self.require(.stayReverse)
        try self.requireOccupied()
        self.setOccupancy(.vacant, persons: 0)
        self.clearFlag()
        if let status { self.force(.hkStatus) { $0.hkStatus = status } }
        self.because(.checkIn)
    }

    mutating func reverseCheckOut(persons: Int) throws(Refusal) {
        try self.require(.stayReverse)
        guard persons > 0 else { throw .field("persons", .range) }
        guard self.state.foOccupancy == .vacant else { throw Refusal(.roomOccupied) }
        let blocks = self.state.obstacles(self.context.rules).filter { $0 == .outOfOrder || $0 == .outOfService }
        guard blocks.isEmpty else { throw Self.notReady(blocks) }
        self.setOccupancy(.occupied, persons: persons)
        self.follow(.turnDepartureIntoStayover)
        self.because(.checkOut)
    }

    mutating func setHold(_ held: Bool) throws(Refusal) {
        try self.require(.reservationRoomAssign)
        self.state.isHeld = held
        self.because(.manual)
    }

    /// - Parameter status: what a block that has ended leaves behind; `nil` for one that was cancelled or begins.
    mutating func setAvailability(_ availability: Availability, hasTicket: Bool, returning status: HKStatus?) {
        let isBlocked = availability != .inService
        self.state.availability = availability
        self.state.blockHasTicket = isBlocked && hasTicket
        if isBlocked { self.follow(.unassignGuestFacingTasks) }
        if let status {
            self.force(.hkStatus) { $0.hkStatus = status }
            self.followStatus(status)
        }
        self.because(isBlocked ? .blockStarted : .blockEnded)
    }

    /// Pressing Start clears the flag: whoever was asked not to disturb has asked the guest.
    mutating func setCleaning(_ cleaning: Bool) {
        self.state.isBeingCleaned = cleaning
        if cleaning { self.clearFlag() }
        self.because(.manual)
    }

    /// `domain.md` 1.3, 7 to 9.
    mutating func roll(inTurndownProgramme: Bool, inspectedDaysAgo: Int?) {
        let rules = self.context.rules
        let isOccupied = self.state.foOccupancy == .occupied
        let isClean = self.state.hkStatus == .clean || self.state.hkStatus == .inspected
        if isOccupied, isClean, rules.dirtyOnRoll { self.force(.hkStatus) { $0.hkStatus = .dirty } }
        let isStale = inspectedDaysAgo.map { $0 > rules.staleInspectedDays } ?? false
        if !isOccupied, self.state.hkStatus == .inspected, isStale {
            self.force(.hkStatus) { $0.hkStatus = .pickup }
            self.followStatus(.pickup)
        }
        switch self.state.serviceFlag {
        case .makeUpRoom, .serviceDeclined: self.clearFlag()
        case .doNotDisturb: self.state.dndConsecutiveDays += 1
        case .none, .doubleLocked: break
        }
        let turndown: TurndownStatus =
            isOccupied && inTurndownProgramme && rules.turndownEnabled ? .required : .notRequired
        self.force(.turndownStatus) { $0.turndown = turndown }
        self.because(.roll)
    }

    private mutating func leave(status: HKStatus) {
        self.setOccupancy(.vacant, persons: 0)
        self.clearFlag()
        self.force(.hkStatus) { $0.hkStatus = status }
        self.force(.turndownStatus) { $0.turndown = .notRequired }
        self.follow(.promoteDeparture)
    }

    /// An old sighting says nothing about a new stay.
    private mutating func setOccupancy(_ occupancy: FrontOfficeOccupancy, persons: Int) {
        self.state.foOccupancy = occupancy
        self.state.foPersons = persons
        self.state.occupancyCycle += 1
        self.force(.hkOccupancy) { state in
            state.hkOccupancy = .unknown
            state.hkPersons = nil
        }
    }

    private mutating func clearFlag() {
        self.force(.serviceFlag) { _ in }
        self.changeFlag(to: .none)
    }

    private mutating func force(_ register: RoomRegister, _ change: (inout RoomState) -> Void) {
        change(&self.state)
        self.state.keys[register] = max(self.state.key(register), self.context.key)
    }

    private func requireOccupied() throws(Refusal) {
        guard self.state.foOccupancy == .occupied else {
            throw .transition(from: self.state.foOccupancy.rawValue, allowed: [])
        }
    }

    private static func notReady(_ obstacles: [RoomObstacle]) -> Refusal {
        let reasons = JSONValue.array(obstacles.map { .string($0.rawValue) })
        return Refusal(.roomNotReady, params: ["reasons": reasons], current: ["reasons": reasons])
    }
}
