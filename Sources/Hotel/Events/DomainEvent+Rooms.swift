package import Shared

/// A room as its events name it.
package struct RoomIdentity: Hashable, Sendable {
    package let id: RoomID
    package let number: RoomNumber
    /// The type's code.
    package let roomType: Code
    package let floor: Label?

    package init(id: RoomID, number: RoomNumber, roomType: Code, floor: Label?) {
        self.id = id
        self.number = number
        self.roomType = roomType
        self.floor = floor
    }

    fileprivate var fields: [EventField] {
        [
            .open("room_id", .string(self.id.description), isCompact: true),
            .open("number", .string(self.number.text), isCompact: true),
        ]
    }
}

/// What caused a change of a room, where it was a piece of work.
package struct RoomCause: Hashable, Sendable {
    package var task: UInt128?
    package var ticket: UInt128?

    package init(task: UInt128? = nil, ticket: UInt128? = nil) {
        self.task = task
        self.ticket = ticket
    }
}

extension DomainEvent {
    /// The events of a decision about a room (`domain.md` 7.3), in the order in which they are appended.
    package static func of(
        _ decision: RoomDecision, _ room: RoomIdentity, by actor: Actor, for addressees: Addressees,
        cause: RoomCause = RoomCause()
    ) -> [DomainEvent] {
        let by = JSONValue(id: actor.id)
        return decision.events.map { event in
            switch event {
            case .statusChanged(let change): self.statusChanged(change, room, addressees, cause)
            case .ready(let arrival): DomainEvent("room:ready", room.fields + arrival.fields, for: addressees)
            case .rushSet(let neededBy):
                DomainEvent(
                    "room:rush_set",
                    room.fields + [.open("by", by), .open("needed_by", JSONValue(neededBy?.description))],
                    for: addressees)
            case .rushCleared: DomainEvent("room:rush_cleared", room.fields + [.open("by", by)], for: addressees)
            case .discrepancyOpened(let kind):
                DomainEvent(
                    "room:discrepancy_opened",
                    room.fields + self.sides(decision.after)
                        + [.open("kind", .string(kind.rawValue)), .open("reported_by", by)], for: addressees)
            case .discrepancyResolved(let kind, let how):
                DomainEvent(
                    "room:discrepancy_resolved",
                    room.fields + [.open("kind", .string(kind.rawValue)), .open("how", .string(how))], for: addressees)
            }
        }
    }

    private static func statusChanged(
        _ change: RoomStatusChange, _ room: RoomIdentity, _ addressees: Addressees, _ cause: RoomCause
    ) -> DomainEvent {
        var fields = room.fields
        fields += [
            .open("room_type", .string(room.roomType.text)), .open("floor", JSONValue(room.floor?.text)),
            .open("axes_changed", .array(change.axes.map { .string($0.rawValue) })),
            .object("before", change.before.fields, isCompact: true),
            .object("after", change.after.fields, isCompact: true),
            .open("reason", .string(change.reason.rawValue)),
        ]
        if let task = cause.task { fields.append(.open("task_id", JSONValue(id: task))) }
        if let ticket = cause.ticket { fields.append(.open("ticket_id", JSONValue(id: ticket))) }
        return DomainEvent(
            "room:status_changed", fields, for: addressees,
            without: change.axes.contains(.availability) ? [] : [.department(.maintenance)])
    }

    private static func sides(_ state: RoomState) -> [EventField] {
        [
            .object(
                "fo",
                [
                    .open("occupancy", .string(state.foOccupancy.rawValue)),
                    .open("persons", .number(JSONNumber(Int64(state.foPersons)))),
                ]),
            .object(
                "hk",
                [
                    .open("occupancy", .string(state.hkOccupancy.rawValue)),
                    .open("persons", JSONValue(state.hkPersons)),
                ]),
        ]
    }
}

extension RoomSnapshot {
    package var fields: [EventField] {
        [
            .open("fo_occupancy", .string(self.state.foOccupancy.rawValue)),
            .open("fo_persons", JSONValue(self.state.foPersons)),
            .open("hk_status", .string(self.state.hkStatus.rawValue)),
            .open("hk_occupancy", .string(self.state.hkOccupancy.rawValue)),
            .open("hk_persons", JSONValue(self.state.hkPersons)),
            .open("service_flag", .string(self.state.serviceFlag.rawValue)),
            .open("turndown_status", .string(self.state.turndown.rawValue)),
            .open("availability", .string(self.state.availability.rawValue)),
            .open("discrepancy", .string(self.state.discrepancy.rawValue)),
            .open("display_status", .string(self.display.rawValue), isCompact: true),
        ]
    }
}

extension ExpectedArrival {
    fileprivate var fields: [EventField] {
        [
            .open("reservation_id", JSONValue(id: self.reservation)),
            .open("queue_position", JSONValue(self.queuePosition)),
            .open("promised_at", JSONValue(self.promisedAt?.description)),
            .open("waited_seconds", JSONValue(self.waitedSeconds)),
        ]
    }
}
