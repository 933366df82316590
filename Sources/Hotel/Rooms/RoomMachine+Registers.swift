internal import Shared

/// A row of `domain.md` 4.1.2.
///
/// Who: whoever section 3 grants the permission, within the limits of the grant; they are the roles that 4.1.2 lists, and
/// those whom section 3 says yes without a footnote.
struct HKTransition {
    let from: Set<HKStatus>
    let to: HKStatus
    let permission: Permission
    let bySystem: Bool

    static let all = [
        HKTransition(from: [.pickup, .clean, .inspected], to: .dirty, permission: .roomSetHKStatus, bySystem: true),
        HKTransition(from: [.dirty, .clean, .inspected], to: .pickup, permission: .roomSetHKStatus, bySystem: true),
        HKTransition(from: [.dirty, .pickup], to: .clean, permission: .roomSetHKStatus, bySystem: true),
        HKTransition(from: [.clean, .pickup, .dirty], to: .inspected, permission: .roomInspect, bySystem: false),
    ]

    static func to(_ status: HKStatus) -> HKTransition? { self.all.first { $0.to == status } }
}

/// A row of `domain.md` 4.1.3: who may set a flag, and take it away again.
///
/// The manager is in no row there but has the permission in section 3: in all rows here. A double lock is a guest's
/// do-not-disturb with the key turned, so it has that row.
enum FlagTransition {
    static func who(_ flag: ServiceFlag) -> Set<Role> {
        switch flag {
        case .none: []
        case .doNotDisturb, .doubleLocked: [.RE, .RA, .HS, .FD, .FM, .GM, .IN]
        case .makeUpRoom: [.RE, .RA, .HS, .FD, .GM, .IN]
        case .serviceDeclined: [.RE, .FD, .GM, .IN]
        }
    }
}

extension RoomMachine {
    mutating func setStatus(_ status: HKStatus) throws(Refusal) {
        // Every status has its row.
        guard let transition = HKTransition.to(status) else { return }
        try self.require(transition.permission) { restriction in
            switch restriction.limit {
            case .dirtyOrPickup: status == .dirty || status == .pickup
            case .dirtyWhenLeaving: status == .dirty
            case .ownAssignment: self.context.isOwnAssignment
            default: false
            }
        }
        if let cycle = self.context.taskCycle, cycle != self.state.occupancyCycle {
            self.outcomes[.hkStatus] = .superseded(.oldCycle, kept: self.state.key(.hkStatus))
            return
        }
        guard self.wins(.hkStatus, isSame: status == self.state.hkStatus) else { return }
        try self.checkStatus(status, transition)
        self.state.hkStatus = status
        self.because(self.reason(ofStatus: status))
        self.followStatus(status)
    }

    private func checkStatus(_ status: HKStatus, _ transition: HKTransition) throws(Refusal) {
        let isSystem = self.context.actor.kind == .system
        guard transition.from.contains(self.state.hkStatus), transition.bySystem || !isSystem else {
            throw self.refusedStatus()
        }
        if status == .pickup, !self.context.rules.allowsPickup { throw self.refusedStatus(because: "no_pickup_status") }
        guard status == .inspected else { return }
        if self.state.foOccupancy == .occupied, !self.context.rules.inspectsOccupied {
            throw self.refusedStatus(because: "occupied")
        }
        if let cleaner = self.context.cleanedBy, cleaner.raw == self.context.actor.id, !self.context.mayCheckOwnWork {
            throw Refusal(.selfInspection)
        }
    }

    private func refusedStatus(because reason: String? = nil) -> Refusal {
        let from = self.state.hkStatus
        let allowed = HKTransition.all.filter { transition in
            transition.from.contains(from) && (transition.to != .pickup || self.context.rules.allowsPickup)
        }
        return .transition(from: from.rawValue, allowed: allowed.map(\.to.rawValue), because: reason)
    }

    private func reason(ofStatus status: HKStatus) -> RoomChangeReason {
        if self.context.key.sourceRank == .pms { return .pms }
        if status == .inspected { return .inspected }
        return self.context.taskCycle == nil ? .manual : .taskCompleted
    }

    /// The effects of 4.1.2.
    mutating func followStatus(_ status: HKStatus) {
        switch status {
        case .dirty:
            self.follow(.cancelTask(.inspection))
            self.follow(.createTask(self.state.foOccupancy == .occupied ? .stayover : .departure))
        case .pickup: self.follow(.createTask(.touchUp))
        case .clean:
            if self.context.taskCycle == nil { self.follow(.completeCleaning) }
            if self.context.rules.requiresInspection { self.follow(.createTask(.inspection)) }
        case .inspected:
            self.follow(.completeInspection)
            self.follow(.completeCleaning)
        }
    }

    mutating func setServiceFlag(_ flag: ServiceFlag) throws(Refusal) {
        try self.require(.roomSetServiceFlag) { $0.limit == .ownRecord && self.context.isOwnStay }
        guard self.wins(.serviceFlag, isSame: flag == self.state.serviceFlag) else { return }
        let old = self.state.serviceFlag
        guard flag == .none || old == .none else {
            throw .transition(from: old.rawValue, allowed: [ServiceFlag.none.rawValue])
        }
        let roles = self.context.actor.roles(at: self.context.place)
        let isAllowed =
            self.context.actor.kind == .system
            ? flag == .none
            : !roles.isDisjoint(with: FlagTransition.who(flag == .none ? old : flag))
        guard isAllowed else { throw .transition(from: old.rawValue, allowed: [], because: "role") }
        if flag != .none, self.state.foOccupancy == .vacant { throw Refusal(.roomFlagRequiresOccupied) }
        self.changeFlag(to: flag)
        self.because(self.context.actor.kind == .resident ? .guest : self.reasonOfHand)
    }

    /// With the effects of 4.1.3.
    mutating func changeFlag(to flag: ServiceFlag) {
        let old = self.state.serviceFlag
        guard flag != old else { return }
        self.state.serviceFlag = flag
        if old == .doNotDisturb { self.follow(.stopWelfareTimer) }
        self.state.dndConsecutiveDays = 0
        switch flag {
        case .none: self.follow(.restoreTaskScore)
        case .doNotDisturb:
            self.follow(.applyDNDPolicy(self.context.rules.dndTaskPolicy))
            self.follow(.startWelfareTimer(hours: self.context.rules.dndWelfareHours))
        case .doubleLocked: self.follow(.applyDNDPolicy(self.context.rules.dndTaskPolicy))
        case .makeUpRoom: self.follow(.boostStayover)
        case .serviceDeclined: self.follow(.skipStayover)
        }
    }

    mutating func reportOccupancy(_ seen: HKOccupancy, persons: Int?) throws(Refusal) {
        try self.require(.roomReportOccupancy)
        guard persons.map({ (0...20).contains($0) }) ?? true else { throw .field("hk_persons", .range) }
        // Nobody is counted in an empty room, nor in one that was not looked into.
        let counted = seen == .occupied ? persons : nil
        self.writeSighting(seen, counted, because: .reported)
    }

    mutating func resolveDiscrepancy() throws(Refusal) {
        try self.require(.roomResolveDiscrepancy)
        guard self.state.discrepancy != .none else {
            throw .transition(from: Discrepancy.none.rawValue, allowed: [])
        }
        self.writeSighting(.unknown, nil, because: .manual)
    }

    private mutating func writeSighting(_ seen: HKOccupancy, _ persons: Int?, because reason: RoomChangeReason) {
        let isSame = seen == self.state.hkOccupancy && persons == self.state.hkPersons
        guard self.wins(.hkOccupancy, isSame: isSame) else { return }
        self.state.hkOccupancy = seen
        self.state.hkPersons = persons
        self.because(self.context.key.sourceRank == .pms ? .pms : reason)
    }

    mutating func setTurndown(_ status: TurndownStatus) throws(Refusal) {
        try self.require(.roomSetHKStatus) { $0.limit == .ownAssignment && self.context.isOwnAssignment }
        guard self.wins(.turndownStatus, isSame: status == self.state.turndown) else { return }
        if status != .notRequired {
            guard self.context.rules.turndownEnabled else {
                throw .transition(from: self.state.turndown.rawValue, allowed: [], because: "no_turndown")
            }
            guard self.state.foOccupancy == .occupied else { throw Refusal(.roomFlagRequiresOccupied) }
        }
        self.state.turndown = status
        self.because(self.reasonOfHand)
    }

    mutating func setRush(_ rush: Bool, neededBy: Timestamp?) throws(Refusal) {
        try self.require(.taskReprioritise) { $0.limit == .rushOnly }
        guard self.wins(.rush, isSame: rush == self.state.rush) else { return }
        self.state.rush = rush
        self.neededBy = neededBy
        self.because(self.reasonOfHand)
    }

    var reasonOfHand: RoomChangeReason { self.context.key.sourceRank == .pms ? .pms : .manual }

    /// Last-write-wins: notes the outcome, advances the key; `true` where there is something to change.
    private mutating func wins(_ register: RoomRegister, isSame: Bool) -> Bool {
        let outcome = RegisterOutcome.of(
            writing: self.context.key, isSameValue: isSame, over: self.state.key(register))
        self.outcomes[register] = outcome
        switch outcome {
        case .applied(let key):
            self.state.keys[register] = key
            return true
        case .noop(let key):
            self.state.keys[register] = key
            return false
        case .superseded: return false
        }
    }
}
