import Shared
import TestSupport
import Testing

@testable import RedisBridge

/// What becomes of the bridge when a real server goes, stalls, comes back, or does not want us.
@Suite(.timeLimit(.minutes(2))) struct ServerFaultTests {
    private static func healthy(_ bus: BusFixture, _ channel: BusChannel) -> Bool {
        eventually { bus.isHealthy(0, channel) }
    }

    @Test func `a server that is absent at first is found when it comes`() throws {
        let redis = PrivateRedis()
        redis.kill()
        let (book, channel) = (LogBook(), BusChannel.fresh())
        let bus = try BusFixture(servers: [redis.server()], log: book.logger)
        bus.subscribe(to: channel)
        #expect(eventually { bus.figures.servers[0].commands == .unreachable })
        #expect(eventually { bus.figures.servers[0].subscriber == .unreachable })
        bus.publish("nobody hears this", on: channel)
        #expect(eventually { bus.figures.dropped >= 1 })
        #expect(!bus.isHealthy(0, channel))
        redis.start()
        #expect(eventually { bus.heard[0].count("on a") == 1 })
        #expect(Self.healthy(bus, channel))
        bus.publish("hello", on: channel)
        #expect(eventually { bus.heard[0].messages == ["a hello"] })
        // One line per connection, however many tries failed.
        #expect(book.count("redis.unreachable") == 3)
    }

    @Test func `after a kill and an empty restart exactly the wanted set is subscribed again`() throws {
        let redis = PrivateRedis()
        let (kept, ended, later) = (BusChannel.fresh("kept"), BusChannel.fresh("ended"), BusChannel.fresh("later"))
        let bus = try BusFixture(servers: [redis.server()])
        try #require(bus.hears(0, kept) && bus.hears(0, ended))
        #expect(Self.healthy(bus, kept))
        redis.kill()
        #expect(eventually { !bus.isHealthy(0, kept) })
        bus.on { ear in
            ear.subscriber.unsubscribe(from: ended)
            ear.subscriber.subscribe(to: later)
        }
        redis.start()
        #expect(eventually { bus.heard[0].count("on kept") == 2 && bus.heard[0].count("on later") == 1 })
        #expect(bus.heard[0].count("on ended") == 1)
        #expect(Self.healthy(bus, kept))
        let channels = redis.command("PUBSUB", "CHANNELS", "test:*")
        #expect(channels.hasPrefix("*2\r\n") && channels.contains(kept.name) && channels.contains(later.name))
        for channel in [ended, kept, later] { bus.publish("x", on: channel) }
        #expect(eventually { bus.heard[0].messages.sorted() == ["kept x", "later x"] })
    }

    @Test func `a killed connection is made again at once, and the channel confirmed again`() throws {
        let redis = PrivateRedis()
        let channel = BusChannel.fresh()
        let bus = try BusFixture(servers: [redis.server()])
        try #require(bus.hears(0, channel) && bus.hears(1, channel))
        #expect(Self.healthy(bus, channel))
        for round in 2...4 {
            let type = round % 2 == 0 ? "pubsub" : "normal"
            #expect(redis.command("CLIENT", "KILL", "TYPE", type, "SKIPME", "yes").hasPrefix(":"))
            if type == "pubsub" {
                #expect(eventually { bus.heard.allSatisfy { $0.count("on a") == (round == 2 ? 2 : 3) } })
            }
            #expect(eventually { bus.figures.servers[0].commands == .ready && bus.isHealthy(0, channel) })
            bus.publish("\(round)", on: channel)
            for heard in bus.heard { #expect(eventually { heard.messages.last == "a \(round)" }) }
        }
    }

    @Test func `a server that stands still is noticed within three beats, and healthy again when it goes on`() throws {
        let redis = PrivateRedis()
        let channel = BusChannel.fresh()
        var options = RedisOptions()
        // Here it is health that is looked at, not the replacing of connections.
        options.silenceMilliseconds = 60_000
        let bus = try BusFixture(servers: [redis.server()], options: options)
        try #require(bus.hears(0, channel))
        #expect(Self.healthy(bus, channel))
        redis.pause()
        let began = SystemClock.monotonicNanoseconds
        #expect(eventually { !bus.isHealthy(0, channel) })
        let noticed = (SystemClock.monotonicNanoseconds - began) / 1_000_000
        // Two beats must be missing: 200 to 300 ms; the rest is this machine's slack.
        #expect((150...1_000).contains(noticed), "\(noticed) ms")
        redis.resume()
        #expect(Self.healthy(bus, channel))
        #expect(bus.heard[0].count("health") >= 3)
        #expect(bus.figures.beatsMissed >= 2)
        bus.publish("again", on: channel)
        #expect(eventually { bus.heard[0].messages == ["a again"] })
    }

    @Test func `a server that stands still for seconds costs its connections, which come back by themselves`() throws {
        let redis = PrivateRedis()
        let channel = BusChannel.fresh()
        let bus = try BusFixture(servers: [redis.server()])
        try #require(bus.hears(0, channel))
        #expect(Self.healthy(bus, channel))
        redis.pause()
        // The kernel accepts in its stead, so the new connections are silent as well.
        #expect(eventually { bus.figures.servers[0].commands == .silent })
        #expect(eventually { bus.figures.servers[0].subscriber == .silent })
        redis.resume()
        #expect(eventually(within: 20) { bus.heard[0].count("on a") == 2 })
        #expect(Self.healthy(bus, channel))
        bus.publish("again", on: channel)
        #expect(eventually { bus.heard[0].messages == ["a again"] })
    }

    @Test func `a receiver that the server cuts off for its backlog is subscribed again`() throws {
        let redis = PrivateRedis(options: ["--client-output-buffer-limit", "pubsub 100kb 100kb 1"])
        let channel = BusChannel.fresh()
        let bus = try BusFixture(servers: [redis.server()])
        try #require(bus.hears(0, channel))
        #expect(Self.healthy(bus, channel))
        // One message above the limit is enough: the server queues it, and closes.
        bus.publish(String(repeating: "x", count: 6_000_000), on: channel)
        #expect(eventually(within: 20) { bus.heard[0].count("on a") >= 2 })
        #expect(eventually { bus.isHealthy(0, channel) })
        bus.publish("small", on: channel)
        #expect(eventually { bus.heard[0].messages.last == "a small" })
    }

    @Test func `a dead server takes only its own share with it`() throws {
        let redises = [PrivateRedis(), PrivateRedis()]
        let bus = try BusFixture(servers: redises.map { try $0.server() })
        let rendezvous = Rendezvous(servers: try redises.map { try $0.server().name })
        let channels = (0..<20).map { BusChannel.fresh("\($0)", shard: "tenant \($0)") }
        for channel in channels { try #require(bus.hears(0, channel)) }
        let (lost, kept) = (
            channels.filter { rendezvous.index(of: $0.shard) == 0 },
            channels.filter { rendezvous.index(of: $0.shard) == 1 }
        )
        try #require(!lost.isEmpty && !kept.isEmpty)
        for channel in channels { #expect(Self.healthy(bus, channel)) }
        redises[0].kill()
        for channel in lost { #expect(eventually { !bus.isHealthy(0, channel) }) }
        for channel in kept {
            #expect(bus.isHealthy(0, channel))
            bus.publish("x", on: channel)
        }
        #expect(eventually { bus.heard[0].messages == kept.map { "\($0.shortName) x" } })
    }

    @Test func `the password and the database are said first`() async throws {
        let redis = PrivateRedis(options: ["--requirepass", "open sesame"])
        let server = try RedisServer(setting: "redis://:open%20sesame@127.0.0.1:\(redis.port)/3")
        let fixture = try CommandsFixture([server])
        #expect(try await fixture.send("SET", "k", "v") == .status("OK"))
        #expect(try await fixture.send("CLIENT", "GETNAME") == .bytes(Array("bellhop:commands".utf8)))
        #expect(redis.command("AUTH", "open sesame") == "+OK\r\n+OK\r\n")
        let info = try await fixture.send("INFO", "keyspace")
        #expect(info == .bytes(Array("# Keyspace\r\ndb3:keys=1,expires=0,avg_ttl=0\r\n".utf8)))
        #expect(!fixture.book.all.contains { $0.contains("sesame") })
    }

    @Test(arguments: [nil, "wrong"] as [String?])
    func `a server that does not let us in is told apart, asked calmly, and let in later`(
        password: String?
    ) async throws {
        let redis = PrivateRedis(options: ["--requirepass", "right"])
        var options = RedisOptions()
        options.refusedRetryMilliseconds = 200
        let fixture = try CommandsFixture([redis.server(password: password)], options: options)
        #expect(eventually { fixture.state == .unauthorized })
        await #expect(throws: RedisError.unavailable) { try await fixture.send("PING") }
        let admin = BlockingSocket(port: redis.port)
        admin.send("AUTH right\r\nCONFIG SET requirepass \(password ?? "\"\"")\r\n")
        #expect(admin.receive(exactly: 10) == Array("+OK\r\n+OK\r\n".utf8))
        #expect(eventually { fixture.state == .ready })
        #expect(try await fixture.send("PING") == .status("PONG"))
        // Said once, however often it was tried.
        #expect(fixture.book.count("redis.unauthorized") == 1)
    }

    @Test func `rights that lack our channels are a refusal, not a loop`() throws {
        let redis = PrivateRedis()
        redis.command("ACL", "SETUSER", "default", "resetchannels")
        let (book, channel) = (LogBook(), BusChannel.fresh())
        let bus = try BusFixture(servers: [redis.server()], log: book.logger)
        bus.subscribe(to: channel)
        #expect(eventually { bus.figures.servers[0].subscriber == .unauthorized })
        #expect(!bus.isHealthy(0, channel) && bus.heard[0].all.isEmpty)
        #expect(bus.figures.losses < 10)
    }
}
