import Testing

@testable import Wire

@Suite struct WebSocketDeflateTests {
    static let takeover = PerMessageDeflate(
        server: .init(keepsContext: true), client: .init(keepsContext: true))

    static func compressed(_ string: String, _ deflater: Deflater = Deflater(), keepingContext: Bool = false) -> [UInt8]
    {
        deflated(Array(string.utf8), deflater, keepingContext: keepingContext)
    }

    @Test func `compressed messages are read at every cut, whole and in fragments`() {
        let payload = Self.compressed("Grüße aus Köln")
        let whole = frame(0x1, payload, reserved: 4)
        let fragments =
            frame(0x1, Array(payload[..<3]), isFinal: false, reserved: 4) + frame(0x9, [7])
            + frame(0x0, [], isFinal: false) + frame(0x0, Array(payload[3...]))
        let heard = Heard.everySplit(whole + text("plain") + fragments + whole, deflate: PerMessageDeflate())
        let message = HeardEvent.text("Grüße aus Köln")
        #expect(heard.events == [message, .text("plain"), .ping([7]), message, message])
        #expect(heard.error == nil && heard.isIdle)
    }

    @Test func `with context takeover each message refers to the ones before`() {
        let deflater = Deflater()
        let bytes = (1...4).flatMap { _ in
            frame(0x1, Self.compressed("Zimmer 7 ist sauber", deflater, keepingContext: true), reserved: 4)
        }
        let heard = Heard.everySplit(bytes, deflate: Self.takeover)
        #expect(heard.events == Array(repeating: .text("Zimmer 7 ist sauber"), count: 4))
        // The second message means nothing to a reader that agreed on no context.
        #expect(Heard([bytes], deflate: PerMessageDeflate()).error == .invalidDeflate)
    }

    @Test func `an empty compressed message is a message`() {
        let bytes = frame(0x1, [0x00], reserved: 4) + frame(0x2, [], reserved: 4)
        #expect(Heard.everySplit(bytes, deflate: PerMessageDeflate()).events == [.text(""), .binary([])])
    }

    @Test(
        arguments: [
            (frame(0x0, [], reserved: 4), .reservedBits(4)), (frame(0x9, [], reserved: 4), .reservedBits(4)),
            (frame(0x1, [], reserved: 6), .reservedBits(6)), (frame(0x1, [0xFF], reserved: 4), .invalidDeflate),
            (frame(0x1, deflated([0xC0]), reserved: 4), .invalidText),
            (frame(0x1, deflated([0xE2, 0x82]), reserved: 4), .invalidText),
            (frame(0x1, [0xFF], isFinal: false, reserved: 4) + frame(0x0), .invalidDeflate),
            (frame(0x1, [], isFinal: false, reserved: 4) + frame(0x0, [], reserved: 4), .reservedBits(4)),
        ] as [([UInt8], WebSocketError)])
    func `wrong compressed bytes fail at every cut`(bytes: [UInt8], error: WebSocketError) {
        for deflate in [PerMessageDeflate(), Self.takeover] {
            let heard = Heard.everySplit(bytes, deflate: deflate)
            #expect(heard.error == error && heard.events.isEmpty)
        }
    }

    @Test(arguments: [10, 1000, 5000]) func `the message limit counts what comes out`(limit: Int) {
        var limits = WebSocketLimits()
        limits.messageBytes = limit
        let full = String(repeating: "a", count: limit)
        let fits = Heard.everySplit(
            frame(0x1, Self.compressed(full), reserved: 4), deflate: PerMessageDeflate(), limits: limits)
        #expect(fits.events == [.text(full)])
        let over = Heard.everySplit(
            frame(0x1, Self.compressed(full + "a"), reserved: 4), deflate: PerMessageDeflate(), limits: limits)
        #expect(over.error == .messageTooLarge(limit: limit) && over.error?.closeCode == .messageTooBig)
    }

    @Test func `what does not compress may be as large as the limit too`() {
        var limits = WebSocketLimits()
        limits.messageBytes = 3000
        let bytes = noise(3000)
        let deflater = Deflater(.init(windowBits: 9, level: 1, memoryLevel: 1))
        let payload = deflated(bytes, deflater)
        #expect(payload.count > 3000)
        let halves =
            frame(0x2, Array(payload[..<1500]), isFinal: false, reserved: 4) + frame(0x0, Array(payload[1500...]))
        #expect(Heard([halves], deflate: PerMessageDeflate(), limits: limits).events == [.binary(bytes)])
        let wire = limits.wireBytes(isCompressed: true)
        let over = frame(0x2, noise(1500), isFinal: false, reserved: 4) + frame(0x0, noise(wire - 1499))
        #expect(Heard([over], deflate: PerMessageDeflate(), limits: limits).error == .messageTooLarge(limit: 3000))
    }

    @Test func `a bomb is refused by its ratio before it reaches the message limit`() {
        var limits = WebSocketLimits()
        limits.messageBytes = 1 << 26
        let bomb = deflated([UInt8](repeating: 0, count: 1 << 22))
        let heard = Heard([frame(0x2, bomb, reserved: 4)], deflate: PerMessageDeflate(), limits: limits)
        #expect(heard.error == .inflationTooLarge(ratio: 200) && heard.error?.closeCode == .messageTooBig)
    }

    @Test func `a client reads what a server compressed once for all`() {
        var set = DeflaterSet()
        var payload: [UInt8] = []
        let event = Array("{\"event\":\"RoomStatusChanged\"}".utf8)
        event.withUnsafeBytes { set.deflate($0, windowBits: 15, to: &payload) }
        var output: [UInt8] = []
        payload.withUnsafeBytes { WebSocketFrame.append(.text, $0, isCompressed: true, to: &output) }
        for _ in 1...2 {
            let heard = Heard.everySplit(output, role: .client, deflate: PerMessageDeflate())
            #expect(heard.events == [.text(String(decoding: event, as: UTF8.self))])
        }
    }
}
