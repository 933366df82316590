import Operations
import Ports
import Shared
import StoreSupport
import Testing

@testable import PGStore

/// A migrated database with a tenant and a table for effects, used with the rights of a node.
struct TimerFixture {
    let tenant = TenantID.new()
    let pool: PGDatabase
    let database: TestDatabase

    static let kind = TimerKind("test.work")
    static let other = TimerKind("test.other")

    static func run(_ body: (TimerFixture) async throws -> Void) async throws {
        try await withDatabase { database in
            try await Self.prepare(database)
            try await withPool(database.address(role: "timer_clerk")) { pool in
                let fixture = TimerFixture(pool: pool, database: database)
                try await fixture.makeTenant()
                try await body(fixture)
            }
        }
    }

    /// The schema, the effects, and a role that is bound by row-level security.
    static func prepare(_ database: TestDatabase) async throws {
        try await database.migrate()
        try await database.run(
            """
            DO $$ BEGIN
                CREATE ROLE timer_clerk LOGIN IN ROLE bellhop_node;
            EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
            CREATE TABLE public.effect (key text NOT NULL, node text NOT NULL);
            GRANT SELECT, INSERT ON public.effect TO timer_clerk;
            """)
    }

    func makeTenant() async throws {
        try await self.database.run(
            """
            SET bellhop.tenant = '\(self.tenant)';
            INSERT INTO bellhop.tenant (tenant_id, name, slug, status, contact_email, currency)
            VALUES ('\(self.tenant)', 'Aegean Bay Resorts', 'aegean', 'active', 'owner@aegean.example', 'EUR');
            """)
    }

    var acting: PGQuery {
        PGQuery("SELECT set_config('bellhop.tenant', $1, true)", .text(self.tenant.description))
    }

    func key(_ key: String, _ kind: TimerKind? = Self.kind) throws -> TimerKey {
        TimerKey(tenant: self.tenant, kind: try #require(kind), key: key)
    }

    func set(_ timers: NewTimer...) async throws { try await self.set(timers) }

    func set(_ timers: [NewTimer]) async throws {
        let queries = timers.map { PGQuery.set($0) }
        try await self.pool.transaction(preamble: [self.acting]) { transaction throws(StoreError) in
            _ = try await transaction.run(queries)
        }
    }

    /// Does the work of a timer as commands do: its effect and its end in one transaction.
    func effect(_ timer: ClaimedTimer, by node: String, in pool: PGDatabase? = nil) async throws(StoreError) {
        let write = PGQuery("INSERT INTO public.effect VALUES ($1, $2)", .text(timer.key.key), .text(node))
        try await (pool ?? self.pool).transaction(preamble: [self.acting]) { transaction throws(StoreError) in
            _ = try await transaction.run([write])
            try await transaction.finish(timer)
        }
    }

    func effects() async throws -> [String] {
        try await self.pool.read("SELECT key || ' ' || node FROM public.effect ORDER BY 1").map { row in
            try row.read(0, as: String.self)
        }
    }

    func left() async throws -> Int {
        Int(try await self.database.run("SELECT count(*)::text FROM bellhop.timer")[0].read(0, as: String.self)) ?? -1
    }

    /// Lets the claim of whoever holds one come to its end.
    func endClaims() async throws {
        try await self.database.run(
            "UPDATE bellhop.timer SET claim_expires_at = now() - interval '1 s' WHERE claimed_by IS NOT NULL")
    }
}
