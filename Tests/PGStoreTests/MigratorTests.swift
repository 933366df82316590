import Glibc
import Migrations
import Shared
import StoreSupport
import Testing

@testable import PGStore

@Suite(.timeLimit(.minutes(5))) struct MigratorTests {
    private func migration(_ file: String, _ sql: String) throws -> Migration {
        try #require(Migration(file: file, sql: Array(sql.utf8)))
    }

    private func three() throws -> [Migration] {
        [
            try self.migration("0001_rooms.sql", "CREATE TABLE room (id int);\nCREATE INDEX ON room (id);"),
            try self.migration("0002_stays.sql", "CREATE TABLE stay (id int); -- ü\nINSERT INTO stay VALUES (1)"),
            try self.migration("0003_more.sql", "SELECT pg_sleep(0.1); INSERT INTO stay VALUES (2)"),
        ]
    }

    private func run(_ database: TestDatabase, _ migrations: [Migration]) async throws -> [Migrator.Step] {
        try await onOwnThread { try Migrator(database.address, migrations).run() }
    }

    private func error(_ database: TestDatabase, _ migrations: [Migration]) async throws -> MigrationError? {
        do {
            _ = try await self.run(database, migrations)
            return nil
        } catch let error as MigrationError {
            return error
        }
    }

    /// All that a run could change.
    private func picture(_ database: TestDatabase) async throws -> [String] {
        let rows = try await database.run(
            """
            SELECT c.oid || ' ' || c.relname || ' ' || c.reltuples FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
            WHERE nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') ORDER BY 1
            """)
        return try rows.map { try $0.read(0, as: String.self) }
    }

    @Test func `steps are run in order, once, and remembered`() async throws {
        try await withDatabase { database async throws in
            let steps = try await self.run(database, Array(try self.three().prefix(2)))
            #expect(steps.map(\.state) == [.applied, .applied])
            let more = try await self.run(database, try self.three())
            #expect(more.map(\.state) == [.done, .done, .applied])
            #expect(more.map(\.file) == ["0001_rooms.sql", "0002_stays.sql", "0003_more.sql"])
            let again = try await self.run(database, try self.three())
            #expect(again.map(\.state) == [.done, .done, .done])
            let ledger = try await database.run(
                "SELECT string_agg(version || name, ',' ORDER BY version) FROM schema_migrations")
            #expect(try ledger[0].read(0, as: String.self) == "1rooms,2stays,3more")
            let sums = try await database.run("SELECT encode(checksum, 'hex') FROM schema_migrations ORDER BY version")
            #expect(try sums.map { try $0.read(0, as: String.self) } == again.map(\.checksum))
        }
    }

    @Test func `of several runners at once each step is run by one`() async throws {
        try await withDatabase { database async throws in
            let all = try await withThrowingTaskGroup(of: [Migrator.Step].self) { group in
                for _ in 0..<4 { group.addTask { try await self.run(database, try self.three()) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            for index in 0..<3 { #expect(all.filter { $0[index].state == .applied }.count == 1) }
            let rows = try await database.run("SELECT count(*)::text FROM stay")
            #expect(try rows[0].read(0, as: String.self) == "2")
        }
    }

    @Test func `a dry run says what would be done and changes nothing`() async throws {
        try await withDatabase { database async throws in
            let before = try await self.picture(database)
            let migrations = try self.three()
            let plan = try await onOwnThread { try Migrator(database.address, migrations).dryRun() }
            #expect(plan.map(\.state) == [.pending, .pending, .pending])
            #expect(try await self.picture(database) == before)
            _ = try await self.run(database, [migrations[0]])
            let middle = try await self.picture(database)
            let rest = try await onOwnThread { try Migrator(database.address, migrations).dryRun() }
            #expect(rest.map(\.state) == [.done, .pending, .pending])
            #expect(try await self.picture(database) == middle)
        }
    }

    @Test func `a file that was changed afterwards is refused, and nothing is done`() async throws {
        try await withDatabase { database async throws in
            let migrations = try self.three()
            _ = try await self.run(database, Array(migrations.prefix(2)))
            let before = try await self.picture(database)
            var changed = migrations
            changed[1] = try self.migration("0002_stays.sql", "CREATE TABLE stay (id int);")
            #expect(try await self.error(database, changed) == .changed(file: "0002_stays.sql"))
            #expect(try await self.picture(database) == before)
        }
    }

    @Test func `a newer schema is refused, and so is a step that comes too late`() async throws {
        try await withDatabase { database async throws in
            let migrations = try self.three()
            _ = try await self.run(database, migrations)
            #expect(try await self.error(database, Array(migrations.prefix(2))) == .newerSchema(version: 3))
            let gap = try await TestDatabase.make()
            _ = try await self.run(gap, [migrations[0], migrations[2]].map { $0.version == 3 ? try self.late() : $0 })
            let between = [migrations[0], migrations[1], try self.late()]
            #expect(try await self.error(gap, between) == .outOfOrder(file: "0002_stays.sql", done: 3))
            try await gap.drop()
        }
    }

    private func late() throws -> Migration { try self.migration("0003_late.sql", "SELECT 1") }

    @Test func `a file that fails leaves nothing of itself, and says where`() async throws {
        try await withDatabase { database async throws in
            let failing = try self.migration(
                "0002_bad.sql",
                "CREATE TABLE gone (id int);\n-- ü€😀\nINSERT INTO gone VALUES (1);\nSELECT 'ü', absent;\n")
            let first = try self.three()[0]
            let error = try await self.error(database, [first, failing])
            #expect(
                error
                    == .failed(
                        file: "0002_bad.sql", line: 4, column: 13, code: "42703",
                        message: #"column "absent" does not exist"#))
            #expect(error?.description == #"0002_bad.sql:4:13: column "absent" does not exist (42703)"#)
            let left = try await database.run(
                "SELECT to_regclass('gone') IS NULL, (SELECT count(*) FROM schema_migrations) = 1")
            #expect(try left[0].read(0, as: String.self) == "t" && left[0].read(1, as: String.self) == "t")
            // After the file was mended the run goes on where it stopped.
            let mended = try self.migration("0002_bad.sql", "CREATE TABLE gone (id int)")
            #expect(try await self.run(database, [first, mended]).map(\.state) == [.done, .applied])
        }
    }

    @Test func `a file must not end the transaction around it`() async throws {
        try await withDatabase { database async throws in
            let ending = try self.migration("0001_ending.sql", "CREATE TABLE a (id int); COMMIT;")
            #expect(try await self.error(database, [ending]) == .endedTransaction(file: "0001_ending.sql"))
            #expect(try await database.run("SELECT 1 FROM schema_migrations").isEmpty)
        }
    }

    @Test func `another runner is not waited for for ever, and no server is an error`() async throws {
        try await withDatabase { database async throws in
            let migrations = try self.three()
            let slow = try self.migration("0001_slow.sql", "SELECT pg_sleep(5)")
            let holder = Task { try await self.run(database, [slow]) }
            #expect(
                try await eventually {
                    // Of this database: other tests migrate others on the same server.
                    try await !database.run(
                        """
                        SELECT 1 FROM pg_locks JOIN pg_database d ON d.oid = database
                        WHERE locktype = 'advisory' AND datname = current_database()
                        """
                    ).isEmpty
                })
            await #expect(throws: MigrationError.locked) {
                try await onOwnThread {
                    try Migrator(database.address, migrations, patience: .milliseconds(100)).run()
                }
            }
            _ = try await holder.value
            let nowhere = try DatabaseAddress(setting: "postgresql:///none?host=/nonexistent")
            let message = try await onOwnThread { () -> String in
                do throws(MigrationError) {
                    _ = try Migrator(nowhere, migrations).dryRun()
                    return "it went well"
                } catch {
                    return error.description
                }
            }
            #expect(message.contains("/nonexistent"))
        }
    }

    @Test func `a node can tell whether the schema fits it`() async throws {
        try await withStore { pool, database async throws in
            let migrations = try self.three()
            #expect(try await pool.schemaFit([]) == .fits)
            #expect(try await pool.schemaFit([migrations[0]]) == .older(missing: ["0001_rooms.sql"]))
            _ = try await self.run(database, Array(migrations.prefix(2)))
            #expect(try await pool.schemaFit(migrations) == .older(missing: ["0003_more.sql"]))
            #expect(try await pool.schemaFit(Array(migrations.prefix(2))) == .fits)
            #expect(try await pool.schemaFit([migrations[0]]) == .newer(version: 2))
            let other = try self.migration("0002_stays.sql", "SELECT 1")
            #expect(try await pool.schemaFit([migrations[0], other]) == .changed(file: "0002_stays.sql"))
        }
    }

    @Test func `names of files are numbers and words`() throws {
        for file in [
            "1_a.sql", "0001.sql", "0001_.sql", "0000_a.sql", "0001_a.txt", "00x1_a.sql", "٠٠٠١_a.sql", "0001a.sql",
        ] {
            #expect(Migration(file: file, sql: []) == nil, "\(file)")
        }
        let migration = try self.migration("0042_some_thing.sql", "")
        #expect(migration.version == 42 && migration.name == "some_thing" && migration.file == "0042_some_thing.sql")
        let address = try DatabaseAddress(setting: "postgresql:///x")
        #expect(throws: MigrationError.badName(file: "0042_some_thing.sql")) {
            try Migrator(address, [migration, migration])
        }
    }

    @Test func `the program brings exactly the files of the folder, in order`() throws {
        let folder =
            #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined() + "/Sources/PGStore/Migrations"
        var files: [String] = []
        let stream = try #require(opendir(folder))
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasSuffix(".sql"), name != "ledger.sql" { files.append(name) }
        }
        #expect(migrationFiles.map(\.file.description) == files.sorted())
        let embedded = try Migration.embedded()
        for migration in embedded {
            let file = try #require(fopen("\(folder)/\(migration.file)", "r"))
            defer { fclose(file) }
            var bytes = [UInt8](repeating: 0, count: migration.sql.count + 1)
            let count = fread(&bytes, 1, bytes.count, file)
            #expect(Array(bytes[..<count]) == migration.sql, "\(migration.file)")
        }
    }

    @Test func `what the program brings goes into an empty database`() async throws {
        try await withDatabase { database async throws in
            try await database.migrate()
            try await database.migrate()
            let fit = try await withPool(database.address) { pool in try await pool.schemaFit(try Migration.embedded())
            }
            #expect(fit == .fits)
        }
    }
}
