import Reactor
import Realtime
import Shared
import TestSupport
import Testing

@testable import RedisBridge

/// A node's part in the census and in the memory of cache channels, without the clients.
final class CensusStation: Sendable {
    let station: PresenceStation
    let census: any AppCensus
    let memory: any AppMemory
    let changes = Locked<[String]>([])

    init(_ station: PresenceStation, _ census: any AppCensus, _ memory: any AppMemory) {
        (self.station, self.census, self.memory) = (station, census, memory)
        census.whenCountsChange { [changes] list in
            changes.withLock { $0 += list.map { "\($0.channel.name) \($0.before)>\($0.now)" } }
        }
    }

    /// Subscribers are told `<a number>`.
    static let cast: AppCountCast = { channel in channel.app == "counted" ? ([60], [62]) : nil }

    static func alone() throws -> CensusStation {
        let bus = InProcessBus()
        let presence = InProcessPresence(bus: bus)
        return CensusStation(
            try PresenceStation(), InProcessCensus(bus: bus, presence: presence, cast: Self.cast),
            InProcessMemory(bus: bus))
    }

    static func node(_ id: String, _ redises: [PrivateRedis]) async throws -> CensusStation {
        let station = try PresenceStation(id, redises, starts: false)
        let (commands, registry) = (try #require(station.commands), try #require(station.registry))
        let census = RedisCensus(
            commands: commands, registry: registry, metrics: CensusMetrics(in: MetricsRegistry()), cast: Self.cast)
        registry.start()
        #expect(await soon { redises.indices.allSatisfy { registry.seat(on: $0) != nil } })
        return CensusStation(station, census, RedisAppMemory(commands))
    }

    func count(_ channel: String, _ count: Int, of app: String = "app", on loop: Int = 0) {
        self.census.note([AppChannel(app: app, name: channel): count], on: loop)
    }

    /// The first answer; on a busy machine a server may be late.
    func figures(_ scope: AppQuestion.Scope) async -> [String: Int]? {
        var found: AppFigures?
        _ = await soon {
            found = try? await self.census.figures(AppQuestion(app: "app", scope))
            return found != nil
        }
        return found?.channels.mapValues(\.subscriptions)
    }

    func sees(_ counts: [String: Int], prefix: String = "") async -> Bool {
        await soon(within: .seconds(15)) { await self.figures(.occupied(prefix: prefix)) == counts }
    }
}

@Suite(.timeLimit(.minutes(3))) struct CensusTests {
    private func with(
        _ kind: PresenceStation.Kind, _ body: (CensusStation) async throws -> Void
    ) async throws {
        switch kind {
        case .inProcess: try await body(.alone())
        case .redis:
            let redises = [PrivateRedis(), PrivateRedis()]
            try await body(.node("n1", redises))
        }
    }

    @Test(arguments: PresenceStation.Kind.allCases)
    func `what a node noted it is told at once, loop by loop, of occupied channels only`(
        kind: PresenceStation.Kind
    ) async throws {
        try await self.with(kind) { node in
            for (channel, count) in [("a", 2), ("ab", 1), ("b*?[x", 3)] { node.count(channel, count) }
            node.count("a", 5, on: 1)
            node.count("a", 9, of: "other")
            #expect(await node.figures(.occupied(prefix: "")) == ["a": 7, "ab": 1, "b*?[x": 3])
            #expect(await node.figures(.occupied(prefix: "a")) == ["a": 7, "ab": 1])
            #expect(await node.figures(.occupied(prefix: "b*?[")) == ["b*?[x": 3], "no pattern")
            #expect(await node.figures(.occupied(prefix: "?")) == [:])
            #expect(await node.figures(.channels(["a", "never"])) == ["a": 7, "never": 0])
            node.count("a", 0)
            node.count("a", 0, on: 1)
            node.count("ab", 1)
            #expect(await node.figures(.occupied(prefix: "a")) == ["ab": 1])
            let turns = node.changes.withLock { $0.filter { $0.hasPrefix("a ") } }
            #expect(turns.first?.hasPrefix("a 0>") == true && turns.last?.hasSuffix(">0") == true, "\(turns)")
        }
    }

    @Test func `users are counted where they are asked for`() async throws {
        let redis = PrivateRedis()
        let node = try await CensusStation.node("n1", [redis])
        let channel = AppChannel.fresh()
        await node.station.enter("7", by: "1.1", channel)
        await node.station.enter("7", by: "1.2", channel)
        await node.station.enter("8", by: "1.3", channel)
        node.census.note([channel: 3], on: 0)
        let found = try await node.census.figures(AppQuestion(app: "app", .channels([channel.name]), countsUsers: true))
        #expect(found.channels[channel.name] == AppFigure(subscriptions: 3, users: 2) && found.isSettled)
    }

    @Test(arguments: PresenceStation.Kind.allCases)
    func `the last event is remembered until its time, and a miss is one for all`(
        kind: PresenceStation.Kind
    ) async throws {
        try await self.with(kind) { node in
            let (channel, short) = (AppChannel(app: "app", name: "cache-a"), AppChannel(app: "app", name: "cache-b"))
            #expect(try await node.memory.last(of: channel) == nil)
            #expect(await node.memory.claimMiss(of: channel))
            #expect(await !node.memory.claimMiss(of: channel))
            for number: UInt8 in 1...3 {
                try await node.memory.publish(RememberedEvent(channel, cast: [number], seconds: 1_800))
            }
            let last = try #require(try await node.memory.last(of: channel))
            #expect(last.cast == [3] && (1_700...1_800).contains(last.seconds))
            #expect(await node.memory.claimMiss(of: channel), "what is forgotten later is missed anew")
            try await node.memory.publish(RememberedEvent(short, cast: [1], seconds: 1))
            #expect(await soon { (try? await node.memory.last(of: short)) ?? nil == nil })
        }
    }

    @Test func `nodes add up, and what a dead one had is taken back`() async throws {
        let redises = [PrivateRedis(), PrivateRedis()]
        let nodes = [
            try await CensusStation.node("n1", redises), try await CensusStation.node("n2", redises),
            try await CensusStation.node("n3", redises),
        ]
        let own = Dictionary(uniqueKeysWithValues: (0..<500).map { (AppChannel(app: "app", name: "x\($0)"), 1) })
        nodes[2].census.note(own, on: 0)
        for (place, node) in nodes.enumerated() { node.count("a", place + 1) }
        #expect(await nodes[0].sees(["a": 6], prefix: "a"))
        #expect(await soon { await nodes[0].figures(.occupied(prefix: "x"))?.count == 500 })
        await nodes[2].station.die()
        #expect(await nodes[0].sees(["a": 3]))
        #expect(await nodes[1].sees(["a": 3]))
        let vacated = nodes.prefix(2).flatMap { node in node.changes.withLock { $0.filter { $0.hasSuffix("1>0") } } }
        #expect(Set(vacated).count == 500 && vacated.count == 500, "each is vacated once")
    }

    @Test func `a server that forgot is told again, and one that is away later`() async throws {
        let redis = PrivateRedis()
        let nodes = [try await CensusStation.node("n1", [redis]), try await CensusStation.node("n2", [redis])]
        for node in nodes { node.count("a", 2) }
        #expect(await nodes[0].sees(["a": 4]))
        redis.kill()
        nodes[0].count("a", 1)
        nodes[0].count("b", 3)
        await #expect(throws: PresenceError.unavailable) {
            _ = try await nodes[0].census.figures(AppQuestion(app: "app", .occupied(prefix: "")))
        }
        redis.start()
        #expect(await nodes[0].sees(["a": 3, "b": 3]))
        #expect(await nodes[1].sees(["a": 3, "b": 3]))
    }

    @Test func `subscribers are told how many they are, the last time truly, large channels not too often`()
        async throws
    {
        let redis = PrivateRedis()
        let node = try await CensusStation.node("n1", [redis])
        let channel = AppChannel(app: "counted", name: "a")
        let heard = Locked<[String]>([])
        let listener = CountListener(heard)
        let servers = [try RedisServer(setting: "redis://127.0.0.1:\(redis.port)")]
        let commands = try #require(node.station.commands)
        node.station.group.handles[0].post { loop in
            let subscriber = RedisSubscriber(servers: servers, on: loop, commands: commands)
            subscriber.listener = listener
            subscriber.subscribe(to: channel.casts)
            loop.attach(CountListener.Kept(subscriber, listener))
        }
        #expect(await soon { listener.isHeard.withLock { $0 } })
        for count in 1...3 {
            node.count("a", count, of: "counted")
            #expect(await soon { heard.withLock { $0.last } == "<\(count)>" })
        }
        let began = ContinuousClock.now
        node.count("a", 101, of: "counted")
        #expect(await soon { heard.withLock { $0.last } == "<101>" })
        for count in 102...150 { node.count("a", count, of: "counted") }
        #expect(await soon(within: .seconds(15)) { heard.withLock { $0.last } == "<150>" })
        #expect(ContinuousClock.now - began >= .seconds(4), "more than a hundred are told every five seconds")
        #expect(heard.withLock { $0.count } <= 6, "\(heard.withLock { $0 })")
    }
}

private final class CountListener: BusListener, Sendable {
    let isHeard = Locked(false)
    private let heard: Locked<[String]>

    init(_ heard: Locked<[String]>) { self.heard = heard }

    func subscribed(to channel: BusChannel) { self.isHeard.withLock { $0 = true } }
    func received(_ message: UnsafeRawBufferPointer, on channel: BusChannel) {
        self.heard.withLock { $0.append(String(decoding: message, as: UTF8.self)) }
    }
    func healthChanged() {}

    final class Kept {
        let parts: (RedisSubscriber, CountListener)
        init(_ subscriber: RedisSubscriber, _ listener: CountListener) { self.parts = (subscriber, listener) }
    }
}
