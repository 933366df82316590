import Shared
import Testing

@testable import RedisBridge

@Suite struct BackoffTests {
    @Test func `the first try is at once, then each wait is longer, up to the bound`() {
        var random = SystemRandomNumberGenerator()
        var backoff = Backoff(firstMilliseconds: 50, longestMilliseconds: 1_000)
        for _ in 0..<100 {
            backoff.reset()
            let waits = (0..<70).map { _ in backoff.next(using: &random) }
            let spans: [UInt64] = [0, 50, 100, 200, 400, 800] + [UInt64](repeating: 1_000, count: 64)
            #expect(zip(waits, spans).allSatisfy { ($1 / 2...$1).contains($0) }, "\(waits)")
            #expect(Set(waits.suffix(64)).count > 1)
        }
    }
}

@Suite struct GreetingTests {
    private static func text(_ url: String) throws -> String {
        String(decoding: Greeting(to: try RedisServer(setting: url), as: "n").request, as: UTF8.self)
    }

    @Test func `it says what the server must know, and asks whether it serves`() throws {
        let name = "*3\r\n$6\r\nCLIENT\r\n$7\r\nSETNAME\r\n$1\r\nn\r\n"
        let ping = "*1\r\n$4\r\nPING\r\n"
        #expect(try Self.text("redis://h") == name + ping)
        #expect(
            try Self.text("redis://:p%20w@h:1/3")
                == "*2\r\n$4\r\nAUTH\r\n$3\r\np w\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n" + name + ping)
    }

    private static let pong = RedisValue.status("PONG")
    private static let ok = RedisValue.status("OK")
    private static func no(_ text: String) -> RedisValue { .refusal(RedisRefusal(text)) }

    @Test(
        arguments: [
            ("redis://h", [ok, pong], .ready),
            ("redis://h", [ok], .more),
            ("redis://h", [no("ERR unknown subcommand"), pong], .ready),
            ("redis://h", [ok, no("NOAUTH Authentication required.")], .failed(.unauthorized)),
            ("redis://h", [ok, no("LOADING Redis is loading the dataset in memory")], .failed(.loading)),
            ("redis://h", [ok, no("MASTERDOWN Link with MASTER is down")], .failed(.loading)),
            ("redis://h", [ok, no("ERR max number of clients reached")], .failed(.refused)),
            ("redis://h", [ok, ok], .failed(.malformed)),
            ("redis://h", [.integer(1)], .failed(.malformed)),
            ("redis://:p@h", [ok, ok, pong], .ready),
            ("redis://:p@h", [no("WRONGPASS invalid username-password pair")], .failed(.unauthorized)),
            ("redis://:p@h", [no("ERR AUTH <password> called without any password")], .failed(.unauthorized)),
            ("redis://:p@h", [no("LOADING x")], .failed(.loading)),
            ("redis://:p@h/2", [ok, ok, ok, pong], .ready),
            ("redis://:p@h/2", [ok, no("ERR DB index is out of range")], .failed(.refused)),
            ("redis://:p@h/2", [ok, .null], .failed(.malformed)),
        ] as [(String, [RedisValue], Greeting.Outcome)])
    func `each answer leads where it should`(url: String, answers: [RedisValue], outcome: Greeting.Outcome) throws {
        var greeting = Greeting(to: try RedisServer(setting: url), as: "n")
        var outcomes: [Greeting.Outcome] = []
        for answer in answers { outcomes.append(greeting.answered(answer)) }
        #expect(outcomes.last == outcome)
        #expect(outcomes.dropLast().allSatisfy { $0 == .more })
    }

    @Test func `what is told about a server never holds its password`() throws {
        let server = try RedisServer(setting: "redis://:hush@h:1/3")
        #expect(server.name == "h:1/3")
        #expect(RedisStatistics(servers: [server]).figures.servers.map(\.name) == ["h:1/3"])
    }
}

@Suite struct MessageQueueTests {
    @Test func `at its bounds the oldest go`() {
        var queue = MessageQueue(limit: 3, byteLimit: 10)
        let fitting = (1...3).map { queue.append([$0]) }
        #expect(fitting == [0, 0, 0])
        let byCount = queue.append([4])
        #expect(byCount == 1 && queue.count == 3 && queue.byteCount == 3)
        let byBytes = queue.append([UInt8](repeating: 5, count: 9))
        #expect(byBytes == 2 && queue.byteCount == 10)
        let left = [queue.popFirst(), queue.popFirst(), queue.popFirst()]
        #expect(left == [[4], [UInt8](repeating: 5, count: 9), nil])
        #expect(queue.isEmpty && queue.byteCount == 0)
    }

    @Test func `what is longer than all may be is dropped itself`() {
        var queue = MessageQueue(limit: 3, byteLimit: 10)
        _ = queue.append([1])
        let dropped = queue.append([UInt8](repeating: 0, count: 11))
        #expect(dropped == 1 && queue.count == 1)
        let removed = queue.removeAll()
        #expect(removed == 1)
        #expect(queue.isEmpty && queue.byteCount == 0)
    }

    @Test func `a ring gives back what it got, in order, through every growth`() {
        var (ring, expected, next) = (Ring<Int>(), [Int](), 0)
        for round in 0..<2_000 {
            for _ in 0..<(round % 7) {
                ring.append(next)
                expected.append(next)
                next += 1
            }
            for _ in 0..<(round % 5) {
                let popped = ring.popFirst()
                #expect(popped == expected.first)
                if !expected.isEmpty { expected.removeFirst() }
            }
            #expect(ring.count == expected.count)
        }
        ring.update { $0 += 1 }
        let rest = ring.takeAll()
        #expect(rest == expected.map { $0 + 1 })
        #expect(ring.isEmpty)
    }
}

@Suite struct ChannelTableTests {
    @Test func `channels are found by the bytes of their names, and only until they are removed`() {
        var table = ChannelTable()
        let channels = (0..<500).map { BusChannel(name: "bellhop:\($0):events", shard: "\($0)") }
        for channel in channels { table.insert(ChannelEntry(channel)) }
        for channel in channels { #expect(table.find(channel)?.channel == channel) }
        #expect(table.find(BusChannel(name: "bellhop:500:events", shard: "")) == nil)
        for channel in channels.prefix(250) { if let entry = table.find(channel) { table.remove(entry) } }
        for channel in channels.prefix(250) { #expect(table.find(channel) == nil) }
        #expect(Set(table.all.map(\.channel)) == Set(channels.suffix(250)))
    }
}
