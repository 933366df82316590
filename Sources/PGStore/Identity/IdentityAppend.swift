internal import Hotel
internal import Ports
internal import Shared

/// What happened to an account or a session, on its way into the log and the audit: each event with an audit row of its own.
struct IdentityAppend {
    private let origin: CommandOrigin
    private let time: Timestamp
    private let user: TenantUser
    private var events: [EventEntry] = []
    private var audit: [AuditRow] = []

    /// - Parameters:
    ///   - actor: who did it; the user's own sessions and password are the user's doing.
    ///   - time: the database's.
    init(_ user: TenantUser, by actor: Actor, from client: ClientTrace?, at time: Timestamp) {
        self.user = user
        self.time = time
        self.origin = CommandOrigin(
            tenant: user.tenant, actor: actor, source: client == nil ? .automation : .web, operation: nil,
            correlation: .new(), device: client?.device, address: client?.address)
    }

    mutating func add(_ event: DomainEvent, of entity: EntityReference, reason: String? = nil) {
        let meta = EventMeta(
            id: .new(), occurredAt: self.time, actor: self.origin.actor, correlation: self.origin.correlation,
            operation: nil)
        self.events += event.drafts(meta).map { EventEntry($0, of: entity, people: [self.user.id.raw]) }
        self.audit.append(AuditRow(event.kind.name, on: entity, reason: reason, event: meta.id))
    }

    var append: EventAppend { EventAppend(self.origin, events: self.events, audit: self.audit) }
}
