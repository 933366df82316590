import Reactor
import Shared
import StoreSupport
import Testing

@testable import PGStore

@Suite(.timeLimit(.minutes(5))) struct PoolTests {
    private func isQuiet(_ pool: PGDatabase, open: Int) async -> Bool {
        await eventually { pool.figures.open == open && pool.figures.idle == open && pool.figures.waiting == 0 }
    }

    @Test func `as many connections are open as are allowed, and all are closed at the end`() async throws {
        let database = try await TestDatabase.make()
        try await withPool(database.address) { pool in
            #expect(await self.isQuiet(pool, open: 8))
            let rows = try await pool.read(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'bellhop'"
            )
            #expect(try rows[0].read(0, as: Int.self) == 8)
        }
        // Sessions end a little after their sockets.
        #expect(
            try await eventually {
                try await database.run(
                    "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'bellhop'"
                ).isEmpty
            })
        try await database.drop()
    }

    @Test func `forty transactions at once over four connections all complete`() async throws {
        try await withStore({ $0.deadline = .seconds(30) }) { pool, database async throws in
            try await database.run("CREATE TABLE counter (n int NOT NULL); INSERT INTO counter VALUES (0)")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<40 {
                    group.addTask {
                        try await pool.transaction { transaction throws(StoreError) in
                            _ = try await transaction.query("UPDATE counter SET n = n + 1")
                            _ = try await transaction.query(sleeping, .float8(0.005))
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await pool.read("SELECT n FROM counter")[0].read(0, as: Int.self) == 40)
            #expect(await self.isQuiet(pool, open: 4))
            #expect(pool.figures.retries == 0)
        }
    }

    @Test func `who asked first is served first`() async throws {
        try await withStore({
            $0.connections = 1
            $0.deadline = .seconds(60)
        }) { pool, _ async throws in
            let holder = await Holder(pool)
            let order = Locked<[Int]>([])
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<10 {
                    group.addTask {
                        _ = try await pool.read("SELECT 1")
                        order.withLock { $0.append(number) }
                    }
                    // Each is in the line before the next comes.
                    #expect(await eventually { pool.figures.waiting == number + 1 })
                }
                try await holder.letGo()
                try await group.waitForAll()
            }
            #expect(order.withLock { $0 } == Array(0..<10))
        }
    }

    @Test func `who waits past the deadline is told so and never gets a connection`() async throws {
        try await withStore({ $0.connections = 1 }) { pool, database async throws in
            try await database.run("CREATE TABLE trace (n int)")
            let holder = await Holder(pool)
            let error = await failure { () throws(StoreError) in
                try await pool.transaction(deadline: .milliseconds(100)) { transaction throws(StoreError) in
                    _ = try await transaction.query("INSERT INTO trace VALUES (1)")
                }
            }
            // The connection is still held: it was the deadline.
            #expect(error == .timedOut)
            #expect(pool.figures.idle == 0 && pool.figures.waiting == 0 && pool.figures.abandoned == 1)
            try await holder.letGo()
            #expect(try await pool.read("SELECT 1 FROM trace").isEmpty)
            #expect(pool.figures.opened == 1)
        }
    }

    @Test func `more than may wait are turned away at once`() async throws {
        try await withStore({
            $0.connections = 1
            $0.waitingLimit = 2
            $0.deadline = .seconds(60)
        }) { pool, _ async throws in
            let holder = await Holder(pool)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<2 { group.addTask { _ = try await pool.read("SELECT 1") } }
                #expect(await eventually { pool.figures.waiting == 2 })
                let error = await failure { () throws(StoreError) in _ = try await pool.read("SELECT 1") }
                #expect(error == .unavailable)
                #expect(pool.figures.turnedAway == 1 && pool.figures.waiting == 2)
                try await holder.letGo()
                try await group.waitForAll()
            }
            #expect(try await pool.read("SELECT 1").count == 1)
        }
    }

    @Test func `a statement that takes too long ends at the deadline, also on the server`() async throws {
        try await withStore({ $0.connections = 1 }) { pool, database async throws in
            #expect(await self.isQuiet(pool, open: 1))
            let error = await failure { () throws(StoreError) in
                try await pool.transaction(deadline: .seconds(1)) { transaction throws(StoreError) in
                    _ = try await transaction.query(sleeping, .float8(30))
                }
            }
            #expect(error == .timedOut)
            #expect(
                try await eventually {
                    // Of this database: other tests have others sleep on the same server.
                    try await database.run(
                        """
                        SELECT 1 FROM pg_stat_activity
                        WHERE datname = current_database() AND query LIKE 'SELECT pg_sleep($1)%'
                        """
                    ).isEmpty
                })
            // A new session took its place.
            let rows = try await pool.read("SELECT 1")
            #expect(rows.count == 1)
            #expect(pool.figures.opened == 2 && pool.figures.broken == 0)
        }
    }

    @Test func `a body that takes too long loses its transaction and leaves nothing`() async throws {
        try await withStore({ $0.connections = 1 }) { pool, database async throws in
            try await database.run("CREATE TABLE trace (n int)")
            let error = await failure { () throws(StoreError) in
                try await pool.transaction(deadline: .seconds(1)) { transaction throws(StoreError) in
                    _ = try await transaction.query("INSERT INTO trace VALUES (1)")
                    #expect(await eventually { pool.figures.abandoned == 1 })
                    _ = try await transaction.query("INSERT INTO trace VALUES (2)")
                }
            }
            #expect(error == .timedOut)
            #expect(try await pool.read("SELECT 1 FROM trace").isEmpty)
            // Rolled back between statements: the session is as good as before.
            #expect(pool.figures.opened == 1)
        }
    }

    @Test func `a cancelled task poisons no connection and leaves nothing`() async throws {
        try await withStore({ $0.connections = 2 }) { pool, database async throws in
            try await database.run("CREATE TABLE trace (n int)")
            for round in 0..<20 {
                let inside = Locked(false)
                let task = Task {
                    try await pool.transaction { transaction throws(StoreError) in
                        _ = try await transaction.query("INSERT INTO trace VALUES (1)")
                        inside.withLock { $0 = true }
                        // In one round of two it is cancelled while a statement runs, else while the body does.
                        if round % 2 == 0 {
                            _ = try await transaction.query(sleeping, .float8(30))
                        } else {
                            while !Task.isCancelled { await Task.yield() }
                        }
                        _ = try await transaction.query("INSERT INTO trace VALUES (2)")
                    }
                }
                #expect(await eventually { inside.withLock { $0 } })
                task.cancel()
                await #expect(throws: StoreError.timedOut) { try await task.value }
            }
            #expect(await self.isQuiet(pool, open: 2))
            for _ in 0..<4 { #expect(try await pool.read("SELECT 1 FROM trace").isEmpty) }
            #expect(pool.figures.broken == 0)
        }
    }

    @Test func `a task that is cancelled while it waits leaves the line`() async throws {
        try await withStore({ $0.connections = 1 }) { pool, _ async throws in
            let holder = await Holder(pool)
            let waiting = Task { try await pool.read("SELECT 1") }
            #expect(await eventually { pool.figures.waiting == 1 })
            waiting.cancel()
            await #expect(throws: StoreError.timedOut) { try await waiting.value }
            #expect(pool.figures.waiting == 0)
            let cancelled = Task {
                while !Task.isCancelled { await Task.yield() }
                return try await pool.read("SELECT 1")
            }
            cancelled.cancel()
            await #expect(throws: StoreError.timedOut) { try await cancelled.value }
            try await holder.letGo()
            #expect(await self.isQuiet(pool, open: 1))
        }
    }

    @Test func `tasks that run on the loop of the pool are served too`() async throws {
        try await withDatabase { database in
            let group = try LoopGroup(count: 1, options: LoopOptions(), places: 10) { _ throws(SystemError) in }
            let pool = PGDatabase(database.address, loop: group.handles[0])
            let sum = try await withThrowingTaskGroup(of: Int.self) { tasks in
                for number in 0..<20 {
                    tasks.addTask(executorPreference: LoopExecutor(group.handles[0])) {
                        try await pool.transaction { transaction throws(StoreError) in
                            _ = try await transaction.query("SELECT 1")
                            return try await transaction.query("SELECT $1::int4", .int4(Int32(number)))[0].read(0)
                        }
                    }
                }
                return try await tasks.reduce(0, +)
            }
            #expect(sum == 190)
            await pool.close()
            group.stop()
        }
    }

    @Test func `closing lets run what runs and turns away the rest`() async throws {
        try await withStore({ $0.connections = 1 }) { pool, _ async throws in
            let holder = await Holder(pool)
            let waiting = Task { try await pool.read("SELECT 1") }
            #expect(await eventually { pool.figures.waiting == 1 })
            let closing = Task { await pool.close() }
            #expect(await eventually { pool.figures.waiting == 0 })
            // Its commit is still to come.
            try await holder.letGo()
            await closing.value
            await #expect(throws: StoreError.unavailable) { try await waiting.value }
            let late = await failure { () throws(StoreError) in _ = try await pool.read("SELECT 1") }
            #expect(late == .unavailable)
            #expect(pool.figures.open == 0)
        }
    }
}

@Suite struct BackoffTests {
    @Test func `pauses double up to the longest, and differ`() {
        var (backoff, random) = (Backoff(first: 50, longest: 2_000), SystemRandomNumberGenerator())
        for expected: UInt64 in [50, 100, 200, 400, 800, 1_600, 2_000, 2_000] {
            let pause = backoff.next(using: &random)
            #expect((expected / 2...expected).contains(pause))
        }
        for _ in 0..<100 { _ = backoff.next(using: &random) }
        backoff.reset()
        #expect(backoff.next(using: &random) <= 50)
    }

    @Test func `the line keeps its order when some leave, and does not grow with them`() {
        var line = WaitingLine<UInt64>()
        for ticket in 1...5_000 as ClosedRange<UInt64> {
            line.append(ticket, ticket: ticket)
            if ticket % 10 != 0 { #expect(line.remove(ticket) == ticket) }
        }
        #expect(line.count == 500)
        #expect(line.remove(1) == nil)
        var served: [UInt64] = []
        while let ticket = line.popFirst() { served.append(ticket) }
        #expect(served == (1...500).map { $0 * 10 })
    }

    // MARK: A loop that stops

    @Test func `when the loop has stopped every call is turned away at once, and closing ends`() async throws {
        try await withDatabase { database in
            let group = try LoopGroup(count: 1, options: LoopOptions(), places: 10) { _ throws(SystemError) in }
            let pool = PGDatabase(database.address, loop: group.handles[0])
            #expect(try await pool.read("SELECT 1").count == 1)
            group.stop()
            let late = await failure { () throws(StoreError) in _ = try await pool.read("SELECT 1") }
            #expect(late == .unavailable)
            await pool.close()
        }
    }

    @Test(arguments: [false, true])
    func `a loop that stops leaves nobody waiting for a connection, an answer or the closing`(
        isClosing: Bool
    ) async throws {
        try await withDatabase { database in
            var options = PGOptions()
            options.connections = 1
            let group = try LoopGroup(count: 1, options: LoopOptions(), places: 10) { _ throws(SystemError) in }
            let pool = PGDatabase(database.address, options: options, loop: group.handles[0])
            let hasBegun = Locked(false)
            let running = Task {
                try await pool.transaction(deadline: .seconds(50)) { transaction throws(StoreError) in
                    _ = try await transaction.query("SELECT 1")
                    hasBegun.withLock { $0 = true }
                    _ = try await transaction.query(sleeping, .float8(45))
                }
            }
            #expect(await eventually(within: .seconds(30)) { hasBegun.withLock { $0 } })
            let waiting = Task { try await pool.read("SELECT 1") }
            #expect(await eventually(within: .seconds(30)) { pool.figures.waiting == 1 })
            let closing = Task { if isClosing { await pool.close() } }
            // Closing turns away who waits, and waits itself for the one that runs.
            if isClosing { #expect(await eventually(within: .seconds(30)) { pool.figures.waiting == 0 }) }
            group.stop()
            await closing.value
            // Had somebody waited for the answer, it would have come.
            await #expect(throws: StoreError.unavailable) { try await running.value }
            await #expect(throws: StoreError.unavailable) { try await waiting.value }
            // The server goes on with a statement whose client has gone, and with it the database cannot.
            _ = try await database.run(
                """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND query LIKE 'SELECT pg_sleep($1)%'
                """)
        }
    }
}
