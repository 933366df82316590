import Shared
import StoreSupport
import Testing

@testable import PGStore

/// Servers that are killed, paused and started again. One at a time: each test has a server of its own.
@Suite(.serialized, .timeLimit(.minutes(3))) struct OutageTests {
    private func withServer<Result>(
        _ settings: [String] = [], _ body: (PrivatePostgres, DatabaseAddress) async throws -> Result
    ) async throws -> Result {
        let server = try await PrivatePostgres.make()
        try await server.startAndWait(settings)
        return try await body(server, try DatabaseAddress(setting: server.uri))
    }

    private func run(_ address: DatabaseAddress, _ script: String) async throws -> PGRows {
        try await onOwnThread { try DirectSession(address).run(script: script) }
    }

    /// Waits until somebody on the server runs such a statement.
    private func isRunning(_ address: DatabaseAddress, _ pattern: String) async throws -> Bool {
        try await eventually {
            let script = """
                SELECT 1 FROM pg_stat_activity
                WHERE state = 'active' AND query LIKE '\(pattern)' AND pid <> pg_backend_pid()
                """
            return try await !self.run(address, script).isEmpty
        }
    }

    private var options: PGOptions {
        var options = PGOptions()
        options.connections = 3
        options.deadline = .seconds(20)
        return options
    }

    @Test func `a server killed in the middle of a query, and started again, is used again`() async throws {
        try await self.withServer { server, address in
            _ = try await self.run(address, "CREATE TABLE trace (n int)")
            try await withPool(address, self.options) { pool async throws in
                #expect(await eventually { pool.figures.open == 3 })
                let attempts = Locked(0)
                let writing = Task {
                    try await pool.transaction { transaction throws(StoreError) in
                        _ = try await transaction.query("INSERT INTO trace VALUES (1)")
                        let isFirst = attempts.withLock { attempts in
                            attempts += 1
                            return attempts == 1
                        }
                        if isFirst { _ = try await transaction.query("SELECT pg_sleep(30)") }
                    }
                }
                #expect(try await self.isRunning(address, "SELECT pg_sleep(30)"))
                try await server.kill()
                #expect(await eventually { pool.figures.open == 0 && pool.figures.connectFailures > 0 })
                try await server.startAndWait()
                // The lost transaction is done again as a whole.
                try await writing.value
                #expect(attempts.withLock { $0 } == 2)
                let rows = try await pool.read("SELECT n FROM trace")
                #expect(rows.count == 1)
                // A repetition may have met one of the others before that one's end was noticed.
                #expect((1...3).contains(pool.figures.retries))
                #expect(pool.figures.broken == 3 && pool.figures.unknownOutcomes == 0)
                #expect(await eventually { pool.figures.open == 3 })
            }
        }
    }

    @Test func `a server killed between the statements of a transaction leaves nothing of it`() async throws {
        try await self.withServer { server, address in
            _ = try await self.run(address, "CREATE TABLE trace (n int)")
            var options = self.options
            options.retryLimit = 0
            try await withPool(address, options) { pool async throws in
                let error = await failure { () throws(StoreError) in
                    try await pool.transaction { transaction throws(StoreError) in
                        _ = try await transaction.query("INSERT INTO trace VALUES (1)")
                        do { try await server.kill() } catch { throw .timedOut }
                        #expect(await eventually { pool.figures.open == 0 })
                        _ = try await transaction.query("INSERT INTO trace VALUES (2)")
                    }
                }
                #expect(error == .unavailable)
                // Nothing was sent to be committed, so the same is certain when the end finds the connection gone.
                try await server.startAndWait()
                #expect(await eventually { pool.figures.open == 3 })
                let atEnd = await failure { () throws(StoreError) in
                    try await pool.transaction { transaction throws(StoreError) in
                        _ = try await transaction.query("INSERT INTO trace VALUES (3)")
                        do { try await server.kill() } catch { throw .timedOut }
                        #expect(await eventually { pool.figures.open == 0 })
                    }
                }
                #expect(atEnd == .unavailable)
                try await server.startAndWait()
                #expect(try await pool.read("SELECT 1 FROM trace").isEmpty)
            }
        }
    }

    private static let ledger = """
        CREATE TABLE op (id uuid PRIMARY KEY, result int NOT NULL);
        CREATE TABLE item (n int NOT NULL);
        INSERT INTO item VALUES (0);
        """

    /// What a command does: its operation id first, under a unique key; its recorded result if it was there.
    private func add(
        _ pool: PGDatabase, _ operation: OperationID, settles: Bool, deadline: Duration = .seconds(20)
    ) async throws(StoreError) -> Int {
        try await pool.transaction(deadline: deadline, settlesItself: settles) { transaction throws(StoreError) in
            let inserted = try await transaction.query(
                "INSERT INTO op VALUES ($1, 0) ON CONFLICT DO NOTHING", .id(operation))
            guard inserted.affected == 1 else {
                transaction.rollBack()
                return try await transaction.replay(pool, operation)
            }
            let n = try await transaction.query("UPDATE item SET n = n + 1 RETURNING n")[0].read(0, as: Int.self)
            _ = try await transaction.query(
                "UPDATE op SET result = $2 WHERE id = $1", .id(operation), .int4(Int32(truncatingIfNeeded: n)))
            return n
        }
    }

    @Test func `a commit that never answered did not happen: repeating it with the same id does it once`() async throws
    {
        try await self.withServer { server, address in
            _ = try await self.run(
                address,
                Self.ledger + """
                    CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
                        $$ BEGIN PERFORM pg_sleep(20) WHERE current_setting('slow.commit', true) = 'on'; RETURN NULL; END $$;
                    CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON op DEFERRABLE INITIALLY DEFERRED
                        FOR EACH ROW EXECUTE FUNCTION slow();
                    ALTER DATABASE postgres SET slow.commit = 'on';
                    """)
            try await withPool(address, self.options) { pool async throws in
                let operation = OperationID.new()
                let commit = Task { try await self.add(pool, operation, settles: false) }
                #expect(try await self.isRunning(address, "COMMIT"))
                try await server.kill()
                await #expect(throws: StoreError.outcomeUnknown) { try await commit.value }
                #expect(pool.figures.unknownOutcomes == 1 && pool.figures.retries == 0)
                try await server.startAndWait()
                _ = try await self.run(address, "ALTER DATABASE postgres RESET slow.commit")
                #expect(try await self.run(address, "SELECT 1 FROM op").isEmpty)
                // Sessions that were opened before the setting was taken back still have it.
                try await server.shutDown()
                try await server.startAndWait()
                #expect(try await self.add(pool, operation, settles: true) == 1)
                #expect(try await self.add(pool, operation, settles: true) == 1)
                #expect(try await pool.read("SELECT n FROM item")[0].read(0, as: Int.self) == 1)
            }
        }
    }

    @Test(arguments: [false, true]) func `a commit that never answered did happen: repeating it finds what it did`(
        settles: Bool
    ) async throws {
        try await self.withServer { server, address in
            _ = try await self.run(address, Self.ledger)
            try await server.shutDown()
            // The commit is written here, and then waits for a standby that does not exist.
            try await server.startAndWait(["synchronous_standby_names=nobody"])
            try await withPool(address, self.options) { pool async throws in
                let operation = OperationID.new()
                let commit = Task { try await self.add(pool, operation, settles: settles, deadline: .seconds(60)) }
                #expect(try await self.isRunning(address, "COMMIT"))
                try await server.kill()
                if settles {
                    try await server.startAndWait()
                    #expect(try await commit.value == 1)
                    #expect(pool.figures.retries >= 1)
                } else {
                    await #expect(throws: StoreError.outcomeUnknown) { try await commit.value }
                    try await server.startAndWait()
                    #expect(try await self.add(pool, operation, settles: false) == 1)
                }
                #expect(pool.figures.unknownOutcomes == 1)
                #expect(try await pool.read("SELECT n FROM item")[0].read(0, as: Int.self) == 1)
            }
        }
    }

    @Test func `what stays unknown until the deadline is called unknown, whatever else went wrong`() async throws {
        try await self.withServer { server, address in
            _ = try await self.run(address, Self.ledger)
            try await server.shutDown()
            try await server.startAndWait(["synchronous_standby_names=nobody"])
            try await withPool(address, self.options) { pool async throws in
                let commit = Task { try await self.add(pool, .new(), settles: true, deadline: .seconds(4)) }
                #expect(try await self.isRunning(address, "COMMIT"))
                try await server.kill()
                // Nobody starts it again.
                await #expect(throws: StoreError.outcomeUnknown) { try await commit.value }
                #expect(pool.figures.retries >= 1)
            }
        }
    }

    @Test func `a commit that is not answered before the deadline is unknown`() async throws {
        try await self.withServer { server, address in
            _ = try await self.run(address, Self.ledger)
            try await withPool(address, self.options) { pool async throws in
                #expect(await eventually { pool.figures.open == 3 })
                let error = await failure { () throws(StoreError) in
                    try await pool.transaction(deadline: .seconds(1)) { transaction throws(StoreError) in
                        _ = try await transaction.query("UPDATE item SET n = n + 1")
                        server.pause()
                    }
                }
                #expect(error == .outcomeUnknown)
                server.goOn()
                #expect(try await pool.read("SELECT 1").count == 1)
            }
        }
    }

    @Test func `a server that is paused for two seconds is waited for, or not`() async throws {
        try await self.withServer { server, address in
            try await withPool(address, self.options) { pool async throws in
                #expect(await eventually { pool.figures.open == 3 })
                server.pause()
                let began = ContinuousClock.now
                let patient = Task { try await pool.read("SELECT 7") }
                let hasty = await failure { () throws(StoreError) in
                    _ = try await pool.read("SELECT 7", deadline: .milliseconds(300))
                }
                #expect(hasty == .timedOut)
                #expect(ContinuousClock.now - began < .milliseconds(1_800))
                // The pause is what is tested, and takes its time.
                try await Task.sleep(until: began + .seconds(2))
                server.goOn()
                #expect(try await patient.value[0].read(0, as: Int.self) == 7)
                #expect(await eventually { pool.figures.open == 3 && pool.figures.idle == 3 })
                for _ in 0..<6 { #expect(try await pool.read("SELECT 1").count == 1) }
            }
        }
    }

    @Test func `a server that comes later is found, and nobody waits for it past the deadline`() async throws {
        let server = try await PrivatePostgres.make()
        try await withPool(try DatabaseAddress(setting: server.uri), self.options) { pool async throws in
            let hasty = await failure { () throws(StoreError) in
                _ = try await pool.read("SELECT 1", deadline: .milliseconds(300))
            }
            #expect(hasty == .unavailable)
            // One attempt at a time, with pauses between them.
            #expect((1...10).contains(pool.figures.connectFailures))
            let patient = Task { try await pool.read("SELECT 7") }
            #expect(await eventually { pool.figures.waiting == 1 })
            try await server.startAndWait()
            #expect(try await patient.value[0].read(0, as: Int.self) == 7)
            #expect(await eventually { pool.figures.open == 3 })
        }
    }

    @Test func `a session that an administrator ends is replaced, and its transaction done again`() async throws {
        try await withStore { pool, database async throws in
            let attempts = Locked(0)
            let name = try await database.run("SELECT current_database()")[0].read(0, as: String.self)
            #expect(name.hasPrefix("test_"))
            let sum = try await pool.transaction { transaction throws(StoreError) in
                let pid = try await transaction.query("SELECT pg_backend_pid()")[0].read(0, as: Int.self)
                let isFirst = attempts.withLock { attempts in
                    attempts += 1
                    return attempts == 1
                }
                if isFirst {
                    do { try await database.run("SELECT pg_terminate_backend(\(pid))") } catch { throw .timedOut }
                }
                return try await transaction.query("SELECT 1 + 1")[0].read(0, as: Int.self)
            }
            #expect(sum == 2 && attempts.withLock { $0 } == 2)
            #expect(await eventually { pool.figures.open == 4 && pool.figures.broken == 1 })
        }
    }
}

extension PGTransaction {
    /// The recorded result of an operation, read in a transaction of its own.
    fileprivate func replay(_ pool: PGDatabase, _ operation: OperationID) async throws(StoreError) -> Int {
        try await pool.read("SELECT result FROM op WHERE id = $1", .id(operation))[0].read(0, as: Int.self)
    }
}
