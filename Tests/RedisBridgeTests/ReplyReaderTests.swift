import Testing

@testable import RedisBridge

/// Keeps whole replies, and can stop its reader in the middle.
private final class Collector: ReplySink {
    var replies: [RedisValue] = []
    var parts: [String] = []
    var onPart: () -> Void = {}
    private var builder = ValueBuilder()

    func arrayBegan(count: Int, depth: Int) {
        self.parts.append("[\(count)@\(depth)")
        if let whole = self.builder.begin(count: count) { self.replies.append(whole) }
        self.onPart()
    }

    func element(_ element: ReplyElement, depth: Int, index: Int) {
        self.parts.append("\(index)@\(depth)")
        if let whole = self.builder.add(element) { self.replies.append(whole) }
        self.onPart()
    }
}

@Suite struct ReplyReaderTests {
    private static let stream =
        "+PONG\r\n:-42\r\n$-1\r\n*-1\r\n$5\r\na\r\nb\0\r\n$0\r\n\r\n*0\r\n-ERR no such thing\r\n"
        + "*3\r\n$7\r\nmessage\r\n$3\r\nc:1\r\n$2\r\nhi\r\n*2\r\n*2\r\n:1\r\n*0\r\n*1\r\n-WRONGTYPE x\r\n:7\r\n"
    private static let replies: [RedisValue] = [
        .status("PONG"), .integer(-42), .null, .null, .bytes(Array("a\r\nb\0".utf8)), .bytes([]), .array([]),
        .refusal(RedisRefusal("ERR no such thing")),
        .array([.bytes(Array("message".utf8)), .bytes(Array("c:1".utf8)), .bytes(Array("hi".utf8))]),
        .array([.array([.integer(1), .array([])]), .array([.refusal(RedisRefusal("WRONGTYPE x"))])]), .integer(7),
    ]

    private static func read(
        _ text: String, in pieces: Int = .max, limits: ReplyLimits = ReplyLimits()
    ) throws(ReplyError) -> [RedisValue] {
        let collector = Collector()
        let reader = ReplyReader(limits: limits, sink: collector)
        try self.feed(Array(text.utf8), to: reader, in: pieces)
        return collector.replies
    }

    private static func feed(_ bytes: [UInt8], to reader: ReplyReader, in pieces: Int) throws(ReplyError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = Array(rest.prefix(pieces))
            rest = rest.dropFirst(piece.count)
            let result = piece.withUnsafeBytes { piece in
                Result { () throws(ReplyError) in try reader.feed(piece) }
            }
            try result.get()
        }
    }

    @Test(arguments: 1...80) func `every size of pieces gives the same replies`(size: Int) throws {
        #expect(try Self.read(Self.stream, in: size) == Self.replies)
    }

    @Test func `every split in two gives the same replies`() throws {
        let bytes = Array(Self.stream.utf8)
        for split in 0...bytes.count {
            let collector = Collector()
            let reader = ReplyReader(limits: ReplyLimits(), sink: collector)
            try Self.feed(Array(bytes[..<split]), to: reader, in: .max)
            try Self.feed(Array(bytes[split...]), to: reader, in: .max)
            #expect(collector.replies == Self.replies, "split at \(split)")
        }
    }

    @Test func `large strings and many replies come through pieces of every kind`() throws {
        let text = String(repeating: "0123456789abcdef", count: 20_000)
        let one = "*3\r\n$7\r\nmessage\r\n$3\r\nc:1\r\n$\(text.utf8.count)\r\n\(text)\r\n"
        for size in [1_000, 4_096, 65_536, .max] {
            let replies = try Self.read(String(repeating: one + ":5\r\n", count: 3), in: size)
            #expect(replies.count == 6)
            #expect(replies[4] == replies[0] && replies[5] == .integer(5))
            guard case .array(let parts) = replies[0], parts.count == 3 else { Issue.record("no array"); continue }
            #expect(parts[2] == .bytes(Array(text.utf8)))
        }
    }

    @Test func `parts are told with their place and depth`() throws {
        let collector = Collector()
        let reader = ReplyReader(limits: ReplyLimits(), sink: collector)
        try Self.feed(Array("*2\r\n*1\r\n:1\r\n+x\r\n:2\r\n".utf8), to: reader, in: .max)
        #expect(collector.parts == ["[2@0", "[1@1", "0@2", "1@1", "-1@0"])
    }

    @Test(arguments: [
        "HTTP/1.1 400 Bad Request\r\n\r\n", "\0\0\0\0", "$x\r\n", ":1x\r\n", "*y\r\n", "$-2\r\n", "*-2\r\n",
        "$1111111111111111111111111111111111", "$99999999999999999999\r\n", "*1\r\n?\r\n",
    ]) func `what is not the protocol is refused`(text: String) {
        for size in [1, 7, .max] {
            #expect(throws: ReplyError.self) { try Self.read(text, in: size) }
        }
    }

    @Test func `a string's length is judged when it is announced`() throws {
        let limits = ReplyLimits(stringBytes: 10, totalBytes: 25)
        #expect(try Self.read("$10\r\n0123456789\r\n", limits: limits).count == 1)
        #expect(throws: ReplyError.tooLarge) { try Self.read("$11\r\n", limits: limits) }
        #expect(throws: ReplyError.tooLarge) { try Self.read("$11\r\n0123456789a\r\n", limits: limits) }
        #expect(throws: ReplyError.tooLarge) { try Self.read("$9223372036854775807\r\n", limits: limits) }
        let ten = "$10\r\n0123456789\r\n"
        #expect(try Self.read("*2\r\n" + ten + ten + ten, limits: limits).count == 2)
        #expect(throws: ReplyError.tooLarge) { try Self.read("*3\r\n" + ten + ten + "$6\r\n", limits: limits) }
    }

    @Test func `the number of parts is judged when it is announced`() throws {
        let limits = ReplyLimits(elements: 4)
        #expect(try Self.read("*3\r\n:1\r\n:2\r\n:3\r\n", limits: limits).count == 1)
        #expect(throws: ReplyError.tooLarge) { try Self.read("*4\r\n", limits: limits) }
        #expect(throws: ReplyError.tooLarge) { try Self.read("*2147483647\r\n", limits: limits) }
        #expect(throws: ReplyError.tooLarge) { try Self.read("*2\r\n*1\r\n:1\r\n*1\r\n", limits: limits) }
        #expect(throws: ReplyError.self) { try Self.read("*9223372036854775807\r\n", limits: limits) }
    }

    @Test func `a line without an end is refused at its limit`() throws {
        let limits = ReplyLimits(lineBytes: 100)
        for sign in ["+", "-", ":", "*"] {
            let line = sign + String(repeating: "1", count: 100)
            for size in [1, .max] {
                #expect(throws: ReplyError.self) { try Self.read(line + "1", in: size, limits: limits) }
            }
        }
        #expect(try Self.read("+" + String(repeating: "x", count: 99), limits: limits).isEmpty)
        #expect(throws: ReplyError.tooLarge) {
            try Self.read("+" + String(repeating: "x", count: 101) + "\r\n", limits: limits)
        }
    }

    @Test func `arrays are nested seven deep and no deeper`() throws {
        #expect(try Self.read(String(repeating: "*1\r\n", count: 7) + ":1\r\n").count == 1)
        #expect(throws: ReplyError.self) { try Self.read(String(repeating: "*1\r\n", count: 100) + ":1\r\n") }
    }

    @Test func `after an error and after a stop nothing is told any more`() throws {
        let collector = Collector()
        let broken = ReplyReader(limits: ReplyLimits(), sink: collector)
        #expect(throws: ReplyError.self) { try Self.feed(Array("?".utf8), to: broken, in: .max) }
        try Self.feed(Array(":1\r\n".utf8), to: broken, in: .max)
        #expect(collector.parts.isEmpty)

        for stopAfter in 1...3 {
            let collector = Collector()
            let reader = ReplyReader(limits: ReplyLimits(), sink: collector)
            collector.onPart = { if collector.parts.count == stopAfter { reader.stop() } }
            try Self.feed(Array("*2\r\n:1\r\n:2\r\n:3\r\n".utf8), to: reader, in: .max)
            try Self.feed(Array(":4\r\n".utf8), to: reader, in: .max)
            #expect(collector.parts.count == stopAfter)
            collector.onPart = {}  // they hold each other
        }
    }

    @Test func `requests are arrays of strings, whatever bytes are in them`() {
        #expect(RequestText.of([Array("PING".utf8)]) == Array("*1\r\n$4\r\nPING\r\n".utf8))
        #expect(
            RequestText.of([Array("SET".utf8), [], [0, 13, 10, 255]])
                == Array("*3\r\n$3\r\nSET\r\n$0\r\n\r\n$4\r\n".utf8) + [0, 13, 10, 255] + Array("\r\n".utf8))
        for message in [[], [0, 13, 10, 255], [UInt8](repeating: 7, count: 5_000)] {
            let words = [Array("PUBLISH".utf8), Array("bellhop:a".utf8), message]
            #expect(RequestText.publishing(message, on: "bellhop:a".utf8) == RequestText.of(words))
        }
    }

    @Test(arguments: 1...9) func `a request reads as the reply that it looks like`(size: Int) throws {
        let words: [[UInt8]] = [[], [0], Array("\r\n$3".utf8), [UInt8](repeating: 7, count: 5_000)]
        let collector = Collector()
        try Self.feed(
            RequestText.of(words), to: ReplyReader(limits: ReplyLimits(), sink: collector), in: size * 500)
        #expect(collector.replies == [.array(words.map { .bytes($0) })])
    }
}
