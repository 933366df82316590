package import Shared

extension DomainEvent {
    /// Something was configured: a property, department, role, room type or room, shown as its read model.
    ///
    /// - Parameters:
    ///   - name: of the catalogue, as in `room_type:updated`; the entity is the name of the member.
    ///   - members: each says for itself to whom it may be told.
    package static func configured(
        _ name: String, _ members: [EventField], changes: [FieldChange] = [], for addressees: Addressees
    ) -> DomainEvent {
        let entity = String(name.prefix { $0 != ":" })
        let edits = changes.isEmpty ? [] : EventField.changes(changes)
        return DomainEvent(name, [.object(entity, members)] + edits, for: addressees)
    }

    /// A write that came too late, told to its author, who may want to repeat it (`domain.md` 11.2).
    ///
    /// - Parameters:
    ///   - addressees: its users are the author; its own departments those who see the entity.
    ///   - kept: the value that stands, and whose.
    package static func conflictResolved(
        _ operation: OperationID?, entity: (type: String, id: UInt128), register: String, attempted: JSONValue,
        kept: (value: JSONValue, by: UInt128?, at: Timestamp), rule: SupersededRule, for addressees: Addressees
    ) -> DomainEvent {
        DomainEvent(
            "sync:conflict_resolved",
            [
                .open("op_id", JSONValue(operation?.description)),
                .open("entity", ["type": .string(entity.type), "id": JSONValue(id: entity.id)]),
                .open("field", .string(register)), .open("attempted", attempted), .open("kept", kept.value),
                .open("kept_by", JSONValue(id: kept.by)), .open("kept_at", .string(kept.at.description)),
                .open("rule", .string(rule.rawValue)),
            ], for: addressees)
    }

    /// An offline write that was refused, told to its author.
    package static func operationRejected(
        _ operation: OperationID, _ refusal: Refusal, for addressees: Addressees
    ) -> DomainEvent {
        DomainEvent(
            "sync:op_rejected",
            [
                .open("op_id", .string(operation.description)), .open("code", .string(refusal.code.rawValue)),
                .open("current_state", refusal.current.map { .object($0) } ?? .null),
            ], for: addressees)
    }
}
