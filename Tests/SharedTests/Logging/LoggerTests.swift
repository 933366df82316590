import Foundation
import Testing

@testable import Shared

@Suite struct LoggerTests {
    private let lines = LogLines()

    @Test func `a line of text has the time, the level, the event, the fixed fields and its own`() {
        let log = self.lines.logger(.text, fields: ["node": .string("n1")])
        log.info("conn.closed", ["conn": .id(42), "code": .int(4_008), "sent_bytes": .int(1_048_576)])
        #expect(
            self.lines.all == [
                "ts=2026-01-02T03:04:05.678Z level=info event=conn.closed node=n1 conn=42 code=4008 sent_bytes=1048576\n"
            ])
    }

    @Test func `a line of JSON holds the same, with types`() {
        let log = self.lines.logger(.json, fields: ["node": .string("n1")])
        log.warning(
            "redis.slow",
            [
                "healthy": .bool(false), "ratio": .double(0.25), "elapsed_ms": .milliseconds(.microseconds(1_500)),
                "count": .int(-3), "token": .secret("hunter2"), "beyond": .double(.infinity),
            ])
        #expect(
            self.lines.all == [
                #"{"ts":"2026-01-02T03:04:05.678Z","level":"warning","event":"redis.slow","node":"n1","healthy":false,"#
                    + #""ratio":0.25,"elapsed_ms":1.5,"count":-3,"token":"redacted","beyond":"inf"}"# + "\n"
            ])
    }

    @Test func `an event without fields and a logger without fixed ones make a whole line`() {
        self.lines.logger(.text).notice("node.started")
        self.lines.logger(.json).error("node.failed")
        #expect(
            self.lines.all == [
                "ts=2026-01-02T03:04:05.678Z level=notice event=node.started\n",
                #"{"ts":"2026-01-02T03:04:05.678Z","level":"error","event":"node.failed"}"# + "\n",
            ])
    }

    @Test func `a logger that adds fields keeps those it had and leaves the first as it was`() {
        let log = self.lines.logger(.text, fields: ["node": .string("n1")])
        log.adding(["loop": .int(1)]).info("a.b", ["x": .int(2)])
        log.info("a.b")
        #expect(self.lines.all.map { $0.dropFirst(49) } == ["node=n1 loop=1 x=2\n", "node=n1\n"])
    }

    @Test(arguments: LogLevel.allCases)
    func `only lines at or above the threshold are written, and the fields of others are not made`(threshold: LogLevel)
    {
        let log = self.lines.logger(.text, threshold: threshold)
        let made = Locked(0)
        func field() -> LogValue {
            made.withLock { $0 += 1 }
            return .int(1)
        }
        log.debug("a.b", ["x": field()])
        log.info("a.b", ["x": field()])
        log.notice("a.b", ["x": field()])
        log.warning("a.b", ["x": field()])
        log.error("a.b", ["x": field()])
        let expected = LogLevel.allCases.filter { $0 >= threshold }
        #expect(self.lines.all == expected.map { "ts=2026-01-02T03:04:05.678Z level=\($0.rawValue) event=a.b x=1\n" })
        #expect(made.withLock { $0 } == expected.count)
        #expect(LogLevel.allCases.filter(log.writes) == expected)
    }

    @Test(arguments: [
        ("plain-1.2:3/x", "plain-1.2:3/x"), ("", #""""#), ("two words", #""two words""#), ("a=b", #""a=b""#),
        ("quote\"", #""quote\"""#), ("back\\slash", #""back\\slash""#), ("x\nevent=forged", #""x\nevent=forged""#),
        ("\r\t\0\u{1B}[31m", #""\r\t\u0000\u001b[31m""#), ("\u{7F}\u{9B}2J", #""\u007f\u009b2J""#),
        ("\u{2028}\u{202E}\u{FEFF}\u{2066}", #""\u2028\u202e\ufeff\u2066""#), ("Ξενοδοχείο 🛎", "\"Ξενοδοχείο 🛎\""),
    ])
    func `no value can end the line, add a field or steer a terminal`(value: String, written: String) {
        self.lines.logger(.text).info("a.b", ["x": .string(value)])
        #expect(self.lines.all == ["ts=2026-01-02T03:04:05.678Z level=info event=a.b x=\(written)\n"])
    }

    @Test func `whatever the value, a JSON line is one line and gives the value back`() throws {
        let scalars =
            (0...0x2FFF).compactMap(Unicode.Scalar.init) + [0xFEFF, 0xFFFD, 0x1F6CE].compactMap(Unicode.Scalar.init)
        for scalar in scalars {
            let lines = LogLines()
            lines.logger(.json).info("a.b", ["x": .string("<\(String(Character(scalar)))>")])
            let line = try #require(lines.all.first)
            #expect(line.utf8.filter { $0 < 0x20 } == [0x0A])
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String]
            #expect(object?["x"]?.unicodeScalars.elementsEqual(["<", scalar, ">"]) == true, "U+\(scalar.value)")
        }
    }

    @Test func `text past its bound is cut between characters and marked`() {
        let whole = String(repeating: "a", count: LogValue.maximumBytes)
        let log = self.lines.logger(.text)
        log.info("a.b", ["x": .string(whole)])
        log.info("a.b", ["x": .string(whole + "a")])
        log.info("a.b", ["x": .string(whole.dropLast() + "é")])
        let written = self.lines.all.map { $0.dropFirst("ts=2026-01-02T03:04:05.678Z level=info event=a.b x=".count) }
        let expected: [Substring] = ["\(whole)\n", "\"\(whole)…\"\n", "\"\(whole.dropLast())…\"\n"]
        #expect(written == expected)
    }

    @Test func `field names are lower-case words that the line does not use itself`() {
        for name in ["conn", "sent_bytes", "a.b", "p99"] as [StaticString] { #expect(LogFormat.isFieldName(name)) }
        for name in ["", "ts", "level", "event", "a b", "A", "a=b", "a\"", "é"] as [StaticString] {
            #expect(!LogFormat.isFieldName(name))
        }
    }

    @Test func `an error is written as it describes itself`() {
        self.lines.logger(.text).error("node.failed", ["error": .error(SystemError("bind", errno: 98))])
        #expect(self.lines.all.first?.hasSuffix(#"error="bind: Address already in use""# + "\n") == true)
    }
}
