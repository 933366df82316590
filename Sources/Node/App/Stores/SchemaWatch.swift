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

    /// Between two questions, in milliseconds.
    private static let pause: UInt64 = 500
    /// How long an answer may take.
    private static let patience = Duration.seconds(2)

    private struct State {
        var finding = Finding.unknown
        var decided: (@Sendable (Verdict) -> Void)?
        var isStopped = false
    }

    private let database: PGDatabase
    private let migrations: [Migration]
    private let loop: LoopHandle
    private let log: Logger
    private let state = Locked(State())

    init(_ database: PGDatabase, _ migrations: [Migration], on loop: LoopHandle, log: Logger) {
        self.database = database
        self.migrations = migrations
        self.loop = loop
        self.log = log
    }

    /// What is known now.
    var finding: Finding { self.state.withLock { $0.finding } }

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
        self.state.withLock { $0.decided = decided }
        self.askOnce()
    }

    func stop() { self.state.withLock { $0.isStopped = true } }

    /// Asks, and again after a while. All of it on the loop, timer included: an idle node wakes none of Swift's own threads, and
    /// this waits for nobody who keeps them busy.
    private func askOnce() {
        guard !self.state.withLock({ $0.isStopped }) else { return }
        Task(executorPreference: LoopExecutor(self.loop)) {
            self.take(await self.ask())
            self.loop.post { loop in loop.schedule(after: Self.pause) { self.askOnce() } }
        }
    }

    private func take(_ finding: Finding) {
        let verdict = Self.verdict(finding)
        let (before, decided) = self.state.withLock { state in
            defer {
                state.finding = finding
                if verdict != nil { state.decided = nil }
            }
            return (state.finding, state.decided)
        }
        if finding != before { self.note(finding, after: before) }
        if let verdict { decided?(verdict) }
    }

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

    private func note(_ finding: Finding, after before: Finding) {
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
