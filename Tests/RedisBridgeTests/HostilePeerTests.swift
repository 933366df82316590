import Reactor
import Realtime
import Shared
import TestSupport
import Testing

@testable import RedisBridge

/// What becomes of the bridge when what answers is no Redis, or a broken one.
@Suite(.timeLimit(.minutes(5))) struct HostilePeerTests {
    private static var impatient: RedisOptions {
        var options = RedisOptions()
        options.connectMilliseconds = 100
        options.refusedRetryMilliseconds = 100
        options.longestRetryMilliseconds = 100
        options.silenceMilliseconds = 300
        return options
    }

    @Test func `who accepts and says nothing is silent, and asked again`() async throws {
        let fake = try FakeServer { _, _ in "" }
        let fixture = try CommandsFixture([fake.server()], options: Self.impatient)
        #expect(eventually { fixture.state == .silent && fake.opened >= 3 })
        await #expect(throws: RedisError.unavailable) { try await fixture.send("PING") }
    }

    @Test func `who closes at once is unreachable, and asked again ever more rarely`() throws {
        let fake = try FakeServer(hello: nil) { _, _ in nil }
        var options = RedisOptions()
        options.retryMilliseconds = 20
        let fixture = try CommandsFixture([fake.server()], options: options)
        #expect(eventually { fake.opened >= 6 })
        #expect(fixture.state == .unreachable)
        #expect(fixture.figures.connects == 0)
    }

    @Test func `who lets us in and throws us out is not asked without a pause`() throws {
        let closing = try FakeServer.greeting { _, _ in nil }
        let fixture = try CommandsFixture([closing.server()])
        let began = SystemClock.monotonicNanoseconds
        #expect(
            eventually(within: 20) {
                fixture.commands.publish([1], on: BusChannel(name: "x", shard: ""))
                return closing.opened >= 6
            })
        // The first two tries cost nothing, the next ones at least 25, 50, 100, 200 ms.
        #expect((SystemClock.monotonicNanoseconds - began) / 1_000_000 >= 300)
    }

    @Test(arguments: [
        "HTTP/1.1 400 Bad Request\r\n\r\n", "\u{16}\u{3}\u{1}", "+OK\r\n:7\r\n", "*2\r\n+OK\r\n+PONG\r\n",
        "$99999999999\r\n", "*1000000000\r\n", "+OK\r\n$-1\r\n",
    ]) func `who greets with something else is no Redis`(greeting: String) throws {
        let fake = try FakeServer { _, _ in greeting }
        let fixture = try CommandsFixture([fake.server()], options: Self.impatient)
        #expect(eventually { fixture.state == .malformed && fake.opened >= 3 })
        #expect(fixture.book.count("redis.no_redis") == 1)
    }

    @Test(arguments: [
        "?", "$99999999999\r\n", "*1000000000\r\n", String(repeating: "*1\r\n", count: 20),
        String(repeating: "+", count: 70_000),
    ]) func `garbage in an answer costs the connection, not the process`(garbage: String) async throws {
        let fake = try FakeServer.greeting { _, connection in connection == 1 ? garbage : "$2\r\nhi\r\n" }
        let fixture = try CommandsFixture([fake.server()], options: Self.impatient)
        #expect(eventually { fixture.state == .ready })
        await #expect(throws: RedisError.connectionLost) { try await fixture.send("GET", "x") }
        #expect(eventually { fixture.state == .ready })
        #expect(try await fixture.send("GET", "x") == .bytes(Array("hi".utf8)))
    }

    @Test func `an answer that nobody asked for costs the connection`() async throws {
        let fake = try FakeServer.greeting { _, connection in connection == 1 ? "+OK\r\n+OK\r\n" : "+OK\r\n" }
        let fixture = try CommandsFixture([fake.server()], options: Self.impatient)
        #expect(try await fixture.send("PING") == .status("OK"))
        #expect(eventually { fake.opened == 2 && fixture.state == .ready })
        #expect(try await fixture.send("PING") == .status("OK"))
    }

    @Test func `half an answer and then nothing is given up`() async throws {
        let fake = try FakeServer.greeting { _, connection in connection == 1 ? "$10\r\nhalf" : "$4\r\nfull\r\n" }
        let fixture = try CommandsFixture([fake.server()], options: Self.impatient)
        #expect(eventually { fixture.state == .ready })
        await #expect(throws: RedisError.connectionLost) { try await fixture.send("GET", "x") }
        #expect(eventually { fixture.state == .ready })
        #expect(try await fixture.send("GET", "x") == .bytes(Array("full".utf8)))
    }

    @Test func `a server that loads its data is asked again until it serves`() async throws {
        let fake = try FakeServer { input, connection in
            guard input.contains("SETNAME") else { return "+served\r\n" }
            return connection < 4 ? "+OK\r\n-LOADING Redis is loading the dataset in memory\r\n" : "+OK\r\n+PONG\r\n"
        }
        let fixture = try CommandsFixture([fake.server()])
        #expect(eventually { fixture.state == .loading })
        #expect(eventually { fixture.state == .ready })
        #expect(try await fixture.send("GET", "x") == .status("served"))
        #expect(fixture.book.count("redis.loading") == 1 && fake.opened == 4)
    }

    @Test func `a password that changes behind our back is a new greeting`() async throws {
        let fake = try FakeServer.greeting { _, connection in
            connection == 1 ? "-NOAUTH Authentication required.\r\n" : ":1\r\n"
        }
        let fixture = try CommandsFixture([fake.server()], options: Self.impatient)
        await #expect(throws: RedisError.self) { try await fixture.send("INCR", "x") }
        #expect(eventually { fake.opened == 2 && fixture.state == .ready })
        #expect(try await fixture.send("INCR", "x") == .integer(1))
    }

    @Test(arguments: ["+OK\r\n", "*5\r\n", "*1\r\n*1\r\n:1\r\n", "*3\r\n$7\r\nmessage\r\n$1\r\nx\r\n"])
    func `a subscribe connection that says what it should not is replaced or ignored, never believed`(
        reply: String
    ) throws {
        let fake = try FakeServer.greeting { _, _ in reply }
        let channel = BusChannel.fresh()
        let bus = try BusFixture(servers: [fake.server()], options: Self.impatient)
        bus.subscribe(to: channel)
        #expect(eventually { fake.opened >= 6 })
        #expect(!bus.isHealthy(0, channel) && bus.heard[0].all.isEmpty)
    }

    @Test func `a name that nobody knows is unreachable, and one that is known is found`() async throws {
        let lost = try CommandsFixture([RedisServer(setting: "redis://no-such-host.invalid")])
        #expect(eventually(within: 30) { lost.state == .unreachable })
        let redis = PrivateRedis()
        // It may have an address of each kind; the server listens at one.
        let found = try CommandsFixture([RedisServer(setting: "redis://localhost:\(redis.port)")])
        #expect(try await found.send("PING") == .status("PONG"))
    }

    @Test func `the bus of one node drops the newest at its bound, counts it, and says so`() throws {
        var limits = InProcessBus.Limits()
        limits.messages = 100
        let (inProcess, channel) = (InProcessBus(limits: limits), BusChannel.fresh())
        let bus = try BusFixture(bus: inProcess)
        try #require(bus.hears(0, channel))
        let (arrived, go) = (Semaphore(), Semaphore())
        bus.group.handles[0].post { _ in
            arrived.signal()
            go.wait()
        }
        arrived.wait()
        for number in 0..<150 { bus.publish("\(number)", on: channel) }
        go.signal()
        #expect(eventually { bus.heard[0].all.last == "on a" && bus.heard[0].count("on a") == 2 })
        #expect(bus.heard[0].messages == (0..<100).map { "a \($0)" })
        #expect(inProcess.dropped == 50 && inProcess.published == 150)
        bus.publish("again", on: channel)
        #expect(eventually { bus.heard[0].messages.last == "a again" })
    }
}
