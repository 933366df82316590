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

    /// How it looks to those who are told; the store adds number and time when it appends.
    static func schema(isLogged: Bool) -> JSONSchema {
        func member(_ name: String, _ schema: JSONSchema) -> JSONSchema.Member {
            JSONSchema.Member(name: name, schema: schema, isRequired: true)
        }
        let kinds = [Actor.Kind.user, .system, .integration, .resident].map(\.rawValue)
        let actor = [
            member("type", .choice(kinds)), member("id", .uuid.orNull), member("name", .text(.init()).orNull),
            member("role", .text(.init()).orNull),
        ]
        let members = [
            member("id", .uuid), member("name", .text(.init())), member("tenant_id", .uuid.orNull),
            member("property_id", .uuid.orNull), member("occurred_at", .timestamp),
            member("actor", .object(JSONSchema.Object(name: nil, members: actor))), member("correlation_id", .uuid),
            member("op_id", .uuid.orNull),
        ]
        let logged = [member("seq", .integer(1 ... .max)), member("recorded_at", .timestamp)]
        return .object(
            JSONSchema.Object(
                name: isLogged ? "EventMeta" : "EphemeralMeta", members: isLogged ? members + logged : members))
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
