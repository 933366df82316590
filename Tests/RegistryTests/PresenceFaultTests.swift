import Shared
import TestSupport
import Testing

@testable import Realtime
@testable import RedisBridge

/// Presence over several nodes and a real Redis, while nodes and servers die, stand still and forget.
@Suite(.timeLimit(.minutes(3))) struct PresenceFaultTests {
    /// Nodes that watch a channel, each with one user of its own, `u1`, `u2`, …, and all with the user `all`.
    private func cluster(
        _ count: Int, _ redises: [PrivateRedis], _ channel: AppChannel
    ) async throws -> [PresenceStation] {
        let stations = try (1...count).map { try PresenceStation("n\($0)", redises) }
        for (place, station) in stations.enumerated() {
            #expect(await soon { redises.indices.allSatisfy { station.incarnation($0) != nil } })
            await station.watch(channel)
            await station.enter("u\(place + 1)", by: "1.1", channel)
            await station.enter("all", by: "1.2", channel)
        }
        let users = ["all"] + (1...count).map { "u\($0)" }
        for station in stations { #expect(await station.sees(channel, users)) }
        return stations
    }

    @Test func `a user on two nodes comes once and goes once, and is told so everywhere`() async throws {
        let (redis, channel) = (PrivateRedis(), AppChannel.fresh())
        let stations = try await self.cluster(2, [redis], channel)
        await stations[0].leave("1.2", channel)
        // Another node's connection of the same name is another connection.
        await stations[0].leave("1.2", channel)
        #expect(await stations[1].present(channel) == ["all", "u1", "u2"])
        await stations[1].leave("1.2", channel)
        for station in stations {
            #expect(await station.sees(channel, ["u1", "u2"]))
            #expect(station.notes(channel).filter { $0.hasSuffix("all") } == ["+all", "-all"])
        }
    }

    @Test func `nobody can take away what another node counted in`() async throws {
        let (redis, channel) = (PrivateRedis(), AppChannel.fresh())
        let stations = try await self.cluster(2, [redis], channel)
        let seat = try #require(stations[1].registry?.seat(on: 0))
        let answer = try await stations[1].commands?.run(
            PresenceScripts.leave, keys: [],
            arguments: [seat.name, channel.scope, "u1", "1.1 ", ""].map { Array($0.utf8) }, toServer: 0)
        #expect(answer == .integer(0))
        await stations[1].leave("1.1", channel)
        #expect(await stations[0].present(channel) == ["all", "u1"])
    }

    @Test func `when a node dies its users go, once, and those that others have stay`() async throws {
        let (redis, channel) = (PrivateRedis(), AppChannel.fresh())
        let stations = try await self.cluster(3, [redis], channel)
        for number in 0..<700 { await stations[2].enter("v", by: "2.\(number)", channel) }
        await stations[2].die()
        for station in stations.prefix(2) {
            #expect(await station.sees(channel, ["all", "u1", "u2"]))
            #expect(station.notes(channel).filter { $0.hasPrefix("-") }.sorted() == ["-u3", "-v"])
        }
        #expect(stations.prefix(2).map(\.metrics.reapedConnections.total).reduce(0, +) == 702)
        #expect(stations.prefix(2).map(\.metrics.reapedMembers.total).reduce(0, +) == 2)
        #expect(redis.command("KEYS", "bellhop:presence:*n3*").hasPrefix("*0"))
    }

    @Test func `a node that stood still and was taken for dead comes back as a new one, with its users`() async throws {
        let (redis, channel) = (PrivateRedis(), AppChannel.fresh())
        let stations = try await self.cluster(2, [redis], channel)
        let before = try #require(stations[1].incarnation())
        await stations[1].registry?.halt()
        #expect(await stations[0].sees(channel, ["all", "u1"]))
        // It does not know yet: what it says now is not counted for a seat that is gone.
        #expect(await stations[1].enter("late", by: "1.9", channel) == .awaited)
        #expect(await stations[0].present(channel) == ["all", "u1"])
        stations[1].registry?.start()
        for station in stations { #expect(await station.sees(channel, ["all", "late", "u1", "u2"])) }
        #expect(try #require(stations[1].incarnation()) > before)
        #expect(stations[1].book.count("node.reborn") == 1)
        #expect(stations[0].notes(channel).filter { $0.hasSuffix("u2") } == ["+u2", "-u2", "+u2"])
        #expect(stations[0].notes(channel).filter { $0.hasSuffix("all") } == ["+all"])
        await stations[1].leave("1.1", channel)
        #expect(await stations[0].sees(channel, ["all", "late", "u1"]))
    }

    @Test func `a server that comes back empty is told again in silence, then the difference is told`() async throws {
        let (redis, channel) = (PrivateRedis(), AppChannel.fresh())
        let stations = try await self.cluster(4, [redis], channel)
        let told = stations.map { $0.notes(channel) }
        redis.kill()
        // Meanwhile a node dies, a user goes, and one comes.
        await stations[3].die()
        await stations[1].leave("1.1", channel)
        #expect(await stations[2].enter("new", by: "1.3", channel) == .awaited)
        redis.start()
        for (station, before) in zip(stations, told).prefix(3) {
            #expect(await station.sees(channel, ["all", "new", "u1", "u3"]))
            // No ghosts, no duplicates, no storm.
            #expect(Array(station.notes(channel).dropFirst(before.count)) == ["-u2", "-u4", "+new"])
        }
        // And it goes on as before.
        await stations[0].leave("1.1", channel)
        #expect(await stations[2].sees(channel, ["all", "new", "u3"]))
        for station in stations.prefix(3) { #expect(await station.present(channel) == ["all", "new", "u3"]) }
    }

    @Test func `many channels are told again after a restart, and nobody hears of it`() async throws {
        let redis = PrivateRedis()
        let channels = (0..<300).map { AppChannel.fresh("\($0)") }
        let stations = try ["n1", "n2"].map { try PresenceStation($0, [redis]) }
        for station in stations { #expect(await station.isSeated()) }
        for channel in channels {
            await stations[0].watch(channel)
            for (place, station) in stations.enumerated() { await station.enter("u\(place)", by: "1.1", channel) }
        }
        for channel in channels { #expect(await stations[0].sees(channel, ["u0", "u1"])) }
        let told = stations[0].watchMetrics.changes.total
        redis.kill()
        redis.start()
        for channel in channels { #expect(await soon { await stations[0].present(channel) == ["u0", "u1"] }) }
        // After the time of telling again everybody has asked once more.
        let asked = stations[0].watchMetrics.questions.total
        #expect(await soon { stations[0].watchMetrics.questions.total >= asked + 300 })
        #expect(await soon { redis.command("EXISTS", "bellhop:quiet").hasPrefix(":1") })
        for channel in channels { #expect(await stations[0].sees(channel, ["u0", "u1"])) }
        #expect(stations[0].watchMetrics.changes.total == told)
    }

    @Test func `a memory that is wiped under open connections is filled again, as silently`() async throws {
        let (redis, channel) = (PrivateRedis(), AppChannel.fresh())
        let stations = try await self.cluster(2, [redis], channel)
        let told = stations.map { $0.notes(channel) }
        redis.command("FLUSHALL")
        await stations[0].leave("1.1", channel)
        for (station, before) in zip(stations, told) {
            #expect(await station.sees(channel, ["all", "u2"]))
            #expect(await soon { await station.present(channel) == ["all", "u2"] })
            #expect(Array(station.notes(channel).dropFirst(before.count)) == ["-u1"])
        }
    }

    @Test func `a server that stands still for longer than all leases kills nobody`() async throws {
        let (redis, channel) = (PrivateRedis(), AppChannel.fresh())
        let stations = try await self.cluster(3, [redis], channel)
        let told = stations.map { $0.notes(channel) }
        let began = ContinuousClock.now
        redis.pause()
        #expect(await soon { ContinuousClock.now - began > PresenceStation.lease * 2 })
        redis.resume()
        for station in stations {
            let renewals = station.registryMetrics.renewals.total
            #expect(await soon(within: .seconds(20)) { station.registryMetrics.renewals.total > renewals + 12 })
        }
        for (station, before) in zip(stations, told) {
            #expect(await station.present(channel) == ["all", "u1", "u2", "u3"])
            #expect(station.notes(channel) == before)
            #expect(station.registryMetrics.reaped.total == 0)
        }
    }

    @Test func `connections that are cut cost nothing`() async throws {
        let (redis, channel) = (PrivateRedis(), AppChannel.fresh())
        let stations = try await self.cluster(2, [redis], channel)
        for round in 0..<5 {
            async let entering: PresenceEntry? = stations[0].enter("r\(round)", by: "2.\(round)", channel)
            redis.command("CLIENT", "KILL", "TYPE", "normal")
            redis.command("CLIENT", "KILL", "TYPE", "pubsub")
            _ = await entering
            if round > 0 { await stations[0].leave("2.\(round - 1)", channel) }
        }
        for station in stations {
            #expect(await station.sees(channel, ["all", "r4", "u1", "u2"]))
            #expect(await soon { await station.present(channel) == ["all", "r4", "u1", "u2"] })
        }
    }

    @Test func `who joins while the server is away is there when it comes`() async throws {
        let (redis, channel) = (PrivateRedis(), AppChannel.fresh())
        let stations = try await self.cluster(2, [redis], channel)
        redis.pause()
        #expect(await stations[0].enter("a", by: "3.1", channel) == .awaited)
        #expect(await stations[0].enter("b", by: "3.2", channel) == .awaited)
        await stations[0].leave("3.2", channel)
        await stations[0].leave("1.1", channel)
        redis.resume()
        for station in stations { #expect(await station.sees(channel, ["a", "all", "u2"], within: .seconds(20))) }
        #expect(await soon { await stations[1].present(channel) == ["a", "all", "u2"] })
        #expect(stations[0].metrics.connections.current == 2)
    }

    @Test func `of several servers a dead one takes only its own channels with it`() async throws {
        let redises = [PrivateRedis(), PrivateRedis()]
        let first = try PresenceStation("n1", redises)
        #expect(await soon { first.incarnation(0) != nil && first.incarnation(1) != nil })
        let channels = (0..<40).map { AppChannel.fresh("\($0)") }
        let commands = try #require(first.commands)
        let lost = try #require(channels.first { commands.server(of: $0.news.shard) == 0 })
        let kept = try #require(channels.first { commands.server(of: $0.news.shard) == 1 })
        await first.enter("u", by: "1.1", lost)
        redises[0].kill()
        guard case .entered? = await first.enter("u", by: "1.1", kept) else { throw Unexpected() }
        #expect(await first.present(kept) == ["u"])
        #expect(await first.present(lost) == nil)
        redises[0].start()
        #expect(await soon { await first.present(lost) == ["u"] })
    }

    @Test func `rubbish in the news and in the keys is survived`() async throws {
        let (redis, channel) = (PrivateRedis(), AppChannel.fresh())
        let stations = try await self.cluster(2, [redis], channel)
        let name = channel.news.name
        for rubbish in ["", "+", "+99999999999999999999 1 a", "?1 1 a", String(repeating: "+", count: 100_000)] {
            redis.command("PUBLISH", name, rubbish)
        }
        #expect(await soon { stations[0].watchMetrics.malformed.total == 5 })
        // A change that nobody made, from far ahead: asked about, and found not to be true.
        redis.command("PUBLISH", name, "+999999999999999999 4 evil")
        #expect(await soon { stations[0].watchMetrics.questions.total >= 2 })
        #expect(await stations[0].sees(channel, ["all", "u1", "u2"]))
        let broken = AppChannel.fresh("broken")
        redis.command("SET", "bellhop:presence:users:\(broken.scope)", "not a hash")
        #expect(await stations[0].enter("u", by: "1.1", broken) == .awaited)
        #expect(await stations[0].present(broken) == nil)
        redis.command("DEL", "bellhop:presence:users:\(broken.scope)")
        #expect(await soon { await stations[0].present(broken) == ["u"] })
    }

    @Test func `two nodes that come and go at once agree in the end`() async throws {
        let (redis, channel) = (PrivateRedis(), AppChannel.fresh())
        let stations = try await self.cluster(2, [redis], channel)
        await withTaskGroup(of: Void.self) { group in
            for station in stations {
                for user in 0..<10 {
                    group.addTask {
                        for _ in 0..<20 {
                            await station.enter("x\(user)", by: "4.\(user)", channel)
                            await station.leave("4.\(user)", channel)
                        }
                    }
                }
            }
        }
        for station in stations {
            #expect(await station.sees(channel, ["all", "u1", "u2"]))
            #expect(await station.present(channel) == ["all", "u1", "u2"])
        }
        // Nothing is left of what has gone.
        for station in stations { for connection in ["1.1", "1.2"] { await station.leave(connection, channel) } }
        #expect(redis.command("KEYS", "bellhop:presence:*").hasPrefix("*0"))
    }
}
