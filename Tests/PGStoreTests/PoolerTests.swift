import Glibc
import Shared
import StoreSupport
import Testing

@testable import PGStore

/// Through Debian's PgBouncer, which gives a server's session to another client after each transaction.
@Suite(.timeLimit(.minutes(5))) struct PoolerTests {
    /// A PgBouncer in front of a database, with as many server sessions as it may have.
    private func withPooler<Result>(
        _ database: TestDatabase, sessions: Int, _ body: (DatabaseAddress) async throws -> Result
    ) async throws -> Result {
        var template = Array("/tmp/bellhop-test-pooler.XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        let folder = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        defer { _ = try? ChildProcess.run(["rm", "-rf", folder], log: "/dev/null") }
        let uri = String(decoding: database.address.uri.bytes, as: UTF8.self)
        let host = try #require(uri.split(separator: "host=").last)
        let name = try await database.run("SELECT current_database()")[0].read(0, as: String.self)
        let file = try #require(fopen("\(folder)/pooler.ini", "w"))
        fputs(
            """
            [databases]
            \(name) = host=\(host) user=postgres
            [pgbouncer]
            unix_socket_dir = \(folder)
            listen_port = 6432
            auth_type = any
            pool_mode = transaction
            default_pool_size = \(sessions)
            """, file)
        fclose(file)
        if geteuid() == 0, let user = getpwnam("postgres") { chown(folder, user.pointee.pw_uid, user.pointee.pw_gid) }
        let pooler = try ChildProcess(
            PrivatePostgres.asPostgres(["/usr/sbin/pgbouncer", "\(folder)/pooler.ini"]), log: "\(folder)/pooler.log")
        defer { pooler.kill() }
        #expect(await eventually { access("\(folder)/.s.PGSQL.6432", R_OK) == 0 })
        return try await body(
            try DatabaseAddress(setting: "postgresql://postgres@/\(name)?host=\(folder)&port=6432"))
    }

    @Test func `transactions run through a pooler that shares sessions`() async throws {
        try await withDatabase { database in
            try await database.run("CREATE TABLE item (n int NOT NULL); INSERT INTO item VALUES (0)")
            try await self.withPooler(database, sessions: 2) { address in
                var options = PGOptions()
                options.isPrepared = false
                options.deadline = .seconds(30)
                options.statementTimeout = .seconds(20)
                try await withPool(address, options) { pool async throws in
                    // More of our sessions than the server has, all at once and mixed.
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for number in 0..<60 {
                            group.addTask {
                                let read = try await pool.transaction(
                                    preamble: [
                                        PGQuery("SELECT set_config('test.number', $1, true)", .text("\(number)"))
                                    ]
                                ) { transaction throws(StoreError) in
                                    _ = try await transaction.query("UPDATE item SET n = n + $1", .int4(1))
                                    return try await transaction.run([
                                        PGQuery("SELECT current_setting('test.number')"),
                                        PGQuery("SELECT current_setting('statement_timeout')"),
                                    ])
                                }
                                #expect(try read[0][0].read(0, as: String.self) == "\(number)")
                                #expect(try read[1][0].read(0, as: String.self) == "20s")
                            }
                            group.addTask {
                                let rows = try await pool.read("SELECT $1::int8", .int8(Int64(number)))
                                #expect(try rows[0].read(0, as: Int.self) == number)
                            }
                        }
                        try await group.waitForAll()
                    }
                    #expect(try await pool.read("SELECT n FROM item")[0].read(0, as: Int.self) == 60)
                    let sessions = try await pool.read(
                        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'bellhop'"
                    )
                    #expect(try (1...2).contains(sessions[0].read(0, as: Int.self)))
                    #expect(try await pool.read("SELECT 1 FROM pg_prepared_statements").isEmpty)
                    #expect(pool.figures.open == 8 && pool.figures.broken == 0 && pool.figures.retries == 0)
                }
            }
        }
    }

    @Test func `errors, deadlines and cancelled tasks do no harm through a pooler`() async throws {
        try await withDatabase { database in
            try await database.run("CREATE TABLE trace (n int)")
            try await self.withPooler(database, sessions: 1) { address in
                var options = PGOptions()
                options.isPrepared = false
                options.connections = 3
                options.deadline = .seconds(20)
                try await withPool(address, options) { pool async throws in
                    for _ in 0..<3 {
                        let refused = await failure { () throws(StoreError) in
                            try await pool.transaction { transaction throws(StoreError) in
                                _ = try await transaction.query("INSERT INTO trace VALUES (1)")
                                _ = try await transaction.query("SELECT 1 / $1::int4", .int4(0))
                            }
                        }
                        #expect(refused?.code == "22012")
                    }
                    let late = await failure { () throws(StoreError) in
                        try await pool.transaction(deadline: .milliseconds(500)) { transaction throws(StoreError) in
                            _ = try await transaction.query("INSERT INTO trace VALUES (1)")
                            _ = try await transaction.query(sleeping, .float8(60))
                        }
                    }
                    #expect(late == .timedOut)
                    // With one session of the server, the abandoned statement must have ended there for this to be answered.
                    #expect(try await pool.read("SELECT 1 FROM trace").isEmpty)
                }
            }
        }
    }
}
