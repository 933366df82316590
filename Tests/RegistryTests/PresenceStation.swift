import Reactor
import Realtime
import Shared
import TestSupport

@testable import RedisBridge

import func StoreSupport.eventually

/// Polls as tasks do, without blocking a thread.
func soon(within limit: Duration = .seconds(10), _ condition: () async throws -> Bool) async rethrows -> Bool {
    try await StoreSupport.eventually(within: limit, condition)
}

/// A node's part in presence, without the clients: what it was told is written down by channel, `+7` and `-7`.
final class PresenceStation: Sendable {
    enum Kind: String, CaseIterable, Sendable { case inProcess, redis }

    static let lease = Duration.milliseconds(800)

    let group: LoopGroup
    let directory: any PresenceDirectory
    let told = Locked<[String: [String]]>([:])
    let book = LogBook()
    let watchMetrics = PresenceWatchMetrics(in: MetricsRegistry())
    let metrics = PresenceMetrics(in: MetricsRegistry())
    let registryMetrics = RegistryMetrics(in: MetricsRegistry())
    let commands: RedisCommands?
    let registry: RedisNodeRegistry?

    /// A node that is alone.
    init() throws {
        self.group = try LoopGroup(count: 1, options: LoopOptions(), places: 100) { _ throws(SystemError) in }
        let bus = InProcessBus()
        (self.commands, self.registry) = (nil, nil)
        self.directory = InProcessPresence(bus: bus)
        self.watch { loop in bus.subscriber(on: loop) }
    }

    /// A node of a cluster.
    init(_ id: String, _ redises: [PrivateRedis], starts: Bool = true) throws {
        self.group = try LoopGroup(count: 1, options: LoopOptions(), places: 200) { _ throws(SystemError) in }
        let servers = try redises.map { try RedisServer(setting: "redis://127.0.0.1:\($0.port)") }
        var (bridge, options) = (RedisOptions(), RegistryOptions())
        bridge.commandMilliseconds = 300
        bridge.longestRetryMilliseconds = 100
        (options.lease, options.renewal, options.reapClaim) = (Self.lease, .milliseconds(100), .milliseconds(800))
        let (handle, log) = (self.group.handles[0], self.book.logger)
        let commands = RedisCommands(servers: servers, on: handle, options: bridge, log: log)
        let registry = RedisNodeRegistry(
            id: id, address: "\(id).example:8080", commands: commands, loop: handle, options: options,
            metrics: self.registryMetrics, log: log)
        (self.commands, self.registry) = (commands, registry)
        self.directory = RedisPresence(commands: commands, registry: registry, metrics: self.metrics, log: log)
        self.watch { [bridge] loop in RedisSubscriber(servers: servers, on: loop, commands: commands, options: bridge) }
        if starts { registry.start() }
    }

    private func watch(_ bus: @escaping @Sendable (EventLoop) -> any BusSubscriber) {
        let (directory, metrics, told) = (self.directory, self.watchMetrics, self.told)
        self.group.handles[0].post { loop in
            let watch = PresenceWatch(loop: loop, bus: bus(loop), directory: directory, metrics: metrics)
            let scribe = Scribe(told)
            watch.listener = scribe
            loop.attach(scribe)
        }
    }

    deinit {
        // Its renewals would go on for as long as the process, without a loop and without a server.
        Task { [registry] in await registry?.halt() }
        self.commands?.stop()
        self.group.stop()
    }

    /// Ends like a process that is killed: its connections break, and it says nothing more.
    func die() async {
        await self.registry?.halt()
        self.commands?.stop()
        self.group.stop()
    }

    private final class Scribe: PresenceListener {
        private let told: Locked<[String: [String]]>
        init(_ told: Locked<[String: [String]]>) { self.told = told }

        func presenceChanged(in channel: AppChannel, _ changes: [PresenceChange]) {
            self.told.withLock { told in
                for change in changes {
                    switch change {
                    case .added(let member): told[channel.name, default: []].append("+\(member.id)")
                    case .removed(let id): told[channel.name, default: []].append("-\(id)")
                    }
                }
            }
        }
    }

    // MARK: What a test does

    func onLoop<Result: Sendable>(_ body: @escaping @Sendable (PresenceWatch) -> Result) async -> Result? {
        await withCheckedContinuation { continuation in
            self.group.handles[0].post { loop in
                continuation.resume(returning: loop.attachment(PresenceWatch.self).map(body))
            }
        }
    }

    func watch(_ channel: AppChannel) async { _ = await self.onLoop { $0.watch(channel) } }

    /// Watches, and knows who is there: from now on nothing that happens is told in one with something else.
    func watchAndKnow(_ channel: AppChannel) async {
        await self.watch(channel)
        _ = await soon { await self.onLoop { $0.isKnown(channel) } ?? false }
    }

    /// Enters as sessions do.
    @discardableResult
    func enter(
        _ user: String, by connection: String, _ channel: AppChannel, info: String = "", limit: Int = 0
    ) async -> PresenceEntry? {
        guard let member = PresenceMember(id: user, info: Array(info.utf8)) else { return nil }
        let entry = await self.directory.join(
            PresenceEntrant(connection, as: member, in: channel, limit: limit))
        if case .entered(let snapshot) = entry { _ = await self.onLoop { $0.joined(channel, snapshot) } }
        return entry
    }

    func leave(_ connection: String, _ channel: AppChannel) async {
        await self.directory.leave(connection, from: channel)
    }

    /// Who this node believes to be in the channel.
    func seen(_ channel: AppChannel) async -> [String] {
        await self.onLoop { $0.members(of: channel).keys.sorted() } ?? []
    }

    /// Whom the directory has.
    func present(_ channel: AppChannel) async -> [String]? {
        (try? await self.directory.members(of: channel))?.members.keys.sorted()
    }

    func notes(_ channel: AppChannel) -> [String] { self.told.withLock { $0[channel.name] ?? [] } }

    func isSeated() async -> Bool { await soon { self.registry?.seat(on: 0) != nil } }

    func incarnation(_ server: Int = 0) -> Int64? { self.registry?.seat(on: server)?.incarnation }

    func sees(_ channel: AppChannel, _ users: [String], within limit: Duration = .seconds(15)) async -> Bool {
        await soon(within: limit) { await self.seen(channel) == users }
    }
}

extension AppChannel {
    /// One that no other test has.
    static func fresh(_ name: String = "a") -> AppChannel {
        AppChannel(app: "app", name: "presence-\(UInt32.random(in: .min ... .max))-\(name)")
    }
}

/// Log lines of a test.
final class LogBook: LogSink {
    private let lines = Locked<[String]>([])
    func write(_ line: [UInt8], level: LogLevel) {
        self.lines.withLock { $0.append(String(decoding: line, as: UTF8.self)) }
    }
    func count(_ text: String) -> Int { self.lines.withLock { lines in lines.filter { $0.contains(text) }.count } }
    var logger: Logger { Logger(to: self, style: LogStyle(.text), threshold: .debug) }
}
