import PGStore
import Reactor
import Shared

/// What a command has to do at the database before it ends: a connection of its own, and one line that says what came of it.
enum Errand {
    /// What went wrong, in one line.
    struct Failure: Error, Equatable, CustomStringConvertible {
        let description: String

        init(description: String) { self.description = description }

        init(_ error: StoreError) {
            self.description =
                switch error {
                case .unavailable, .timedOut: "the database cannot be reached; nothing was changed"
                case .outcomeUnknown: "the connection broke; run it again to learn what happened"
                // undefined_table, invalid_schema_name, undefined_function
                case .refused("42P01", _), .refused("3F000", _), .refused("42883", _):
                    "the database has no schema of this version: run bellhop migrate first"
                case .refused(let code, let message): "the database refused it (\(code)): \(message)"
                }
        }
    }

    /// Reads where the database is, and a password that no node should have in its environment.
    static func read(
        _ environment: [String: String], _ password: Setting, isRequired: Bool
    ) throws(ConfigurationError) -> (database: DatabaseAddress, password: String?) {
        var reader = SettingReader(
            environment, settings: [NodeSetting.databaseURL, password], prefix: password.name
        ) { (path) throws(SystemError) in try SecretFile(path: path) }
        var database: DatabaseAddress?
        var word: String?
        reader.read(NodeSetting.databaseURL, into: &database) { text throws(SettingProblem) in
            try DatabaseAddress(setting: text)
        }
        reader.read(password, into: &word) { $0 }
        reader.require(NodeSetting.databaseURL)
        if isRequired { reader.require(password) }
        try reader.finish()
        guard let database else { preconditionFailure("a required setting is missing without a fault") }
        return (database, word)
    }

    /// Does it.
    ///
    /// - Parameter work: gets the database, which is closed when it returns.
    /// - Returns: lines that say what was done.
    static func run(
        at address: DatabaseAddress, _ work: @Sendable (PGDatabase) async -> Result<String, Failure>
    ) async -> Result<String, Failure> {
        let group: LoopGroup
        do {
            group = try LoopGroup(count: 1, options: LoopOptions(), places: 1) { _ throws(SystemError) in }
        } catch {
            return .failure(Failure(description: "\(error)"))
        }
        var options = PGOptions()
        options.connections = 1
        let database = PGDatabase(address, options: options, loop: group.handles[0])
        let result = await work(database)
        await database.close()
        group.stop()
        return result
    }

    /// Does it from a thread that is not a task, and ends the program if it fails.
    static func wait(for name: String, _ errand: @escaping @Sendable () async -> Result<String, Failure>) {
        let (said, done) = (Locked<Result<String, Failure>?>(nil), Semaphore())
        Task.detached {
            let outcome = await errand()
            said.withLock { $0 = outcome }
            done.signal()
        }
        done.wait()
        switch said.withLock({ $0 }) {
        case .success(let text)?: say(text, to: 1)
        case .failure(let failure)?: leave(.unavailable, saying: "bellhop \(name): \(failure)\n")
        case nil: leave(.software)
        }
    }
}
