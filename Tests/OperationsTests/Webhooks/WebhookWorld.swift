import Outbound
import PGStore
import Ports
import Reactor
import Shared
import StoreSupport

@testable import Operations

/// Who hears which channel, as the test says.
final class SaidTruth: AppCensus, PresenceDirectory {
    private struct State {
        var heard: [String: [String: Int]] = [:]
        var members: [AppChannel: Set<String>] = [:]
        var isSettled = true
        var isThere = true
    }

    private let state = Locked(State())

    /// So many sockets hear the channel now.
    func hear(_ channel: String, _ count: Int, of app: String = WebhookWorld.app) {
        self.state.withLock { $0.heard[app, default: [:]][channel] = count == 0 ? nil : count }
    }

    func enter(_ users: String..., channel: String) {
        self.state.withLock {
            $0.members[AppChannel(app: WebhookWorld.app, name: channel), default: []].formUnion(users)
        }
    }

    func leave(_ user: String, channel: String) {
        _ = self.state.withLock { $0.members[AppChannel(app: WebhookWorld.app, name: channel)]?.remove(user) }
    }

    /// All is forgotten, and not yet told again.
    func forget() {
        self.state.withLock { state in
            (state.heard, state.members, state.isSettled) = ([:], [:], false)
        }
    }

    func settle() { self.state.withLock { $0.isSettled = true } }
    func disappear() { self.state.withLock { $0.isThere = false } }
    func comeBack() { self.state.withLock { $0.isThere = true } }

    func note(_ counts: [AppChannel: Int], on loop: Int) {}
    func whenCountsChange(_ body: @escaping @Sendable ([AppCountChange]) -> Void) {}
    func join(_ entrant: PresenceEntrant) async -> PresenceEntry { .awaited }
    func leave(_ connection: String, from channel: AppChannel) async {}
    func whenInDoubt(_ body: @escaping @Sendable () -> Void) {}

    func figures(_ question: AppQuestion) async throws(PresenceError) -> AppFigures {
        let (heard, isSettled, isThere) = self.state.withLock {
            ($0.heard[question.app] ?? [:], $0.isSettled, $0.isThere)
        }
        guard isThere else { throw .unavailable }
        var figures: [String: AppFigure] = [:]
        switch question.scope {
        case .channels(let names):
            for name in names { figures[name] = AppFigure(subscriptions: heard[name] ?? 0, users: 0) }
        case .occupied(let prefix):
            for (name, count) in heard where name.hasPrefix(prefix) {
                figures[name] = AppFigure(subscriptions: count, users: 0)
            }
        }
        return AppFigures(figures, isSettled: isSettled)
    }

    func members(of channel: AppChannel) async throws(PresenceError) -> PresenceSnapshot {
        let (users, isSettled, isThere) = self.state.withLock { ($0.members[channel] ?? [], $0.isSettled, $0.isThere) }
        guard isThere else { throw .unavailable }
        var members: [String: PresenceMember] = [:]
        for user in users { members[user] = PresenceMember(id: user) }
        return PresenceSnapshot(version: 1, members: members, settlesIn: isSettled ? nil : .milliseconds(100))
    }
}

/// The nodes that the test says there are.
final class SaidNodes: NodeRegistry {
    private let nodes = Locked([1, 2].map { LivingNode(id: "n\($0)", address: "n\($0):1", incarnation: 1) })

    func die(_ id: String) { self.nodes.withLock { $0.removeAll { $0.id == id } } }

    func livingNodes() async throws(RegistryError) -> [LivingNode] { self.nodes.withLock { $0 } }
}

/// A store whose answers about requests are lost: as of a node that dies before it has written them down.
struct ForgetfulStore: WebhookStore {
    let store: any WebhookStore

    func note(_ notes: WebhookNotes) async throws(StoreError) -> WebhookOutcome { try await self.store.note(notes) }

    func due(_ app: String, limit: Int) async throws(StoreError) -> [WebhookMemory] {
        try await self.store.due(app, limit: limit)
    }

    func settle(_ findings: WebhookFindings) async throws(StoreError) -> WebhookOutcome {
        try await self.store.settle(findings)
    }

    func told(_ app: String, after: WebhookSubject?, limit: Int) async throws(StoreError) -> [WebhookMemory] {
        try await self.store.told(app, after: after, limit: limit)
    }

    func waiting(for app: String, limit: Int) async throws(StoreError) -> [QueuedWebhook] {
        try await self.store.waiting(for: app, limit: limit)
    }

    func end(_ attempt: WebhookAttempt) async throws(StoreError) -> WebhookStanding { throw .unavailable }
}

/// One node's webhooks and its timers.
final class WebhookStation: Sendable {
    let webhooks: Webhooks
    let runner: TimerRunner
    let registry = MetricsRegistry()

    init(_ apps: [WebhookApp], _ store: any WebhookStore, timers: any TimerQueue, terms: WebhookTerms) {
        self.webhooks = Webhooks(
            apps, store: store, sender: HTTPCaller(), terms: terms, metrics: WebhookMetrics(in: self.registry))
        var pace = TimerTerms()
        pace.interval = .milliseconds(20)
        (pace.firstPause, pace.longestPause) = (.milliseconds(20), .milliseconds(100))
        (pace.pauseWithoutStore, pace.longestPauseWithoutStore) = (.milliseconds(20), .milliseconds(200))
        (pace.lease, pace.workLimit, pace.stopLimit) = (.seconds(30), .seconds(25), .seconds(5))
        self.runner = TimerRunner(
            timers, handlers: self.webhooks.handlers, terms: pace, metrics: TimerMetrics(in: self.registry))
    }

    func start(_ truth: SaidTruth, nodes: any NodeRegistry) async {
        self.webhooks.begin(over: WebhookTruth(census: truth, presence: truth), nodes: nodes) {
            [runner = self.runner] in
            runner.poke()
        }
        await self.runner.start()
    }

    func stop() async {
        await self.webhooks.stop()
        await self.runner.stop()
    }

    func note(_ news: AppNews, of app: String = WebhookWorld.app) { self.webhooks.newsDesk(news, app) }

    /// The value of a series, as Prometheus reads it.
    func figure(_ series: String) -> String? {
        let text = String(decoding: self.registry.render(), as: UTF8.self)
        let line = text.split(separator: "\n").first { $0.hasPrefix("\(series) ") }
        return line.map { String($0.dropFirst(series.count + 1)) }
    }
}

/// A migrated database of its own, used with the rights of a node, and an app whose back end wants to be told everything.
struct WebhookWorld {
    static let app = "4711"
    static let secret = "rt-secret-1"

    let database: TestDatabase
    let pools: [PGDatabase]
    let truth = SaidTruth()
    let nodes = SaidNodes()

    static func with(_ body: (WebhookWorld) async throws -> Void) async throws {
        try await withDatabase { database in
            try await database.migrate()
            try await Self.with(database, at: try await database.nodeAddress(), body)
        }
    }

    static func with(
        _ database: TestDatabase, at address: DatabaseAddress, _ body: (WebhookWorld) async throws -> Void
    ) async throws {
        let group = try LoopGroup(count: 1, options: LoopOptions(), places: 10) { _ throws(SystemError) in }
        var options = PGOptions()
        options.connections = 3
        options.deadline = .seconds(5)
        let pools = (0..<2).map { _ in PGDatabase(address, options: options, loop: group.handles[0]) }
        func close() async {
            for pool in pools { await pool.close() }
            group.stop()
        }
        do {
            try await body(WebhookWorld(database: database, pools: pools))
        } catch {
            await close()
            throw error
        }
        await close()
    }

    /// So quick that no test has to wait.
    static var terms: WebhookTerms {
        var terms = WebhookTerms()
        (terms.store.grace, terms.store.countPause) = (.milliseconds(300), .milliseconds(100))
        terms.store.unsettledPause = .milliseconds(50)
        terms.batchWindow = .milliseconds(100)
        (terms.firstRetryPause, terms.longestRetryPause) = (.milliseconds(20), .milliseconds(100))
        terms.pauseAfterDrop = .milliseconds(10)
        (terms.firstStorePause, terms.longestStorePause) = (.milliseconds(20), .milliseconds(200))
        (terms.censusPause, terms.deathPause, terms.pauseWithoutTruth) = (
            .milliseconds(20), .milliseconds(20), .milliseconds(20)
        )
        return terms
    }

    static func hook(
        _ url: String, id: String = WebhookWorld.app, batching: Bool = false,
        events: Set<AppWebhook.Event> = Set(AppWebhook.Event.allCases)
    ) throws -> WebhookApp {
        var options = AppOptions()
        options.hasSubscriptionCounts = true
        options.webhook = AppWebhook(url: url, events: events, isBatching: batching)
        guard let app = WebhookApp(try AppCredentials(setting: "\(id):rt-key-1:\(Self.secret)"), options) else {
            throw SettingProblem("no webhook")
        }
        return app
    }

    /// A node with these apps.
    func station(
        _ apps: WebhookApp..., number: Int = 0, store: (any WebhookStore)? = nil, terms: WebhookTerms = Self.terms
    ) -> WebhookStation {
        let pool = self.pools[number % 2]
        return WebhookStation(
            apps, store ?? PGWebhooks(pool), timers: PGTimers(pool, node: "n\(number)"), terms: terms)
    }

    func running(_ station: WebhookStation, _ body: () async throws -> Void) async throws {
        await station.start(self.truth, nodes: self.nodes)
        do {
            try await body()
        } catch {
            await station.stop()
            throw error
        }
        await station.stop()
    }

    /// Sets the timers that are always there.
    func setTimers(of station: WebhookStation) async throws {
        let queue = PGTimers(self.pools[0], node: "test")
        for timer in station.webhooks.timers { try await queue.ensure(timer) }
    }

    func rows(_ table: String) async throws -> Int {
        Int(try await self.database.run("SELECT count(*)::text FROM bellhop.\(table)")[0].read(0, as: String.self))
            ?? -1
    }
}

extension Receiver {
    /// What was told, in the order in which it came: name, channel, and what else there is.
    var told: [String] {
        self.requests.flatMap { request in
            guard let body = try? JSONValue(parsing: request.body), case .array(let events)? = body["events"] else {
                return ["no events"]
            }
            return events.map { event in
                var words = [event["name"]?.text, event["channel"]?.text, event["user_id"]?.text, event["data"]?.text]
                if case .number(let number)? = event["subscription_count"] { words.append("\(number.int64 ?? -1)") }
                return words.compactMap(\.self).joined(separator: " ")
            }
        }
    }
}
