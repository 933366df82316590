import Hotel
import Ports
import Shared
import StoreSupport
import Testing

@testable import PGStore

/// What a command writes at its end, over the real schema.
@Suite(.timeLimit(.minutes(5))) struct EventAppendTests {
    private let tenant = TenantID.new()
    private let user = UserID.new()

    private func origin(_ operation: OperationStamp? = nil) -> CommandOrigin {
        CommandOrigin(
            tenant: self.tenant, actor: .user(self.user, name: "Ana", tenant: self.tenant, assignments: []),
            source: .web, operation: operation, correlation: .new(), device: .new(), address: "2001:db8::1")
    }

    private func withLog(_ body: (PGDatabase, TestDatabase) async throws -> Void) async throws {
        try await withDatabase { database in
            try await database.migrate()
            try await database.run(
                """
                SET bellhop.tenant = '\(self.tenant)';
                INSERT INTO bellhop.tenant (tenant_id, name, slug, status, contact_email, currency)
                VALUES ('\(self.tenant)', 'Aegean Bay Resorts', 'aegean', 'active', 'owner@aegean.example', 'EUR');
                """)
            try await withPool(database.address) { pool in try await body(pool, database) }
        }
    }

    private func commit(
        _ append: EventAppend, first: [PGQuery] = [], to pool: PGDatabase
    ) async throws -> [StreamNews] {
        let (preamble, query) = ([PGQuery.tenant(self.tenant)] + first, append.query)
        let rows = try await pool.transaction(preamble: preamble) { transaction throws(StoreError) in
            let rows = try await transaction.commit(with: [query])
            return rows
        }
        return try append.read(rows[0])
    }

    private func meta(_ origin: CommandOrigin) -> EventMeta {
        EventMeta(
            id: .new(), occurredAt: Timestamp(milliseconds: 1_800_000_000_123), actor: origin.actor,
            correlation: origin.correlation, operation: origin.operation?.id)
    }

    @Test func `what is told after the commit is what the log holds, in every stream`() async throws {
        try await self.withLog { pool, _ in
            let origin = self.origin()
            let told = [
                DomainEvent.login(self.user, tenant: self.tenant, succeeded: true, device: .new(), ip: "2001:db8::1"),
                // Twins: the tenant and the platform are told.
                DomainEvent.configured(
                    "property:created", [.open("code", "MAIN")], for: Addressees(tenant: self.tenant)),
                DomainEvent.sessionRevoked(self.user, tenant: self.tenant, session: .new(), reason: "signed_out"),
            ]
            let events = told.flatMap { event in
                event.drafts(self.meta(origin)).map { EventEntry($0, of: .init("user", self.user), people: []) }
            }
            #expect(events.count == 4)
            let news = try await self.commit(
                EventAppend(origin, events: events, audit: [AuditRow("auth:login_succeeded")]), to: pool)
            #expect(Set(news.map(\.stream)) == [.tenant(self.tenant), .system])
            let log = PGEventLog(pool)
            for piece in news {
                let head = try await log.heads(of: [piece.stream])[piece.stream]
                #expect(head?.epoch == piece.epoch)
                #expect(head?.seq == piece.events.last?.seq)
                let stored = try await log.events(of: piece.stream, after: 0, through: 9, limit: 9, notBefore: nil)
                #expect(stored == piece.events)
            }
        }
    }

    @Test func `the columns say who, from where and within what`() async throws {
        try await self.withLog { pool, database in
            var origin = self.origin(OperationStamp(id: .new(), requestHash: [1, 2]))
            origin.source = .mobile
            let draft = DomainEvent.sessionRevoked(self.user, tenant: self.tenant, session: nil, reason: "x")
                .drafts(self.meta(origin))[0]
            let change = FieldChange("status", from: "a", to: "b")
            let secret = FieldChange("phone", from: "1", to: "2", isPersonal: true)
            let entry = EventEntry(
                draft, of: EntityReference("user", self.user, version: 7), people: [],
                businessDate: CalendarDate(daysSince1970: 20_000), changes: [change, secret])
            let audit = AuditRow(
                "auth:session_revoked", .rejected, on: EntityReference("user", self.user), after: ["n": 1],
                reason: "because", event: draft.id)
            let begin = PGQuery(
                "SELECT * FROM bellhop.begin_operation($1, $2, $3)", .id(self.user), .id(origin.operation?.id),
                .bytea([1, 2]))
            _ = try await self.commit(
                EventAppend(origin, events: [entry], audit: [audit], result: [9]), first: [begin], to: pool)
            let event = try await database.run(
                """
                SELECT concat_ws(' ', actor ->> 'type', actor ->> 'id', actor ->> 'name', source, device_id, op_id,
                    correlation_id, entity_type, entity_id, entity_version, business_date, changes)
                FROM bellhop.event
                """)
            let expected =
                "user \(self.user) Ana mobile \(origin.device!) \(origin.operation!.id) \(origin.correlation) user "
                + #"\#(self.user) 7 2024-10-04 [{"to": "b", "from": "a", "field": "status"}, {"field": "phone"}]"#
            #expect(try event[0].read(0, as: String.self) == expected)
            let row = try await database.run(
                """
                SELECT concat_ws(' ', actor_id, host(ip), device_id, action, entity_type, entity_id, outcome,
                    before is null, after, reason, op_id, event_id, correlation_id)
                FROM bellhop.audit_log
                """)
            #expect(
                try row[0].read(0, as: String.self)
                    == "\(self.user) 2001:db8::1 \(origin.device!) auth:session_revoked user \(self.user) rejected t "
                    + #"{"n": 1} because \#(origin.operation!.id) \#(draft.id) \#(origin.correlation)"#)
            let kept = try await database.run("SELECT encode(result, 'hex') || ' ' || seq FROM bellhop.operation")
            #expect(try kept[0].read(0, as: String.self) == "09 1")
        }
    }

    @Test func `a telling that speaks of somebody is erased at that person's wish`() async throws {
        try await self.withLog { pool, _ in
            let origin = self.origin()
            let draft = DomainEvent.login(
                self.user, tenant: self.tenant, succeeded: true, device: nil, ip: "2001:db8::1"
            ).drafts(self.meta(origin))[0]
            #expect(draft.personal == [0])
            let entry = EventEntry(draft, of: EntityReference("user", self.user), people: [self.user.raw])
            let news = try await self.commit(EventAppend(origin, events: [entry], audit: []), to: pool)
            let log = PGEventLog(pool)
            let stream = EventStream.tenant(self.tenant)
            #expect(try await log.events(of: stream, after: 0, through: 9, limit: 9, notBefore: nil) == news[0].events)
            let erase = PGQuery("SELECT bellhop.erase_guest($1)", .id(self.user))
            try await pool.transaction(preamble: [.tenant(self.tenant)]) { transaction throws(StoreError) in
                _ = try await transaction.run([erase])
            }
            #expect(try await log.events(of: stream, after: 0, through: 9, limit: 9, notBefore: nil)[0].targets.isEmpty)
        }
    }

    @Test func `a command that told nothing still leaves its audit row and its result`() async throws {
        try await self.withLog { pool, database in
            let origin = self.origin()
            let news = try await self.commit(
                EventAppend(origin, events: [], audit: [AuditRow("room:set_status", .rejected)]), to: pool)
            #expect(news.isEmpty)
            let count = try await database.run("SELECT count(*)::text FROM bellhop.audit_log")
            #expect(try count[0].read(0, as: String.self) == "1")
        }
    }
}
