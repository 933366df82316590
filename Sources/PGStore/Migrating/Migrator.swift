internal import Crypto
internal import Migrations
package import Shared

/// Brings a database's schema to what this program needs.
///
/// What always holds:
/// - A step is one transaction, together with the line that remembers it: it was done wholly or not at all.
/// - One runner at a time, by an advisory lock of the session: so the address leads to the server, not through a pooler that
///   shares sessions. Others wait and then find nothing left to do.
/// - Nothing is done if what was done before is not exactly what this program knows.
///
/// All calls wait: they are made by a command or on a thread of their own.
package struct Migrator: Sendable {
    /// What is or would be done.
    package struct Step: Equatable, Sendable {
        package enum State: Equatable, Sendable {
            /// It was done before.
            case done
            /// It is to be done.
            case pending
            /// It was done by this run.
            case applied
        }

        package let file: String
        package let version: Int
        package let state: State
        /// SHA-256 of its text, in hexadecimal digits.
        package let checksum: String
    }

    private let address: DatabaseAddress
    private let migrations: [Migration]
    /// How long another runner is waited for.
    private let patience: Duration

    /// - Parameter migrations: in order; those that the program brings are `Migration.embedded()`.
    package init(
        _ address: DatabaseAddress, _ migrations: [Migration], patience: Duration = .seconds(300)
    ) throws(MigrationError) {
        for (before, after) in zip(migrations, migrations.dropFirst()) where before.version >= after.version {
            throw .badName(file: after.file)
        }
        self.address = address
        self.migrations = migrations
        self.patience = patience
    }

    /// What a run would do; changes nothing.
    package func dryRun() throws(MigrationError) -> [Step] {
        try self.plan(try self.connect())
    }

    /// Does what is to be done, and tells of each step when it is done.
    ///
    /// - Returns: all steps.
    @discardableResult
    package func run(_ report: (Step) -> Void = { _ in }) throws(MigrationError) -> [Step] {
        let session = try self.connect()
        // It goes with the session, however that ends.
        try self.lock(session)
        _ = try Self.explain(file: "ledger.sql") { () throws(DirectError) in
            try session.run(script: String(decoding: ledgerFile, as: UTF8.self))
        }
        var steps = try self.plan(session)
        for (index, migration) in self.migrations.enumerated() where steps[index].state == .pending {
            try self.apply(migration, session)
            steps[index] = self.step(migration, .applied)
            report(steps[index])
        }
        return steps
    }

    /// Makes the log's partitions of the months to come: to be called after each run, for a schema that has a log. Until the
    /// next one events of later months go to a partition of their own, so it may come late, but not never.
    package func prepareMonths() throws(MigrationError) {
        let session = try self.connect()
        try Self.explain(file: "create_event_partitions") { () throws(DirectError) in
            // It waits for whoever writes to the log at this moment; behind it, everybody else would wait.
            try session.run("SET lock_timeout = '5s'")
            try session.run("SELECT bellhop.create_event_partitions()")
        }
    }

    // MARK: Planning

    private func plan(_ session: DirectSession) throws(MigrationError) -> [Step] {
        let done = try self.done(session)
        let known = Set(self.migrations.map(\.version))
        if let newer = done.keys.filter({ !known.contains($0) }).max() { throw .newerSchema(version: newer) }
        let last = done.keys.max() ?? 0
        var steps: [Step] = []
        for migration in self.migrations {
            if let checksum = done[migration.version] {
                guard checksum == migration.checksum else { throw .changed(file: migration.file) }
            } else if migration.version < last {
                throw .outOfOrder(file: migration.file, done: last)
            }
            steps.append(self.step(migration, done[migration.version] == nil ? .pending : .done))
        }
        return steps
    }

    private func step(_ migration: Migration, _ state: Step.State) -> Step {
        let digits = migration.checksum.withUnsafeBytes { Hexadecimal.encode($0) }
        return Step(
            file: migration.file, version: migration.version, state: state,
            checksum: String(decoding: digits, as: UTF8.self))
    }

    /// Versions and checksums that the database remembers.
    private func done(_ session: DirectSession) throws(MigrationError) -> [Int: [UInt8]] {
        try Self.explain(file: "schema_migrations") { () throws(DirectError) in
            let there = try session.run("SELECT to_regclass('public.schema_migrations') IS NOT NULL")
            guard try Self.read({ () throws(StoreError) in try there.first?.read(0, as: Bool.self) }) == true else {
                return [:]
            }
            var done: [Int: [UInt8]] = [:]
            for row in try session.run("SELECT version, checksum FROM public.schema_migrations") {
                let (version, checksum) = try Self.read { () throws(StoreError) in
                    try row.read(Int.self, [UInt8].self)
                }
                done[version] = checksum
            }
            return done
        }
    }

    // MARK: Doing

    private func apply(_ migration: Migration, _ session: DirectSession) throws(MigrationError) {
        let file = migration.file
        try Self.explain(file: file) { () throws(DirectError) in try session.run("BEGIN") }
        try Self.explain(file: file, text: migration.sql) { () throws(DirectError) in
            try session.run(script: String(decoding: migration.sql, as: UTF8.self))
        }
        guard session.isInTransaction else { throw .endedTransaction(file: file) }
        try Self.explain(file: file) { () throws(DirectError) in
            try session.run(
                PGQuery(
                    "INSERT INTO public.schema_migrations (version, name, checksum) VALUES ($1, $2, $3)",
                    .int4(Int32(migration.version)), .text(migration.name), .bytea(migration.checksum)))
            try session.run("COMMIT")
        }
    }

    private func connect() throws(MigrationError) -> DirectSession {
        do throws(DirectError) {
            let session = try DirectSession(self.address)
            try session.run("SET application_name = 'bellhop migrate'")
            return session
        } catch {
            switch error {
            case .lost(let message): throw .unreachable(message)
            case .refused(let fault): throw .unreachable(fault.message)
            }
        }
    }

    private func lock(_ session: DirectSession) throws(MigrationError) {
        do throws(DirectError) {
            let patience = PGValue.text("\(self.patience.wholeMilliseconds)ms")
            try session.run(PGQuery("SELECT set_config('lock_timeout', $1, false)", patience))
            try session.run(PGQuery("SELECT pg_advisory_lock($1)", .int8(Self.lockKey)))
            try session.run("SET lock_timeout = 0")
        } catch {
            switch error {
            case .lost(let message): throw .unreachable(message)
            case .refused(let fault):
                // `lock_not_available`
                throw fault.code == "55P03" ? .locked : .unreachable(fault.message)
            }
        }
    }

    /// "bellhop" in ASCII: the lock's name in the database.
    private static let lockKey: Int64 = 0x62_656C_6C68_6F70

    // MARK: Saying what went wrong

    @discardableResult
    private static func explain<Result>(
        file: String, text: [UInt8]? = nil, _ body: () throws(DirectError) -> Result
    ) throws(MigrationError) -> Result {
        do throws(DirectError) {
            return try body()
        } catch {
            switch error {
            case .lost(let message): throw .unreachable("\(file): \(message)")
            case .refused(let fault):
                let place = text.flatMap { text in fault.error.position.map { Self.place($0, in: text) } }
                throw .failed(
                    file: file, line: place?.line, column: place?.column, code: fault.code, message: fault.message)
            }
        }
    }

    /// Line and column of the server's position, which counts characters from 1.
    static func place(_ position: Int, in text: [UInt8]) -> (line: Int, column: Int) {
        var (line, column) = (1, 1)
        for character in String(decoding: text, as: UTF8.self).unicodeScalars.prefix(max(0, position - 1)) {
            if character == "\n" {
                line += 1
                column = 1
            } else {
                column += 1
            }
        }
        return (line, column)
    }

    private static func read<Value>(_ body: () throws(StoreError) -> Value) throws(DirectError) -> Value {
        do throws(StoreError) {
            return try body()
        } catch {
            throw .lost("the ledger cannot be read: \(error)")
        }
    }
}

extension DirectSession {
    /// Runs a statement without parameters.
    @discardableResult
    func run(_ statement: PGStatement) throws(DirectError) -> PGRows { try self.run(PGQuery(statement)) }
}
