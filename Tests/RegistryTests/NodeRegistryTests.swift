import Shared
import TestSupport
import Testing

@testable import RedisBridge

/// Leases of nodes in a real Redis.
@Suite(.timeLimit(.minutes(2))) struct NodeRegistryTests {
    private func nodes(_ station: PresenceStation) async -> [String] {
        ((try? await station.registry?.livingNodes()) ?? []).map { "\($0.id) \($0.address)" }
    }

    @Test func `living nodes are listed with their addresses, dead ones are not`() async throws {
        let redis = PrivateRedis()
        let stations = try ["n1", "n2", "n3"].map { try PresenceStation($0, [redis]) }
        let all = ["n1 n1.example:8080", "n2 n2.example:8080", "n3 n3.example:8080"]
        #expect(await soon { await self.nodes(stations[0]) == all })
        await stations[2].die()
        #expect(await soon { await self.nodes(stations[0]) == Array(all.prefix(2)) })
        // Held for as long as the node lives, many leases long.
        let lapses = stations[0].registryMetrics.lapses.total
        #expect(await soon { stations[0].registryMetrics.renewals.total > 20 })
        #expect(await self.nodes(stations[1]) == Array(all.prefix(2)))
        #expect(stations[0].registryMetrics.lapses.total == lapses)
    }

    @Test func `exactly one survivor clears a dead node away`() async throws {
        let redis = PrivateRedis()
        let stations = try (1...4).map { try PresenceStation("n\($0)", [redis]) }
        for station in stations { #expect(await station.isSeated()) }
        await stations[3].die()
        let survivors = stations.prefix(3)
        func reaped() -> UInt64 { survivors.map(\.registryMetrics.reaped.total).reduce(0, +) }
        #expect(await soon { reaped() > 0 })
        // Everybody looks several times more.
        let renewals = survivors.map(\.registryMetrics.renewals.total)
        #expect(await soon { zip(survivors, renewals).allSatisfy { $0.registryMetrics.renewals.total > $1 + 10 } })
        #expect(reaped() == 1)
        #expect(redis.command("EXISTS", "bellhop:reaping").hasPrefix(":0"))
        #expect(redis.command("SCARD", "bellhop:seats").hasPrefix(":3"))
    }

    @Test func `a node that dies while it clears another away is followed by a third`() async throws {
        let redis = PrivateRedis()
        let stations = try ["n1", "n2"].map { try PresenceStation($0, [redis]) }
        for station in stations { #expect(await station.isSeated()) }
        // What a node leaves that dies right after its claim: a seat that is being cleared away, and things it held.
        redis.command("ZADD", "bellhop:reaping", "1", "5:gone")
        redis.command("SADD", "bellhop:presence:held:5:gone", "app:presence-x")
        redis.command("HSET", "bellhop:presence:at:5:gone:app:presence-x", "1.1", "7")
        redis.command("HSET", "bellhop:presence:users:app:presence-x", "7", "1 ")
        #expect(await soon { redis.command("KEYS", "*gone*").hasPrefix("*0") })
        #expect(await soon { redis.command("EXISTS", "bellhop:reaping").hasPrefix(":0") })
        #expect(await stations[0].present(AppChannel(app: "app", name: "presence-x")) == [])
    }

    @Test func `a node that leaves is cleared away before its lease would have ended`() async throws {
        let redis = PrivateRedis()
        let stations = try ["n1", "n2"].map { try PresenceStation($0, [redis]) }
        for station in stations { #expect(await station.isSeated()) }
        #expect(await soon { stations[0].registryMetrics.renewals.total > 10 })
        await stations[1].registry?.stop()
        #expect(await self.nodes(stations[0]) == ["n1 n1.example:8080"])
        #expect(await soon { stations[0].registryMetrics.reaped.total == 1 })
    }

    @Test func `a name is taken over by a new process, and the old one waits until it is free`() async throws {
        let redis = PrivateRedis()
        let first = try PresenceStation("n1", [redis])
        #expect(await first.isSeated())
        let before = try #require(first.incarnation())
        let second = try PresenceStation("n1", [redis])
        #expect(await second.isSeated())
        #expect(try #require(second.incarnation()) > before)
        #expect(await soon { first.registryMetrics.displaced.total > 3 })
        #expect(first.book.count("node.name_taken") == 1)
        #expect(second.registryMetrics.displaced.total == 0)
        let later = try #require(second.incarnation())
        await second.die()
        #expect(await soon { (first.incarnation() ?? 0) > later || first.incarnation() == before })
        #expect(await soon { await self.nodes(first) == ["n1 n1.example:8080"] })
    }

    @Test func `of several servers each has its own leases, and one that dies hides nobody`() async throws {
        let redises = [PrivateRedis(), PrivateRedis()]
        let stations = try ["n1", "n2"].map { try PresenceStation($0, redises) }
        for station in stations {
            #expect(await soon { station.incarnation(0) != nil && station.incarnation(1) != nil })
        }
        redises[0].kill()
        #expect(await self.nodes(stations[0]).count == 2)
        redises[1].kill()
        await #expect(throws: RegistryError.unavailable) { try await stations[0].registry?.livingNodes() }
        redises[1].start()
        #expect(await soon { await self.nodes(stations[1]).count == 2 })
    }

    @Test func `what somebody else wrote into the register hurts nobody`() async throws {
        let redis = PrivateRedis()
        redis.command("SET", "bellhop:node:evil", "not a number")
        redis.command("SET", "bellhop:node:empty", "")
        redis.command("SADD", "bellhop:seats", "1:evil", "1:empty")
        redis.command("SADD", "bellhop:seats", "99999999999999999999999:huge")
        let station = try PresenceStation("n1", [redis])
        #expect(await station.isSeated())
        #expect(await self.nodes(station) == ["n1 n1.example:8080"])
        // They hold no lease, so they are cleared away like any other that is dead.
        #expect(await soon { redis.command("SCARD", "bellhop:seats").hasPrefix(":1") })
        #expect(await self.nodes(station) == ["n1 n1.example:8080"])
    }

    @Test func `a node that is let go of ends, and holds nothing of itself`() async throws {
        let redis = PrivateRedis()
        weak var registry: RedisNodeRegistry?
        weak var directory: RedisPresence?
        do {
            let station = try PresenceStation("n1", [redis])
            #expect(await station.isSeated())
            (registry, directory) = (station.registry, station.directory as? RedisPresence)
            #expect(registry != nil && directory != nil)
        }
        #expect(await soon { registry == nil && directory == nil })
    }
}
