internal import Hotel
package import Ports
internal import Shared
internal import Wire

/// The audit over REST (`domain.md` 11.6).
package struct AuditAPI: Sendable {
    package static let tag = RESTTag("Audit", "What was done, tried and refused, in a chain that shows any change.")

    /// So many rows of a chain are looked at for one answer.
    static let mostVerified: Int64 = 10_000

    private let audit: any AuditDirectory
    private let tenants: any ActorDirectory

    package init(audit: any AuditDirectory, tenants: any ActorDirectory) {
        self.audit = audit
        self.tenants = tenants
    }

    package var operations: [RESTOperation] {
        let read = Permission.auditRead.rawValue
        return [
            RESTOperation(
                .get, "/v1/audit", id: "listAudit", "Rows of the audit, the latest first.", tag: Self.tag.name,
                permission: read, takes: AuditInput.List.self, answers: .page(of: AuditEntry.shape),
                refuses: [.notFound]
            ) { try await self.list($0) },
            RESTOperation(
                .get, "/v1/audit/verify", id: "verifyAudit", "Recomputes a part of the chain.", tag: Self.tag.name,
                permission: read, takes: AuditInput.Verify.self, answers: .one(AuditVerdict.shape),
                refuses: [.notFound]
            ) { try await self.verify($0) },
        ]
    }

    private func list(_ request: RESTRequest<AuditInput.List>) async throws -> RESTPage<AuditEntry> {
        let input = request.input
        let (chain, scope) = try await self.scope(of: request.caller, asked: input.tenant)
        guard !scope.isEmpty else { throw Refusal(.forbidden) }
        var wanted = AuditSelection(of: chain, scope: scope, limit: input.page.rowsWanted)
        wanted.property = input.property
        wanted.entityType = input.entityType
        wanted.entity = input.entity?.raw
        wanted.actor = input.actor?.raw
        wanted.action = input.action
        (wanted.from, wanted.to) = (input.from, input.to)
        wanted.before = input.page.after
        let (position, rows) = try await self.audit.rows(Found(wanted))
        return input.page.answer(rows, at: position) { $0.seq }
    }

    private func verify(_ request: RESTRequest<AuditInput.Verify>) async throws -> AuditVerdict {
        let input = request.input
        let (chain, scope) = try await self.scope(of: request.caller, asked: input.tenant)
        // A chain is of one piece: who sees only some of its rows cannot hold them against each other.
        guard scope.isWhole else { throw Refusal(.forbidden) }
        let check = try await self.audit.verify(
            AuditPart(of: chain, from: input.from, through: input.through, most: Self.mostVerified))
        guard let check else { throw Refusal(.notFound) }
        guard input.from <= check.last + 1 else { throw Refusal.field("from", .range) }
        return AuditVerdict(from: input.from, check)
    }

    /// Which chain a caller asks for, and what of it the caller may see.
    private func scope(of caller: RESTCaller, asked: TenantID?) async throws -> (EventStream, AuditScope) {
        var scope = AuditScope()
        if caller.tenant == nil, asked == nil {
            scope.isWhole = caller.actor.may(.auditRead, at: .platform) == .full
            return (.system, scope)
        }
        let tenant = try caller.tenant(asked: asked)
        guard let directory = try await self.tenants.directory(of: tenant) else { throw Refusal(.notFound) }
        let everywhere = caller.actor.may(.auditRead, at: .tenant(tenant))
        scope.isWhole = everywhere == .full
        scope.isAllFinance = everywhere.allows(meeting: [.financeOnly])
        for property in directory.sortedProperties {
            let here = caller.actor.may(.auditRead, at: .property(property, of: tenant))
            if here == .full {
                scope.properties.append(property)
            } else if here.allows(meeting: [.financeOnly]) {
                scope.financeProperties.append(property)
            }
        }
        return (.tenant(tenant), scope)
    }
}

/// What requests about the audit say.
enum AuditInput {
    struct List: RESTInput {
        let tenant: TenantID?
        let property: PropertyID?
        let entityType: String?
        let entity: ID<Never>?
        let actor: UserID?
        let action: String?
        let from: Timestamp?
        let to: Timestamp?
        let page: RESTPageRequest<Int64>

        init(reading request: inout RESTReader) {
            self.tenant = request.tenant()
            self.property = request.query("property_id", .id())
            self.entityType = request.query("entity_type", .text(1...40).stored)
            self.entity = request.query("entity_id", .id())
            self.actor = request.query("actor_id", .id())
            self.action = request.query("action", .text(1...100).stored)
            self.from = request.query("from", .timestamp)
            self.to = request.query("to", .timestamp)
            self.page = request.page()
            if let from = self.from, let to = self.to, from >= to { request.fail("to", .dateOrder) }
        }
    }

    struct Verify: RESTInput {
        let tenant: TenantID?
        let from: Int64
        let through: Int64?

        init(reading request: inout RESTReader) {
            self.tenant = request.tenant()
            // Below 2^53, beyond which a client could not even write it.
            let rows = 1...9_007_199_254_740_991
            self.from = Int64(
                request.query("from", in: rows, usually: 1, note: "The first row to look at."))
            self.through = request.query("through", .int(rows)).map { Int64($0) }
            if let through = self.through, through < self.from { request.fail("through", .range) }
        }
    }
}

extension RESTParameterRule where Value == String {
    /// A text that a store takes: without U+0000.
    fileprivate var stored: Self {
        self.parsed(placeholder: "") { $0.utf8.contains(0) ? nil : $0 }
    }
}

/// What came of looking at a part of a chain, as REST shows it.
struct AuditVerdict: Sendable {
    let from: Int64
    let check: AuditCheck

    init(from: Int64, _ check: AuditCheck) {
        self.from = from
        self.check = check
    }

    static let shape = JSONShape<AuditVerdict>.object("AuditVerdict") { members in
        members.member("from", .count, \.from)
        members.member("through", .count, \.check.through)
        members.member("last", .count, \.check.last)
        members.member("intact", .bool) { $0.check.brokenAt == nil }
        members.nullable("broken_at", .count, \.check.brokenAt)
        members.nullable("next", .count) { $0.check.through < $0.check.last ? $0.check.through + 1 : nil }
    }
}

extension AuditEntry {
    private static let document = JSONShape<[UInt8]>(.any) { $1.raw($0) }

    /// A row as REST shows it.
    static let shape = JSONShape<AuditEntry>.object("AuditEntry") { members in
        members.member("seq", .count, \.seq)
        members.member("at", .timestamp, \.at)
        members.nullable("property_id", .id(), \.property)
        members.member("actor", JSONShape<[UInt8]>(.anyObject) { $1.raw($0) }, \.actor)
        members.nullable("ip", .text, \.address)
        members.nullable("device_id", .id(), \.device)
        members.member("action", .text, \.action)
        members.nullable("entity_type", .text, \.entityType)
        members.nullable("entity_id", .id(ID<Never>.self)) { $0.entity.map { ID<Never>(raw: $0) } }
        members.member("outcome", .oneOf(AuditRow.Outcome.self), \.outcome)
        members.nullable("before", AuditEntry.document, \.before)
        members.nullable("after", AuditEntry.document, \.after)
        members.nullable("reason", .text, \.reason)
        members.member("effective_at", .timestamp, \.effectiveAt)
        members.nullable("op_id", .id(), \.operation)
        members.nullable("event_id", .id(), \.event)
        members.member("correlation_id", .id(), \.correlation)
        members.member("clock_untrusted", .bool, \.isClockUntrusted)
        members.member("hash", .text) { entry in
            entry.hash.withUnsafeBytes { String(decoding: Hexadecimal.encode($0), as: UTF8.self) }
        }
    }
}
