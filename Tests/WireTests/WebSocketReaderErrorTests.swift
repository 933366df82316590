import Testing

@testable import Wire

@Suite struct WebSocketReaderErrorTests {
    /// What is wrong, the bytes, the error and the close code; nothing comes out before the error.
    struct Wrong: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var bytes: [UInt8]
        var error: WebSocketError
        var code: WebSocketCloseCode

        init(_ name: String, _ bytes: [UInt8], _ error: WebSocketError, _ code: WebSocketCloseCode) {
            self.testDescription = name
            self.bytes = bytes
            self.error = error
            self.code = code
        }
    }

    static let cases: [Wrong] = [
        .init("RSV1 without deflate", frame(0x1, [], reserved: 4), .reservedBits(4), .protocolError),
        .init("RSV2", frame(0x1, [], reserved: 2), .reservedBits(2), .protocolError),
        .init("RSV3 on a ping", frame(0x9, [], reserved: 1), .reservedBits(1), .protocolError),
        .init("all RSV on a close", frame(0x8, [], reserved: 7), .reservedBits(7), .protocolError),
        .init("opcode 3", frame(0x3), .reservedOpcode(3), .protocolError),
        .init("opcode 7", frame(0x7), .reservedOpcode(7), .protocolError),
        .init("opcode 11", frame(0xB), .reservedOpcode(11), .protocolError),
        .init("opcode 15", frame(0xF), .reservedOpcode(15), .protocolError),
        .init("a ping in pieces", frame(0x9, [], isFinal: false), .fragmentedControl, .protocolError),
        .init("a close in pieces", frame(0x8, [], isFinal: false), .fragmentedControl, .protocolError),
        .init("a ping of 126", frame(0x9, Array(repeating: 0, count: 126)), .controlTooLong, .protocolError),
        .init(
            "a pong of 65536", frame(0xA, announcing: [127, 0, 0, 0, 0, 0, 1, 0, 0]), .controlTooLong, .protocolError),
        .init("a continuation of nothing", frame(0x0), .continuationWithoutStart, .protocolError),
        .init("an open continuation of nothing", frame(0x0, isFinal: false), .continuationWithoutStart, .protocolError),
        .init("a text inside a text", text("a", isFinal: false) + text("b"), .messageInsideMessage, .protocolError),
        .init(
            "a binary inside a text", text("a", isFinal: false) + frame(0x2, isFinal: false), .messageInsideMessage,
            .protocolError
        ),
        .init("no mask", frame(0x1, [65], mask: nil), .maskMissing, .protocolError),
        .init("two bytes for 125", frame(0x2, announcing: [126, 0, 125]), .lengthNotMinimal, .protocolError),
        .init("two bytes for 0", frame(0x2, announcing: [126, 0, 0]), .lengthNotMinimal, .protocolError),
        .init(
            "eight bytes for 65535", frame(0x2, announcing: [127, 0, 0, 0, 0, 0, 0, 255, 255]), .lengthNotMinimal,
            .protocolError
        ),
        .init(
            "bit 63 of the length", frame(0x2, announcing: [127, 0x80, 0, 0, 0, 0, 1, 0, 0]), .lengthOutOfRange,
            .protocolError
        ),
        .init(
            "a length of all ones", frame(0x2, announcing: [127] + Array(repeating: 255, count: 8)),
            .lengthOutOfRange, .protocolError
        ),
        .init(
            "a length of 2^63-1", frame(0x2, announcing: [127, 0x7F] + Array(repeating: 255, count: 7)),
            .frameTooLarge(limit: 1 << 20), .messageTooBig
        ),
        .init("a close of one byte", frame(0x8, [3]), .closeBodyTooShort, .protocolError),
        .init("a close with a wrong reason", frame(0x8, [0x03, 0xE8, 0xC0]), .invalidCloseReason, .invalidPayload),
        .init(
            "a close with half a character", frame(0x8, [0x03, 0xE8, 0xE2, 0x82]), .invalidCloseReason, .invalidPayload),
        .init("a text that is no text", frame(0x1, [0xCE, 0xFF]), .invalidText, .invalidPayload),
        .init("a text that ends in a character", frame(0x1, [0xE2, 0x82]), .invalidText, .invalidPayload),
        .init(
            "a message that ends in a character", frame(0x1, [0xE2], isFinal: false) + frame(0x0, [0x82]),
            .invalidText, .invalidPayload
        ),
        .init("a surrogate", frame(0x1, [0xED, 0xA0, 0x80]), .invalidText, .invalidPayload),
    ]

    @Test(arguments: Self.cases)
    func `wrong bytes fail with their code at every cut`(wrong: Wrong) {
        let heard = Heard.everySplit(wrong.bytes + text("after"))
        #expect(heard.error == wrong.error && heard.error?.closeCode == wrong.code)
        #expect(heard.events.isEmpty && heard.isIdle)
    }

    @Test func `a client refuses a mask`() {
        let heard = Heard.everySplit(text("a"), role: .client)
        #expect(heard.error == .maskForbidden && heard.error?.closeCode == .protocolError)
    }

    @Test func `whole messages before the wrong byte still come out`() {
        let heard = Heard.everySplit(text("one") + frame(0x9) + text("two") + frame(0x3) + text("three"))
        #expect(heard.events == [.text("one"), .ping([]), .text("two")] && heard.error == .reservedOpcode(3))
    }

    @Test func `a wrong first byte fails before the second comes`() {
        #expect(Heard([[0x83]]).error == .reservedOpcode(3))
        #expect(Heard([[0x09]]).error == .fragmentedControl)
        #expect(Heard([[0x81, 0x01]]).error == .maskMissing)
        #expect(Heard([[0x89, 0xFE]]).error == .controlTooLong)
        #expect(Heard([[0x82, 0xFE, 0x00, 0x7D]]).error == .lengthNotMinimal)
    }

    @Test func `text fails at its first impossible byte while the frame is still arriving`() {
        // The frame announces 1000 bytes; the second character is cut off by a byte that cannot continue it.
        let whole = frame(0x1, Array("κόσμε".utf8) + [0xF4, 0x90] + Array(repeating: 65, count: 988))
        let start = 8
        let before = "κόσμε".utf8.count
        #expect(Heard([Array(whole[..<(start + before + 1)])]).error == nil)
        #expect(Heard([Array(whole[..<(start + before + 2)])]).error == .invalidText)
        #expect(Heard(whole[..<(start + before + 2)].map { [$0] }).error == .invalidText)
    }

    @Test func `binary messages can be refused`() {
        var limits = WebSocketLimits()
        limits.acceptsBinary = false
        let heard = Heard.everySplit(text("a") + frame(0x2, [1]), limits: limits)
        #expect(heard.events == [.text("a")] && heard.error?.closeCode == .unsupportedData)
    }
}

@Suite struct WebSocketReaderLimitTests {
    static func limits(frame: Int = 1000, message: Int = 1000, fragments: Int = 100) -> WebSocketLimits {
        var limits = WebSocketLimits()
        limits.frameBytes = frame
        limits.messageBytes = message
        limits.fragments = fragments
        return limits
    }

    @Test(arguments: [0, 1, 125, 126, 200]) func `a frame may be as large as the limit and no larger`(limit: Int) {
        let limits = Self.limits(frame: limit)
        let full = [UInt8](repeating: 1, count: limit)
        #expect(Heard.everySplit(frame(0x2, full), limits: limits).events == [.binary(full)])
        let over = Heard.everySplit(frame(0x2, full + [1]), limits: limits)
        #expect(over.error == .frameTooLarge(limit: limit) && over.error?.closeCode == .messageTooBig)
    }

    @Test(arguments: [1, 5, 199, 200]) func `a message may be as large as the limit in any fragments`(first: Int) {
        let limits = Self.limits(message: 200)
        let bytes = [UInt8](repeating: 1, count: 201)
        let start = frame(0x2, Array(bytes[..<first]), isFinal: false)
        let fits = Heard.everySplit(start + frame(0x0, Array(bytes[first..<200])), limits: limits)
        #expect(fits.events == [.binary(Array(bytes[..<200]))])
        let over = Heard.everySplit(start + frame(0x0, Array(bytes[first...])), limits: limits)
        #expect(over.error == .messageTooLarge(limit: 200) && over.error?.closeCode == .messageTooBig)
    }

    @Test func `limits are told by the header before any payload comes`() {
        let header = frame(0x2, announcing: [126, 0x03, 0xE9]).prefix(4)
        #expect(Heard([Array(header)], limits: Self.limits()).error == .frameTooLarge(limit: 1000))
    }

    @Test(arguments: [1, 2, 5]) func `a message may have as many fragments as the limit and no more`(limit: Int) {
        let limits = Self.limits(fragments: limit)
        let open = frame(0x1, [65], isFinal: false)
        let inner = (0..<max(limit - 2, 0)).flatMap { _ in frame(0x0, isFinal: false) }
        if limit > 1 {
            let heard = Heard.everySplit(open + inner + frame(0x0), limits: limits)
            #expect(heard.events == [.text("A")] && heard.error == nil)
        }
        let rest = limit > 1 ? frame(0x0, isFinal: false) : []
        let over = Heard.everySplit(open + inner + rest + frame(0x9) + frame(0x0), limits: limits)
        #expect(over.events == [.ping([])] && over.error == .tooManyFragments(limit: limit))
        #expect(over.error?.closeCode == .messageTooBig)
    }

    @Test func `limits start anew with each message and leave control frames alone`() {
        let limits = Self.limits(frame: 3, message: 6, fragments: 2)
        let message = frame(0x2, [1, 2, 3], isFinal: false) + frame(0x9, [9, 9, 9, 9, 9]) + frame(0x0, [4, 5, 6])
        let heard = Heard.everySplit(message + message, limits: limits)
        let once: [HeardEvent] = [.ping([9, 9, 9, 9, 9]), .binary([1, 2, 3, 4, 5, 6])]
        #expect(heard.events == once + once && heard.isIdle)
    }
}

@Suite struct WebSocketMaskTests {
    @Test(arguments: 0..<8) func `any length at any address and phase is masked like byte by byte`(offset: Int) {
        let key: [UInt8] = [0x12, 0x34, 0x56, 0x78]
        for count in 0...140 {
            for phase in 0..<5 {
                let plain = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
                var memory = [UInt8](repeating: 0xEE, count: offset) + plain + [0xEE]
                memory.withUnsafeMutableBytes {
                    let part = UnsafeMutableRawBufferPointer(rebasing: $0[offset..<offset + count])
                    WebSocketMask.apply(0x7856_3412, to: part, phase: phase)
                }
                let expected = plain.enumerated().map { $1 ^ key[($0 + phase) % 4] }
                #expect(Array(memory[offset..<offset + count]) == expected)
                #expect(memory.last == 0xEE && memory.prefix(offset).allSatisfy { $0 == 0xEE })
            }
        }
    }
}
