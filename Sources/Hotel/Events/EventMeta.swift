package import Shared

/// What every payload says of the event itself.
package struct EventMeta: Sendable {
    package let id: EventID
    /// The effective time.
    package let occurredAt: Timestamp
    package let actor: Actor
    package let correlation: CorrelationID
    package let operation: OperationID?

    package init(
        id: EventID, occurredAt: Timestamp, actor: Actor, correlation: CorrelationID, operation: OperationID?
    ) {
        self.id = id
        self.occurredAt = occurredAt
        self.actor = actor
        self.correlation = correlation
        self.operation = operation
    }

    func write(_ name: String, _ place: Addressees, _ projection: Projection, to writer: inout JSONWriter) {
        writer.member("id", self.id.description)
        writer.member("name", name)
        writer.member("tenant_id", place.tenant?.description)
        writer.member("property_id", place.property?.description)
        writer.member("occurred_at", self.occurredAt.description)
        writer.object("actor") { self.writeActor(projection, to: &$0) }
        writer.member("correlation_id", self.correlation.description)
        writer.member("op_id", self.operation?.description)
    }

    /// Who did it is personal data too: a guest is named only where guests may be, staff never to guests.
    private func writeActor(_ projection: Projection, to writer: inout JSONWriter) {
        let isNamed: Bool
        switch (projection, self.actor.kind) {
        case (.full, _), (_, .system), (_, .integration): isNamed = true
        case (.nonPersonal, .user), (.compact, .user): isNamed = true
        case (.nonPersonal, .resident), (.compact, .resident), (.resident, .user), (.resident, .resident):
            isNamed = false
        }
        writer.member("type", self.actor.kind.rawValue)
        writer.member("id", isNamed ? self.actor.id.map { ID<Actor>(raw: $0).description } : nil)
        writer.member("name", isNamed ? self.actor.name : nil)
        writer.member("role", self.actor.roleCode)
    }
}
