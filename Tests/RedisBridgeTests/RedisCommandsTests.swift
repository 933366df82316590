import Reactor
import Shared
import TestSupport
import Testing

@testable import RedisBridge

private func words(_ text: String...) -> [[UInt8]] { text.map { Array($0.utf8) } }

/// Commands on a loop of their own, stopped when the test ends.
final class CommandsFixture: Sendable {
    let group: LoopGroup
    let commands: RedisCommands
    let book = LogBook()
    let key = "test:\(UInt64.random(in: .min ... .max))"

    init(_ servers: [RedisServer], options: RedisOptions = RedisOptions()) throws {
        self.group = try LoopGroup(count: 1, options: LoopOptions(), places: 100) { _ throws(SystemError) in }
        self.commands = RedisCommands(
            servers: servers, on: self.group.handles[0], options: options, log: self.book.logger)
    }

    deinit {
        self.commands.stop()
        self.group.stop()
    }

    var figures: RedisFigures { self.commands.statistics.figures }
    var state: RedisServerState { self.figures.servers[0].commands }

    func send(_ text: String...) async throws -> RedisValue {
        try await self.commands.send(text.map { Array($0.utf8) }, to: self.key)
    }

    /// Starts a command and notes how it ends.
    func begin(
        _ text: String..., within limit: Duration? = nil, in outcomes: Locked<[Result<RedisValue, RedisError>]>
    ) {
        self.commands.send(text.map { Array($0.utf8) }, toServer: 0, within: limit) { result in
            outcomes.withLock { $0.append(result) }
        }
    }
}

@Suite(.timeLimit(.minutes(5))) struct RedisCommandsTests {
    @Test func `values of every kind come back`() async throws {
        let fixture = try CommandsFixture([sharedRedis()])
        let key = fixture.key
        #expect(try await fixture.send("GET", key) == .null)
        #expect(try await fixture.send("SET", key, "a\r\nb\0") == .status("OK"))
        #expect(try await fixture.send("GET", key) == .bytes(Array("a\r\nb\0".utf8)))
        #expect(try await fixture.send("STRLEN", key) == .integer(5))
        #expect(try await fixture.send("MGET", key, key + "none") == .array([.bytes(Array("a\r\nb\0".utf8)), .null]))
        #expect(try await fixture.send("LRANGE", key + "none", "0", "-1") == .array([]))
        #expect(try await fixture.send("DEL", key) == .integer(1))
    }

    @Test func `a refusal is thrown with its code, and hurts nobody else`() async throws {
        let fixture = try CommandsFixture([sharedRedis()])
        _ = try await fixture.send("SET", fixture.key, "x")
        do {
            _ = try await fixture.send("INCR", fixture.key)
            Issue.record("the server did not refuse")
        } catch RedisError.refused(let refusal) {
            #expect(refusal.code == "ERR" && refusal.message.contains("not an integer"))
        }
        #expect(try await fixture.send("GET", fixture.key) == .bytes([UInt8(ascii: "x")]))
        _ = try await fixture.send("DEL", fixture.key)
    }

    @Test func `a thousand commands at once share one connection, and each gets its own answer`() async throws {
        let fixture = try CommandsFixture([sharedRedis()])
        let answers = try await withThrowingTaskGroup(of: (Int, RedisValue).self) { group in
            for number in 0..<1_000 {
                group.addTask { (number, try await fixture.send("ECHO", "\(number)")) }
            }
            return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        #expect(answers.count == 1_000)
        for (number, answer) in answers { #expect(answer == .bytes(Array("\(number)".utf8))) }
        #expect(fixture.figures.connects == 1 && fixture.figures.commands == 1_000)
    }

    @Test func `a script is sent once and known by its digest, until the server forgets it`() async throws {
        let fixture = try CommandsFixture([sharedRedis()])
        // Its own text, so that no other test's flush or run of it matters.
        let script = RedisScript("return {KEYS[1], ARGV[1], #KEYS, '\(fixture.key)'}")
        let key = Array(fixture.key.utf8)
        let expected = RedisValue.array([.bytes(key), .bytes([1, 0, 2]), .integer(1), .bytes(key)])
        for _ in 0..<2 {
            let answer = try await fixture.commands.run(script, keys: [key], arguments: [[1, 0, 2]], to: fixture.key)
            #expect(answer == expected)
        }
        let digest = try #require(script.digest)
        _ = try await fixture.send("SCRIPT", "FLUSH")
        let again = try await fixture.commands.run(script, keys: [key], arguments: [[1, 0, 2]], to: fixture.key)
        #expect(again == expected)
        let exists = try await fixture.commands.send(words("SCRIPT", "EXISTS") + [digest], to: fixture.key)
        #expect(exists == .array([.integer(1)]))
    }

    @Test func `a command without an answer in time fails, and its late answer goes to nobody else`() async throws {
        let redis = PrivateRedis()
        var options = RedisOptions()
        // However long this machine takes, the connection is not given up.
        options.silenceMilliseconds = 60_000
        let fixture = try CommandsFixture([redis.server()], options: options)
        #expect(try await fixture.send("PING") == .status("PONG"))
        redis.pause()
        await #expect(throws: RedisError.timedOut) {
            try await fixture.commands.send(words("ECHO", "late"), to: "", within: .milliseconds(100))
        }
        redis.resume()
        #expect(try await fixture.send("ECHO", "next") == .bytes(Array("next".utf8)))
        #expect(fixture.figures.timedOut == 1 && fixture.figures.losses == 0)
    }

    @Test func `one command too many is refused at once, and room comes back`() async throws {
        let redis = PrivateRedis()
        var options = RedisOptions()
        options.waitingCommands = 10
        options.silenceMilliseconds = 60_000
        let fixture = try CommandsFixture([redis.server()], options: options)
        _ = try await fixture.send("PING")
        redis.pause()
        let outcomes = Locked<[Result<RedisValue, RedisError>]>([])
        // Ten are on their way, ten wait, the rest is refused here and now.
        for _ in 0..<10 { fixture.begin("PING", within: .seconds(30), in: outcomes) }
        #expect(eventually { fixture.figures.commands == 11 })
        for _ in 0..<15 { fixture.begin("PING", within: .seconds(30), in: outcomes) }
        #expect(outcomes.withLock { $0 } == [Result](repeating: .failure(.overloaded), count: 5))
        redis.resume()
        #expect(eventually { outcomes.withLock { $0 }.count == 25 })
        #expect(outcomes.withLock { $0 }.suffix(20).allSatisfy { $0 == .success(.status("PONG")) })
        #expect(fixture.figures.overloaded == 5)
        #expect(try await fixture.send("PING") == .status("PONG"))
    }

    @Test func `bytes that wait are bounded, too`() throws {
        let redis = PrivateRedis()
        redis.pause()
        var options = RedisOptions()
        options.waitingCommandBytes = 10_000
        let fixture = try CommandsFixture([redis.server()], options: options)
        let outcomes = Locked<[Result<RedisValue, RedisError>]>([])
        let long = String(repeating: "x", count: 4_000)
        for _ in 0..<3 { fixture.begin("ECHO", long, in: outcomes) }
        #expect(outcomes.withLock { $0 } == [.failure(.overloaded)])
    }

    @Test func `messages that wait for a server are dropped oldest first, and counted`() throws {
        let redis = PrivateRedis()
        redis.pause()
        var options = RedisOptions()
        options.waitingMessages = 10
        options.connectMilliseconds = 30_000
        let fixture = try CommandsFixture([redis.server()], options: options)
        let group = try LoopGroup(count: 1, options: LoopOptions(), places: 100) { _ throws(SystemError) in }
        defer { group.stop() }
        let channel = BusChannel(name: "x", shard: "")
        for number in 0..<25 { fixture.commands.publish(Array("\(number)".utf8), on: channel) }
        #expect(fixture.figures.dropped == 15 && fixture.figures.published == 0)
        // Whoever listens when the server goes on hears the newest ten.
        let listener = BlockingSocket(port: redis.port)
        listener.send("SUBSCRIBE x\r\n")
        let confirmation = "*3\r\n$9\r\nsubscribe\r\n$1\r\nx\r\n:1\r\n"
        redis.resume()
        var expected = confirmation
        for number in 15..<25 { expected += "*3\r\n$7\r\nmessage\r\n$1\r\nx\r\n$2\r\n\(number)\r\n" }
        let bytes = listener.receive(exactly: expected.utf8.count)
        #expect(String(decoding: bytes, as: UTF8.self) == expected)
        #expect(eventually { fixture.figures.published == 10 })
    }

    @Test func `a message that no receiver would take is not sent`() throws {
        var options = RedisOptions()
        options.messageBytes = 100
        let fixture = try CommandsFixture([sharedRedis()], options: options)
        let channel = BusChannel(name: fixture.key, shard: "")
        fixture.commands.publish([UInt8](repeating: 0, count: 101), on: channel)
        fixture.commands.publish([UInt8](repeating: 0, count: 100), on: channel)
        #expect(eventually { fixture.figures.published == 1 })
        #expect(fixture.figures.dropped == 1)
    }

    @Test func `several servers each get their share, and one list of keys goes to one place`() async throws {
        let redises = [PrivateRedis(), PrivateRedis(), PrivateRedis()]
        let fixture = try CommandsFixture(redises.map { try $0.server() })
        for number in 0..<60 {
            let key = "k\(number)"
            _ = try await fixture.commands.send(words("SET", key, "1"), to: key)
        }
        var total = 0
        for (index, redis) in redises.enumerated() {
            for number in 0..<60 where fixture.commands.server(of: "k\(number)") == index {
                #expect(redis.command("EXISTS", "k\(number)").hasPrefix(":1"))
                total += 1
            }
            #expect(redis.command("DBSIZE") != ":0\r\n+OK\r\n")
        }
        #expect(total == 60)
    }

    @Test func `after the end nothing waits and nothing hangs`() async throws {
        let redis = PrivateRedis()
        let fixture = try CommandsFixture([redis.server()])
        _ = try await fixture.send("PING")
        redis.pause()
        let outcomes = Locked<[Result<RedisValue, RedisError>]>([])
        fixture.begin("PING", in: outcomes)
        fixture.commands.stop()
        #expect(eventually { outcomes.withLock { $0 } == [.failure(.stopped)] })
        await #expect(throws: RedisError.stopped) { try await fixture.send("PING") }
        #expect(eventually { fixture.state == .stopped })
    }

    @Test func `a loop that ends takes its commands' waiting with it`() async throws {
        let redis = PrivateRedis()
        let fixture = try CommandsFixture([redis.server()])
        _ = try await fixture.send("PING")
        redis.pause()
        let outcomes = Locked<[Result<RedisValue, RedisError>]>([])
        for _ in 0..<5 { fixture.begin("PING", within: .seconds(30), in: outcomes) }
        fixture.group.stop()
        #expect(eventually { outcomes.withLock { $0 }.count == 5 })
        await #expect(throws: RedisError.stopped) { try await fixture.send("PING") }
    }

    @Test func `commands that are made for a loop that has ended are refused`() async throws {
        let group = try LoopGroup(count: 1, options: LoopOptions(), places: 100) { _ throws(SystemError) in }
        group.stop()
        let server = try RedisServer(setting: "redis://127.0.0.1:1")
        let commands = RedisCommands(servers: [server], on: group.handles[0])
        await #expect(throws: RedisError.stopped) { try await commands.send([Array("PING".utf8)], toServer: 0) }
    }
}
