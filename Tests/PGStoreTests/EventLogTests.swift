import Shared
import StoreSupport
import Testing

@testable import PGStore

/// The log as followers read it, over the real schema.
@Suite(.timeLimit(.minutes(5))) struct EventLogTests {
    private let tenant = TenantID.new()
    private let guest = UserID.new()

    /// A migrated database with one tenant.
    private func withLog(
        _ body: (PGEventLog, PGDatabase, TestDatabase) async throws -> Void
    ) async throws {
        try await withDatabase { database in
            try await database.migrate()
            try await database.run(
                """
                SET bellhop.tenant = '\(self.tenant)';
                INSERT INTO bellhop.tenant (tenant_id, name, slug, status, contact_email, currency)
                VALUES ('\(self.tenant)', 'Aegean Bay Resorts', 'aegean', 'active', 'owner@aegean.example', 'EUR');
                """)
            try await withPool(database.address) { pool in try await body(PGEventLog(pool), pool, database) }
        }
    }

    /// Appends events of two projections, of which the second is personal if a guest is in it.
    private func append(_ names: [String], personal: Bool = false, to pool: PGDatabase) async throws {
        let targets = EventTargets.encoded([
            EventTarget(Audience(.tenant), projection: 0),
            EventTarget(Audience(.frontDesk, subject: 7, code: ""), projection: 1),
        ])
        let rows = names.map { name in
            """
            {"stream":"\(self.tenant)","id":"\(EventID.new())","tenant_id":"\(self.tenant)","name":"\(name)",
             "entity_type":"room","entity_id":"\(RoomID.new())","entity_version":1,
             "occurred_at":"2026-03-08T14:05:09.123Z","actor":{"type":"system"},"source":"automation",
             "correlation_id":"\(CorrelationID.new())","projections":2
             \(personal ? #","personal":[1],"guests":["\#(self.guest)"]"# : "")}
            """
        }
        let texts: [[UInt8]?] = names.flatMap { name -> [[UInt8]?] in
            let open = Array(#"{"meta":{"name":"\#(name)""#.utf8)
            return [open, Array(#"{"guest":"Ada","meta":{"#.utf8), nil, nil]
        }
        let append = PGQuery(
            "SELECT * FROM bellhop.append_events($1, $2, $3, $4)", .uuids([self.tenant.raw]),
            .jsonb(Array("[\(rows.joined(separator: ","))]".utf8)), .byteas(names.map { _ in targets }), .byteas(texts))
        try await self.commit(append, to: pool)
    }

    private func commit(_ query: PGQuery, to pool: PGDatabase) async throws {
        let forTenant = PGQuery("SELECT set_config('bellhop.tenant', $1, true)", .text(self.tenant.description))
        try await pool.transaction(preamble: [forTenant]) { transaction throws(StoreError) in
            _ = try await transaction.run([query])
        }
    }

    @Test func `the heads of many streams come with one question, unknown ones left out`() async throws {
        try await self.withLog { log, pool, _ in
            try await self.append(["room:a", "room:b"], to: pool)
            let stranger = EventStream.tenant(TenantID.new())
            let heads = try await log.heads(of: [.system, .tenant(self.tenant), stranger])
            #expect(heads[.tenant(self.tenant)]?.seq == 2)
            #expect(heads[.system]?.seq == 0)
            #expect(heads[stranger] == nil)
            let epochs = heads.values.map(\.epoch.raw)
            #expect(epochs.allSatisfy { (0..<(1 << 48)).contains($0) })
        }
    }

    @Test func `events come in order, bounded, as they were appended`() async throws {
        try await self.withLog { log, pool, _ in
            try await self.append(["room:a", "room:b"], to: pool)
            try await self.append(["room:c"], to: pool)
            let stream = EventStream.tenant(self.tenant)
            let all = try await log.events(of: stream, after: 0, through: 3, limit: 10, notBefore: nil)
            #expect(all.map(\.seq) == [1, 2, 3])
            #expect(all.map(\.name) == ["room:a", "room:b", "room:c"])
            #expect(zip(all, all.dropFirst()).allSatisfy { $0.recordedAt <= $1.recordedAt })
            #expect(
                all[0].targets == [
                    EventTarget(Audience(.tenant), projection: 0),
                    EventTarget(Audience(.frontDesk, subject: 7), projection: 1),
                ])
            #expect(all[0].projections.map { String(decoding: $0, as: UTF8.self) }[0] == #"{"meta":{"name":"room:a""#)
            #expect(try await log.events(of: stream, after: 1, through: 2, limit: 10, notBefore: nil).map(\.seq) == [2])
            let first = try await log.events(of: stream, after: 0, through: 3, limit: 2, notBefore: nil)
            #expect(first.map(\.seq) == [1, 2])
            #expect(try await log.events(of: stream, after: 3, through: 9, limit: 2, notBefore: nil).isEmpty)
            #expect(try await log.events(of: .system, after: 0, through: 9, limit: 2, notBefore: nil).isEmpty)
        }
    }

    @Test func `a moment before the wanted events leaves none of them out, a later one does`() async throws {
        try await self.withLog { log, pool, database in
            let stream = EventStream.tenant(self.tenant)
            try await self.append(["room:a"], to: pool)
            let start = try #require(try await log.heads(of: [stream])[stream]?.lastAt)
            try await self.append(["room:b"], to: pool)
            // In the same millisecond or not: what was appended behind a head was not recorded before it.
            let found = try await log.events(of: stream, after: 1, through: 2, limit: 10, notBefore: start)
            #expect(found.map(\.seq) == [2])
            let first = try await log.events(of: stream, after: 0, through: 1, limit: 1, notBefore: nil)[0]
            #expect(first.recordedAt <= start)
            let later = Timestamp(milliseconds: found[0].recordedAt.milliseconds + 1)
            #expect(try await log.events(of: stream, after: 0, through: 2, limit: 10, notBefore: later).isEmpty)
        }
    }

    @Test func `a stream that lost events gets one new epoch, whoever asks for it`() async throws {
        try await self.withLog { log, pool, database in
            let stream = EventStream.tenant(self.tenant)
            try await self.append(["room:a", "room:b", "room:c"], to: pool)
            let before = try #require(try await log.heads(of: [stream])[stream])
            #expect(before.seq == 3)
            // Nobody has delivered more than there is: it stays.
            #expect(try await log.renewEpoch(of: stream, delivered: before) == before)
            // The database comes back without its last two commits, and as it says of itself, it is what it was.
            try await database.run(
                "DELETE FROM bellhop.event WHERE seq > 1; UPDATE bellhop.stream_head SET seq = 1 WHERE seq = 3")
            let after = try #require(try await log.renewEpoch(of: stream, delivered: before))
            #expect(after.seq == 1 && after.epoch != before.epoch)
            #expect(try await log.renewEpoch(of: stream, delivered: before) == after, "the second changes nothing")
            #expect(try await log.heads(of: [stream])[stream] == after)
            #expect(try await log.renewEpoch(of: .tenant(TenantID.new()), delivered: before) == nil)
        }
    }

    @Test func `whoever would be told what was erased is told nothing of it`() async throws {
        try await self.withLog { log, pool, _ in
            try await self.append(["stay:checked_in"], personal: true, to: pool)
            let stream = EventStream.tenant(self.tenant)
            let before = try await log.events(of: stream, after: 0, through: 1, limit: 1, notBefore: nil)[0]
            #expect(before.targets.count == 2)
            #expect(String(decoding: before.projections[1], as: UTF8.self) == #"{"guest":"Ada","meta":{"#)
            try await self.commit(PGQuery("SELECT bellhop.erase_guest($1)", .id(self.guest)), to: pool)
            let after = try await log.events(of: stream, after: 0, through: 1, limit: 1, notBefore: nil)[0]
            #expect(after.targets == [EventTarget(Audience(.tenant), projection: 0)])
            #expect(after.projections[1].isEmpty)
            #expect(after.seq == 1)
        }
    }
}
