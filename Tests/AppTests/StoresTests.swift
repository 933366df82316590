import PGStore
import RedisBridge
import Shared
import StoreSupport
import TestSupport
import Testing

@testable import App

/// What a node knows of its stores, with real ones that come and go.
@Suite(.timeLimit(.minutes(3))) struct StoresTests {
    private static let nowhere = "postgresql://nobody@127.0.0.1:1/none"

    private func becomes(_ fixture: StoresFixture, ills: [String]) async throws {
        let isSo = await eventually(within: .seconds(20)) { fixture.ills == ills }
        try #require(isSo, "\(fixture.ills) instead of \(ills)")
    }

    @Test func `a node begins without a database, finds it when it comes, and stays when it goes`() async throws {
        let server = try await PrivatePostgres.make()
        try await server.startAndWait()
        let database = try await TestDatabase.make(on: server)
        try await database.migrate()
        try await server.shutDown()
        try await StoresFixture.with(database.address) { fixture in
            try await self.becomes(fixture, ills: ["postgresql: it does not answer"])
            #expect(fixture.verdicts.isEmpty && fixture.stores.watch.version == nil)
            try await server.startAndWait()
            try await self.becomes(fixture, ills: [])
            #expect(fixture.verdicts == [.fits])
            #expect(fixture.stores.watch.version == (try Migration.embedded().last?.version))
            try await server.kill()
            try await self.becomes(fixture, ills: ["postgresql: it does not answer"])
            try await server.startAndWait()
            try await self.becomes(fixture, ills: [])
            // It stands still and its sockets stay open: nobody says anything.
            server.pause()
            try await self.becomes(fixture, ills: ["postgresql: it does not answer"])
            server.goOn()
            try await self.becomes(fixture, ills: [])
            #expect(fixture.verdicts == [.fits], "clients are let in once")
        }
    }

    @Test func `an older schema is waited for, and says what to do`() async throws {
        try await withDatabase { database in
            try await StoresFixture.with(database.address) { fixture in
                let count = try Migration.embedded().count - 1
                try await self.becomes(
                    fixture,
                    ills: ["postgresql: the schema lacks 0001_ground.sql and \(count) more: run bellhop migrate"])
                #expect(fixture.verdicts.isEmpty)
                try await database.migrate()
                try await self.becomes(fixture, ills: [])
                #expect(fixture.verdicts == [.fits])
                // The next release migrates while nodes of this one still serve: they go on.
                try await database.run(
                    "INSERT INTO public.schema_migrations VALUES (9999, 'next', decode(repeat('00', 32), 'hex'))")
                let isSeen = await eventually(within: .seconds(10)) { fixture.stores.watch.version == 9999 }
                #expect(isSeen && fixture.ills == [] && fixture.verdicts == [.fits])
            }
        }
    }

    @Test func `a schema that is newer or other than this program's is never served`() async throws {
        let zeros = "decode(repeat('00', 32), 'hex')"
        let changes = [
            ("INSERT INTO public.schema_migrations VALUES (9999, 'next', \(zeros))", "9999"),
            ("UPDATE public.schema_migrations SET checksum = \(zeros) WHERE version = 1", "0001_ground.sql"),
        ]
        for (change, word) in changes {
            try await withDatabase { database in
                try await database.migrate()
                try await database.run(change)
                try await StoresFixture.with(database.address) { fixture in
                    let isDecided = await eventually(within: .seconds(10)) { !fixture.verdicts.isEmpty }
                    try #require(isDecided)
                    guard case .impossible(let reason) = fixture.verdicts[0] else {
                        Issue.record("it would serve: \(fixture.verdicts)")
                        return
                    }
                    #expect(reason.contains(word), "\(reason)")
                }
            }
        }
    }

    @Test func `each Redis server is told apart, and its loss shows`() async throws {
        let redises = [PrivateRedis(), PrivateRedis()]
        let servers = try redises.map { try RedisServer(setting: "redis://127.0.0.1:\($0.port)") }
        try await StoresFixture.with(try DatabaseAddress(setting: Self.nowhere), redis: servers) { fixture in
            let lost = "postgresql: it does not answer"
            try await self.becomes(fixture, ills: [lost])
            redises[1].kill()
            let isSeen = await eventually(within: .seconds(5)) { fixture.ills == [lost, "redis-2: "] }
            #expect(isSeen, "\(fixture.ills)")
            redises[0].pause()
            // First it is silent; when that has lasted its connections are given up.
            let isHeard = await eventually(within: .seconds(5)) { fixture.ills.contains { $0.hasPrefix("redis-1: ") } }
            #expect(isHeard, "\(fixture.ills)")
            redises[0].resume()
            redises[1].start()
            try await self.becomes(fixture, ills: [lost])
        }
    }

    @Test func `what runs when the node leaves is committed, and what comes then is refused`() async throws {
        try await withDatabase { database in
            try await database.run("CREATE TABLE done (at int)")
            let fixture = try StoresFixture(database.address)
            let pool = fixture.stores.database
            let hasBegun = Locked(false)
            async let last: Void = pool.transaction { transaction throws(StoreError) in
                _ = try await transaction.query("INSERT INTO done VALUES (1)")
                hasBegun.withLock { $0 = true }
                _ = try await transaction.query("SELECT pg_sleep(0.3)")
            }
            let isRunning = await eventually(within: .seconds(10)) { hasBegun.withLock { $0 } }
            try #require(isRunning)
            await fixture.stores.stop()
            try await last
            #expect(try await database.run("SELECT at::text FROM done").first?.read(0, as: String.self) == "1")
            let error = await #expect(throws: StoreError.self) { try await pool.read("SELECT 1") }
            #expect(error == .unavailable)
            await fixture.stop()
        }
    }

    @Test func `promtool has nothing to say about what the stores show`() async throws {
        let redis = try RedisServer(setting: "redis://:geheim@127.0.0.1:1")
        try await StoresFixture.with(try DatabaseAddress(setting: Self.nowhere), redis: [redis, redis]) { fixture in
            let text = fixture.registry.render()
            let shown = String(decoding: text, as: UTF8.self)
            for line in [
                "bellhop_pg_sessions_open 0\n", "bellhop_redis_healthy{server=\"2\"} 0\n",
                "bellhop_redis_connected{connection=\"subscriber\",server=\"1\"} 0\n", "bellhop_streams_followed 0\n",
                "bellhop_follower_lag_events 0\n", "bellhop_epoch_renewals_total 0\n",
            ] { #expect(shown.contains(line)) }
            #expect(!shown.contains("geheim"))
            let judged = try await Promtool.check(text)
            #expect(judged.status == 0 && judged.said.isEmpty, "\(judged.said)")
        }
    }
}
