import PGStore
import Reactor
import Shared

/// Asks PostgreSQL again and again whether it is there and whether its schema is the one that this program needs.
final class SchemaWatch: Sendable {
    /// What the last question brought.
    enum Finding: Equatable, Sendable {
        /// Nobody has answered yet.
        case unknown
        /// No answer in time.
        case unreachable
        /// It answers, but not this question; in words.
        case refused(String)
        case schema(SchemaFit)

        /// Whether the server answered.
        var isAnswer: Bool {
            switch self {
            case .unknown, .unreachable: false
            case .refused, .schema: true
            }
        }
    }

    /// What the first finding that counts means for the node.
    enum Verdict: Equatable, Sendable {
        /// Clients may come.
        case fits
        /// Starting again would not help: somebody must act. In words, for the log.
        case impossible(String)
    }

    /// Between two questions, and how long an answer may take.
    static let pause = Duration.milliseconds(500)
    static let patience = Duration.seconds(2)

    private let database: PGDatabase
    private let migrations: [Migration]
    private let executor: LoopExecutor
    private let log: Logger
    private let found = Locked(Finding.unknown)
    private let task = Locked<Task<Void, Never>?>(nil)

    init(_ database: PGDatabase, _ migrations: [Migration], on loop: LoopHandle, log: Logger) {
        self.database = database
        self.migrations = migrations
        // So that it waits for nobody who keeps Swift's own threads busy.
        self.executor = LoopExecutor(loop)
        self.log = log
    }

    /// What is known now.
    var finding: Finding { self.found.withLock { $0 } }

    /// The version of the schema, as far as it is known.
    var version: Int? {
        guard case .schema(let fit) = self.finding else { return nil }
        switch fit {
        case .fits, .changed: return self.migrations.last?.version
        case .newer(let version): return version
        case .older(let missing): return self.migrations.last { !missing.contains($0.file) }?.version
        }
    }

    /// Begins to ask. What happens after the first verdict is found, too, and changes nothing for those who are served.
    ///
    /// - Parameter decided: called once, with the first verdict.
    func start(decided: @escaping @Sendable (Verdict) -> Void) {
        let task = Task(executorPreference: self.executor) {
            var isDecided = false
            while !Task.isCancelled {
                let finding = await self.ask()
                if finding != self.finding { self.note(finding, isDecided: isDecided) }
                if !isDecided, let verdict = Self.verdict(finding) {
                    isDecided = true
                    decided(verdict)
                }
                try? await Task.sleep(for: Self.pause)
            }
        }
        self.task.withLock { $0 = task }
    }

    func stop() { self.task.withLock { $0?.cancel() } }

    private func ask() async -> Finding {
        do throws(StoreError) {
            return .schema(try await self.database.schemaFit(self.migrations, deadline: Self.patience))
        } catch {
            switch error {
            case .unavailable, .timedOut, .outcomeUnknown: return .unreachable
            case .refused(let code, let message): return .refused("\(message) (\(code))")
            }
        }
    }

    private func note(_ finding: Finding, isDecided: Bool) {
        let before = self.found.withLock { found in
            defer { found = finding }
            return found
        }
        switch finding {
        case .unknown: break
        case .unreachable: self.log.warning("pg.unreachable")
        case .refused(let reason): self.log.warning("pg.refused", ["reason": .string(reason)])
        case .schema(.fits):
            self.log.notice(before.isAnswer ? "pg.schema_fits" : "pg.reached", ["schema": .int(self.version ?? 0)])
        case .schema(let fit):
            self.log.warning("pg.schema_differs", ["reason": .string(Self.words(for: fit) ?? "")])
        }
    }

    private static func verdict(_ finding: Finding) -> Verdict? {
        switch finding {
        case .unknown, .unreachable, .refused, .schema(.older): nil
        case .schema(.fits): .fits
        case .schema(.newer(let version)): .impossible(self.words(for: .newer(version: version)) ?? "")
        case .schema(.changed(let file)): .impossible(self.words(for: .changed(file: file)) ?? "")
        }
    }

    /// What is wrong with a schema, and what to do about it; `nil` if nothing is.
    static func words(for fit: SchemaFit) -> String? {
        switch fit {
        case .fits: nil
        case .older(let missing):
            "the schema lacks \(missing.first ?? "a step")"
                + (missing.count > 1 ? " and \(missing.count - 1) more" : "") + ": run bellhop migrate"
        case .newer(let version):
            "the schema has version \(version), which is newer than this program: run the program that made it"
        case .changed(let file): "the database was migrated with another text of \(file)"
        }
    }
}
