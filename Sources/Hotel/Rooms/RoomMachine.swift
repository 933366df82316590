internal import Shared

/// What a room does when asked (`domain.md` 4.1). Nothing here reads a clock or a store: same question, same answer.
package struct RoomMachine {
    /// As decided so far.
    var state: RoomState
    let context: RoomContext
    var outcomes: [RoomRegister: RegisterOutcome] = [:]
    var followUps: [RoomFollowUp] = []
    /// The first command gives the reason of the one event.
    var reason: RoomChangeReason?
    var neededBy: Timestamp?

    private init(_ state: RoomState, _ context: RoomContext) {
        self.state = state
        self.context = context
    }

    /// Decides one command.
    package static func decide(
        _ state: RoomState, _ command: RoomCommand, _ context: RoomContext
    ) throws(Refusal) -> RoomDecision {
        try self.decide(state, [command], context)
    }

    /// Decides several commands as one: all or none, with one `room:status_changed`.
    package static func decide(
        _ state: RoomState, _ commands: [RoomCommand], _ context: RoomContext
    ) throws(Refusal) -> RoomDecision {
        guard !context.isDeleted else { throw Refusal(.notFound) }
        guard !state.isPseudo else {
            throw .transition(from: state.hkStatus.rawValue, allowed: [], because: "pseudo_room")
        }
        var machine = RoomMachine(state, context)
        for command in commands { try machine.apply(command) }
        return machine.decision(from: state)
    }

    private mutating func apply(_ command: RoomCommand) throws(Refusal) {
        switch command {
        case .setStatus(let status): try self.setStatus(status)
        case .setServiceFlag(let flag): try self.setServiceFlag(flag)
        case .reportOccupancy(let seen, let persons): try self.reportOccupancy(seen, persons: persons)
        case .resolveDiscrepancy: try self.resolveDiscrepancy()
        case .setTurndown(let status): try self.setTurndown(status)
        case .setRush(let rush, let neededBy): try self.setRush(rush, neededBy: neededBy)
        case .setHold(let held): try self.setHold(held)
        case .checkIn(let persons, let strictness): try self.occupy(persons, strictness, because: .checkIn)
        case .moveIn(let persons, let strictness): try self.occupy(persons, strictness, because: .roomMove)
        case .checkOut: try self.checkOut()
        case .moveOut(let status): try self.moveOut(leaving: status)
        case .reverseCheckIn(let status): try self.reverseCheckIn(restoring: status)
        case .reverseCheckOut(let persons): try self.reverseCheckOut(persons: persons)
        case .setAvailability(let availability, let hasTicket, let status):
            try self.onlySystem()
            self.setAvailability(availability, hasTicket: hasTicket, returning: status)
        case .setCleaning(let cleaning):
            try self.onlySystem()
            self.setCleaning(cleaning)
        case .setQueued(let queued):
            try self.onlySystem()
            self.state.isQueued = queued
        case .roll(let turndown, let days):
            try self.onlySystem()
            self.roll(inTurndownProgramme: turndown, inspectedDaysAgo: days)
        }
    }

    /// The actor holds the permission, in full or so that the case fits a limit.
    func require(_ permission: Permission, where fits: (Restriction) -> Bool = { _ in false }) throws(Refusal) {
        guard self.context.actor.may(permission, at: self.context.place).allows(where: fits) else {
            throw Refusal(.forbidden, params: ["permission": .string(permission.rawValue)])
        }
    }

    /// Self-service limits, for what guests may do themselves.
    func fitsSelfService(_ restriction: Restriction) -> Bool {
        restriction.limit == .selfService && self.context.isOwnStay && self.context.selfServiceEnabled
    }

    private func onlySystem() throws(Refusal) {
        guard self.context.actor.kind == .system else { throw Refusal(.forbidden) }
    }

    mutating func follow(_ followUp: RoomFollowUp) {
        if !self.followUps.contains(followUp) { self.followUps.append(followUp) }
    }

    mutating func because(_ reason: RoomChangeReason) { self.reason = self.reason ?? reason }

    private func decision(from before: RoomState) -> RoomDecision {
        let rules = self.context.rules
        let change = RoomStatusChange(
            before: RoomSnapshot(before, rules), after: RoomSnapshot(self.state, rules),
            axes: Self.changedAxes(before, self.state, rules), reason: self.reason ?? .manual)
        var events: [RoomEvent] = []
        // Rush and queue have events of their own.
        if change.axes.contains(where: { $0 != .rush && $0 != .queued }) { events.append(.statusChanged(change)) }
        var followUps = self.followUps
        let discrepancy = (before: before.discrepancy, after: self.state.discrepancy)
        if discrepancy.before != discrepancy.after {
            if discrepancy.before != .none {
                events.append(.discrepancyResolved(discrepancy.before, how: change.reason.rawValue))
            }
            if discrepancy.after != .none { events.append(.discrepancyOpened(discrepancy.after)) }
            if discrepancy.after == .sleep { followUps.append(.createTask(.verifyDiscrepancy)) }
        }
        if before.rush != self.state.rush {
            events.append(self.state.rush ? .rushSet(neededBy: self.neededBy) : .rushCleared)
            followUps.append(.rescoreTasks)
        }
        if change.before.display != .ready, change.after.display == .ready, let arrival = self.context.arrival {
            events.append(.ready(arrival))
        }
        return RoomDecision(
            after: self.state, outcomes: self.outcomes, changedAxes: change.axes, events: events, followUps: followUps)
    }

    private static func changedAxes(_ before: RoomState, _ after: RoomState, _ rules: RoomRules) -> [RoomAxis] {
        RoomAxis.allCases.filter { axis in
            switch axis {
            case .foOccupancy: before.foOccupancy != after.foOccupancy
            case .foPersons: before.foPersons != after.foPersons
            case .hkStatus: before.hkStatus != after.hkStatus
            case .hkOccupancy: before.hkOccupancy != after.hkOccupancy
            case .hkPersons: before.hkPersons != after.hkPersons
            case .serviceFlag: before.serviceFlag != after.serviceFlag
            case .turndownStatus: before.turndown != after.turndown
            case .availability: before.availability != after.availability
            case .discrepancy: before.discrepancy != after.discrepancy
            case .displayStatus: before.displayStatus(rules) != after.displayStatus(rules)
            case .rush: before.rush != after.rush
            case .queued: before.isQueued != after.isQueued
            case .hold: before.isHeld != after.isHeld
            }
        }
    }
}
