import Shared
import StoreSupport
import Testing

@testable import PGStore

@Suite(.timeLimit(.minutes(5))) struct TransactionTests {
    private func withTable<Result>(
        _ change: (inout PGOptions) -> Void = { _ in }, _ body: (PGDatabase, TestDatabase) async throws -> Result
    ) async throws -> Result {
        try await withStore(change) { pool, database async throws in
            try await database.run(
                "CREATE TABLE item (id int PRIMARY KEY, n int NOT NULL); INSERT INTO item VALUES (1, 0), (2, 0)")
            return try await body(pool, database)
        }
    }

    private func items(_ pool: PGDatabase) async throws -> [Int: Int] {
        var items: [Int: Int] = [:]
        for row in try await pool.read("SELECT id, n FROM item") {
            let (id, n) = try row.read(Int.self, Int.self)
            items[id] = n
        }
        return items
    }

    @Test(arguments: [true, false]) func `what is committed stays, what is rolled back does not`(isPrepared: Bool)
        async throws
    {
        try await self.withTable({ $0.isPrepared = isPrepared }) { pool, _ async throws in
            let affected = try await pool.transaction { transaction throws(StoreError) in
                try await transaction.query("UPDATE item SET n = n + $1", .int4(1)).affected
            }
            #expect(affected == 2)
            let word = try await pool.transaction { transaction throws(StoreError) in
                _ = try await transaction.query("UPDATE item SET n = n + $1", .int4(1))
                transaction.rollBack()
                return "no"
            }
            #expect(word == "no")
            let thrown = await failure { () throws(StoreError) in
                try await pool.transaction { transaction throws(StoreError) in
                    _ = try await transaction.query("UPDATE item SET n = n + $1", .int4(1))
                    throw .unavailable
                }
            }
            #expect(thrown == .unavailable)
            #expect(try await self.items(pool) == [1: 1, 2: 1])
            #expect(pool.figures.retries == 0)
        }
    }

    @Test(arguments: [true, false]) func `several statements go in one go and answer in order`(isPrepared: Bool)
        async throws
    {
        try await self.withTable({ $0.isPrepared = isPrepared }) { pool, _ async throws in
            let rows = try await pool.transaction { transaction throws(StoreError) in
                try await transaction.run((0..<50).map { PGQuery("SELECT $1::int4 * 2", .int4($0)) })
            }
            #expect(try rows.map { try $0[0].read(0, as: Int.self) } == (0..<50).map { $0 * 2 })
            let last = try await pool.transaction { transaction throws(StoreError) in
                _ = try await transaction.query("UPDATE item SET n = 5 WHERE id = 1")
                return try await transaction.commit(with: [
                    PGQuery("UPDATE item SET n = 6 WHERE id = 2"), PGQuery("SELECT sum(n) FROM item"),
                ])
            }
            #expect(try last[1][0].read(0, as: Int.self) == 11)
            #expect(try await self.items(pool) == [1: 5, 2: 6])
        }
    }

    @Test(arguments: [true, false]) func `an error in the middle fails the rest, and the connection goes on`(
        isPrepared: Bool
    ) async throws {
        try await self.withTable({
            $0.isPrepared = isPrepared; $0.connections = 1
        }) { pool, _ async throws in
            for _ in 0..<3 {
                let error = await failure { () throws(StoreError) in
                    try await pool.transaction { transaction throws(StoreError) in
                        let first = await failure { () throws(StoreError) in
                            _ = try await transaction.run([
                                PGQuery("UPDATE item SET n = 9 WHERE id = 1"), PGQuery("SELECT 1 / $1::int4", .int4(0)),
                                PGQuery("UPDATE item SET n = 9 WHERE id = 2"), PGQuery("SELECT 'not reached'"),
                            ])
                        }
                        #expect(first?.code == "22012")
                        // The body took the error for itself: it fails all the same, here and at the end.
                        let second = await failure { () throws(StoreError) in
                            _ = try await transaction.query("SELECT 1")
                        }
                        #expect(second?.code == "22012")
                    }
                }
                #expect(error?.code == "22012")
                let rows = try await pool.read("SELECT 'not reached'")
                #expect(try rows[0].read(0, as: String.self) == "not reached")
            }
            #expect(try await self.items(pool) == [1: 0, 2: 0])
            #expect(pool.figures.opened == 1)
        }
    }

    @Test func `an error in a commit's last statements commits nothing`() async throws {
        try await self.withTable { pool, _ async throws in
            let error = await failure { () throws(StoreError) in
                try await pool.transaction { transaction throws(StoreError) in
                    _ = try await transaction.query("UPDATE item SET n = 9")
                    try await transaction.commit(with: [PGQuery("INSERT INTO item VALUES (1, 1)")])
                }
            }
            #expect(error?.code == "23505")
            #expect(try await self.items(pool) == [1: 0, 2: 0])
        }
    }

    @Test func `a constraint that is checked at the commit refuses it, and that is certain`() async throws {
        try await self.withTable { pool, database async throws in
            try await database.run(
                "CREATE TABLE part (item int REFERENCES item DEFERRABLE INITIALLY DEFERRED)")
            let error = await failure { () throws(StoreError) in
                try await pool.transaction { transaction throws(StoreError) in
                    _ = try await transaction.query("INSERT INTO part VALUES (77)")
                }
            }
            #expect(error?.code == "23503")
            #expect(pool.figures.unknownOutcomes == 0)
            #expect(try await pool.read("SELECT 1 FROM part").isEmpty)
        }
    }

    @Test(arguments: [PGIsolation.repeatableRead, .serializable])
    func `conflicts are done again until all went through`(
        isolation: PGIsolation
    ) async throws {
        try await self.withTable({
            $0.deadline = .seconds(30); $0.retryLimit = 1_000
        }) { pool, _ async throws in
            let reads = Locked(0)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        try await pool.transaction(isolation: isolation) { transaction throws(StoreError) in
                            let n = try await transaction.query("SELECT n FROM item WHERE id = 1")[0].read(
                                0, as: Int32.self)
                            // Nobody writes before two have read the same: one of them must try again.
                            reads.withLock { $0 += 1 }
                            _ = await eventually { reads.withLock { $0 } >= 2 }
                            _ = try await transaction.query("UPDATE item SET n = $1 WHERE id = 1", .int4(n + 1))
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await self.items(pool)[1] == 20)
            #expect(pool.figures.retries > 0)
        }
    }

    @Test func `a deadlock is dissolved, and a conflict that stays is given up`() async throws {
        try await self.withTable { pool, database async throws in
            try await database.run(
                "ALTER DATABASE \(try await database.run("SELECT current_database()")[0].read(0, as: String.self)) SET deadlock_timeout = '50ms'"
            )
            let met = Locked(0)
            try await withPool(database.address) { pool in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for (first, second) in [(1, 2), (2, 1)] as [(Int32, Int32)] {
                        group.addTask {
                            try await pool.transaction { transaction throws(StoreError) in
                                _ = try await transaction.query("UPDATE item SET n = n + 1 WHERE id = $1", .int4(first))
                                met.withLock { $0 += 1 }
                                _ = await eventually { met.withLock { $0 } >= 2 }
                                _ = try await transaction.query(
                                    "UPDATE item SET n = n + 1 WHERE id = $1", .int4(second))
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                #expect(try await self.items(pool) == [1: 2, 2: 2])
                // The one that went through may meet the one that comes again before its own row, and then they cross once more.
                #expect(pool.figures.retries >= 1)
            }
            let attempts = Locked(0)
            let error = await failure { () throws(StoreError) in
                try await pool.transaction { transaction throws(StoreError) in
                    attempts.withLock { $0 += 1 }
                    _ = try await transaction.query("DO $$ BEGIN RAISE SQLSTATE '40001'; END $$")
                }
            }
            #expect(error?.code == "40001")
            #expect(attempts.withLock { $0 } == 6)
        }
    }

    @Test(arguments: [true, false]) func `the server ends a statement that works too long`(isPrepared: Bool)
        async throws
    {
        try await withStore({
            $0.statementTimeout = .milliseconds(100); $0.isPrepared = isPrepared
        }) { pool, _ async throws in
            let error = await failure { () throws(StoreError) in _ = try await pool.read(sleeping, .float8(30)) }
            #expect(error?.code == "57014")
            #expect(try await pool.read("SELECT 1").count == 1)
        }
    }

    @Test func `the preamble holds for its transaction only`() async throws {
        try await withStore({ $0.connections = 1 }) { pool, _ async throws in
            let shown: PGStatement = "SELECT coalesce(current_setting('test.tenant', true), '')"
            let inside = try await pool.transaction(
                preamble: [PGQuery("SELECT set_config('test.tenant', $1, true)", .text("a'b"))]
            ) { transaction throws(StoreError) in
                try await transaction.query(shown)[0].read(0, as: String.self)
            }
            #expect(inside == "a'b")
            #expect(try await pool.read(shown)[0].read(0, as: String.self) == "")
        }
    }

    @Test func `reading cannot write, and can see one moment`() async throws {
        try await self.withTable { pool, _ async throws in
            let error = await failure { () throws(StoreError) in _ = try await pool.read("UPDATE item SET n = 1") }
            #expect(error?.code == "25006")
            let rows = try await pool.read(
                [PGQuery("SHOW transaction_isolation"), PGQuery("SELECT 1")], isOneMoment: true)
            #expect(try rows[0][0].read(0, as: String.self) == "repeatable read")
        }
    }

    @Test func `statements that lost their plan are made anew`() async throws {
        try await self.withTable({ $0.connections = 1 }) { pool, database async throws in
            let all: PGStatement = "SELECT * FROM item WHERE id = 1"
            #expect(try await pool.read(all)[0].columnCount == 2)
            try await database.run("ALTER TABLE item ADD COLUMN extra text")
            #expect(try await pool.read(all)[0].columnCount == 3)
            let other = try await pool.transaction { transaction throws(StoreError) in
                try await transaction.query(all)
            }
            #expect(other.count == 1)
        }
    }

    @Test func `one statement may be used with different types and often`() async throws {
        try await withStore({ $0.connections = 1 }) { pool, _ async throws in
            let statement: PGStatement = "SELECT $1 IS NOT NULL"
            for _ in 0..<3 {
                for value: PGValue in [.int4(1), .text("x"), .uuid(5)] {
                    #expect(try await pool.read(statement, value)[0].read(0, as: Bool.self))
                }
            }
            let count = try await pool.read(
                "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%IS NOT NULL%'")
            #expect(try count[0].read(0, as: Int.self) == 4)
        }
    }

    @Test func `a transaction in which nothing is asked costs nothing, one that has ended answers nothing`()
        async throws
    {
        try await withStore { pool, _ async throws in
            #expect(try await pool.transaction { _ throws(StoreError) in 5 } == 5)
            let error = await failure { () throws(StoreError) in
                try await pool.transaction { transaction throws(StoreError) in
                    _ = try await transaction.query("SELECT 1")
                    try await transaction.commit()
                    _ = try await transaction.query("SELECT 1")
                }
            }
            #expect(error?.code == "25P01")
        }
    }

    @Test func `more parameters than the protocol can say are refused`() async throws {
        try await withStore({ $0.connections = 1 }) { pool, _ async throws in
            let query = PGQuery("SELECT 1", values: Array(repeating: .int4(1), count: 70_000))
            let error = await failure { () throws(StoreError) in _ = try await pool.read([query]) }
            #expect(error?.code == "54000")
            #expect(try await pool.read("SELECT 1").count == 1)
        }
    }

    @Test func `results and parameters of many megabytes pass in both directions at once`() async throws {
        try await withStore({ $0.deadline = .seconds(30) }) { pool, _ async throws in
            let bytes = [UInt8](repeating: 7, count: 4 << 20)
            let rows = try await pool.read((0..<6).map { _ in PGQuery("SELECT $1::bytea", .bytea(bytes)) })
            for row in rows { #expect(try row[0].read(0, as: [UInt8].self) == bytes) }
        }
    }
}
