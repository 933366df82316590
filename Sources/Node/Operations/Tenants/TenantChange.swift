internal import Hotel
internal import Ports
internal import Shared

/// A decided change of a tenant: what becomes of it, and what there is to tell.
struct TenantChange {
    /// `nil` of a new one.
    let before: TenantRecord?
    private(set) var after: TenantRecord
    private(set) var events: [DomainEvent] = []
    let changes: [FieldChange]
    private let origin: CommandOrigin
    private let now: Timestamp

    init(_ before: TenantRecord?, to after: TenantRecord, _ origin: CommandOrigin, now: Timestamp) {
        self.before = before
        self.after = after
        self.origin = origin
        self.now = now
        self.changes = before.map { Self.changes($0, after) } ?? []
        if let before {
            self.after.version = before.version + 1
            self.after.updatedAt = now
        }
    }

    mutating func tell(_ decision: TenantDecision) {
        self.events += DomainEvent.of(
            decision, self.after.view, owner: self.after.owner?.id, by: self.origin.actor, at: self.now)
    }

    mutating func tellEdit() { self.events += DomainEvent.tenantUpdated(self.after.view, self.changes) }

    /// - Parameter others: what happened besides, to be told after it.
    func decision(_ action: String, _ others: [DecidedEvent] = [], _ audit: [AuditRow] = []) -> CommandDecision {
        let entity = EntityReference("tenant", self.after.id, version: self.after.version)
        let events = self.events.map { event in
            var decided = DecidedEvent(event, of: entity, occurredAt: self.now)
            // Whose name and addresses it tells, where somebody is known to be meant.
            decided.people = self.after.owner.map { [$0.id.raw] } ?? []
            decided.changes = self.changes
            return decided
        }
        let row = AuditRow(
            action, on: entity, before: self.before.map { Self.audited($0) }, after: Self.audited(self.after),
            event: events.first?.id)
        return CommandDecision(
            events: events + others, audit: [row] + audit,
            answer: CommandAnswer(
                .applied, entity: TenantShape.shape.text(of: ShownTenant(self.after)), version: self.after.version))
    }

    /// What the audit may keep for ever: no addresses, no prices, no free text.
    private static func audited(_ tenant: TenantRecord) -> JSONValue {
        [
            "name": .string(tenant.name), "slug": .string(tenant.slug), "status": .string(tenant.status.rawValue),
            "plan_name": JSONValue(tenant.planName), "owner_user_id": JSONValue(id: tenant.owner?.id.raw),
        ]
    }

    private static func changes(_ before: TenantRecord, _ after: TenantRecord) -> [FieldChange] {
        var changes: [FieldChange] = []
        func note(_ field: String, _ from: String?, _ to: String?, isPersonal: Bool = false) {
            if from == to { return }
            changes.append(FieldChange(field, from: JSONValue(from), to: JSONValue(to), isPersonal: isPersonal))
        }
        note("name", before.name, after.name)
        note("legal_name", before.legalName, after.legalName)
        note("slug", before.slug, after.slug)
        note("status", before.status.rawValue, after.status.rawValue)
        note("contact_email", before.contactEmail, after.contactEmail, isPersonal: true)
        note("phone", before.phone, after.phone, isPersonal: true)
        note("billing_email", before.billingEmail, after.billingEmail, isPersonal: true)
        note("plan_name", before.planName, after.planName)
        note("plan_monthly_price", before.planMonthlyPrice, after.planMonthlyPrice, isPersonal: true)
        note("currency", before.currency, after.currency)
        return changes
    }
}

/// The tenant that a command is about, or why it is refused; a class for the reason that `ShownRoom` is one.
final class SeenTenant {
    private let result: Result<TenantRecord, Refusal>

    private init(_ result: Result<TenantRecord, Refusal>) { self.result = result }

    func get() throws(Refusal) -> TenantRecord { try self.result.get() }

    /// The tenant of the command, in the version that its sender has seen.
    static func find(expected: Int64?, at desk: any CommandDesk) async throws(StoreError) -> SeenTenant {
        let found = try await desk.tenant()
        guard desk.origin.tenant != nil, let shown = found else { return SeenTenant(.failure(Refusal(.notFound))) }
        if let expected, expected != shown.tenant.version {
            return SeenTenant(.failure(.stale(shown.tenant.version)))
        }
        return SeenTenant(.success(shown.tenant))
    }
}
