import Testing

@testable import Wire

@Suite struct WebSocketReaderTests {
    @Test func `the frames of RFC 6455 5_7 are read`() {
        let masked: [UInt8] = [0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58]
        #expect(Heard.everySplit(masked).events == [.text("Hello")])
        let plain: [UInt8] = [0x81, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F]
        #expect(Heard.everySplit(plain, role: .client).events == [.text("Hello")])
        let fragments: [UInt8] = [0x01, 0x03, 0x48, 0x65, 0x6C, 0x80, 0x02, 0x6C, 0x6F]
        #expect(Heard.everySplit(fragments, role: .client).events == [.text("Hello")])
        let pong: [UInt8] = [0x8A, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58]
        #expect(Heard.everySplit(pong).events == [.pong(Array("Hello".utf8))])
    }

    @Test(arguments: [0, 1, 2, 124, 125, 126, 127, 128, 300])
    func `messages on both sides of the short length survive every cut`(count: Int) {
        let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let heard = Heard.everySplit(frame(0x2, payload) + frame(0x2, payload))
        #expect(heard.events == [.binary(payload), .binary(payload)])
        #expect(heard.isIdle)
    }

    @Test(arguments: [65_534, 65_535, 65_536, 65_537, 1 << 20])
    func `messages on both sides of the two-byte length are read whole and in pieces`(count: Int) {
        let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        let bytes = frame(0x2, payload)
        for size in [bytes.count, 1448, 65_536] {
            #expect(Heard(bytes.chunks(of: size)).events == [.binary(payload)])
        }
    }

    @Test func `control frames come between fragments and in the middle of a split message`() {
        let bytes =
            text("Grüße ", isFinal: false) + frame(0x9, [1, 2]) + frame(0x0, Array("aus ".utf8), isFinal: false)
            + frame(0xA) + frame(0x0, isFinal: false) + frame(0x0, Array("Köln".utf8)) + text("!")
        let heard = Heard.everySplit(bytes)
        #expect(heard.events == [.ping([1, 2]), .pong([]), .text("Grüße aus Köln"), .text("!")])
        #expect(heard.isIdle)
    }

    /// Its time is counted from its first byte to its last: one that counts on would end a socket that did nothing wrong.
    @Test func `a message that came in two reads is complete when it is given out`() throws {
        let limits = WebSocketLimits()
        let bytes = text("Zimmer 7")
        for cut in 1..<bytes.count {
            var reader = WebSocketReader(role: .server)
            var (first, second) = (Array(bytes[..<cut]), Array(bytes[cut...]))
            try first.withUnsafeMutableBytes { buffer in
                var input = buffer
                let event = try reader.next(&input, limits: limits)
                #expect(event == nil)
                #expect(!reader.isBetweenMessages, "cut at \(cut)")
            }
            try second.withUnsafeMutableBytes { buffer in
                var input = buffer
                let event = try reader.next(&input, limits: limits)
                #expect(event != nil)
                #expect(reader.isBetweenMessages, "cut at \(cut)")
            }
        }
    }

    @Test func `a ping that came in two reads does not complete the message around it`() throws {
        let limits = WebSocketLimits()
        var reader = WebSocketReader(role: .server)
        let ping = frame(0x9, [1, 2])
        var pieces = [text("Zim", isFinal: false) + ping.prefix(3), Array(ping.dropFirst(3))]
        for index in pieces.indices {
            try pieces[index].withUnsafeMutableBytes { buffer in
                var input = buffer
                _ = try reader.next(&input, limits: limits)
            }
            #expect(!reader.isBetweenMessages)
        }
    }

    @Test func `a character may be cut by a fragment`() {
        let euro = Array("€".utf8)
        for cut in 0...euro.count {
            let bytes = frame(0x1, Array(euro[..<cut]), isFinal: false) + frame(0x0, Array(euro[cut...]))
            #expect(Heard.everySplit(bytes).events == [.text("€")])
        }
    }

    @Test func `many messages in one read come out in order`() {
        let bytes = (0..<500).flatMap { text("message \($0)") }
        #expect(Heard([bytes]).events == (0..<500).map { .text("message \($0)") })
        #expect(Heard(bytes.chunks(of: 7)).events == (0..<500).map { .text("message \($0)") })
    }

    @Test func `empty messages are messages`() {
        #expect(Heard.everySplit(frame(0x1) + frame(0x2)).events == [.text(""), .binary([])])
        let fragments = frame(0x1, isFinal: false) + frame(0x0, isFinal: false) + frame(0x0)
        #expect(Heard.everySplit(fragments).events == [.text("")])
    }

    @Test(arguments: [1, 2, 3, 4, 5, 31, 32, 33, 63, 64, 65, 125])
    func `a whole frame is lent out of the read buffer without a copy`(count: Int) throws {
        var memory = frame(0x2, Array(repeating: 0xA5, count: count))
        var reader = WebSocketReader(role: .server)
        try memory.withUnsafeMutableBytes { bytes in
            var input = bytes
            let event = try reader.next(&input, limits: WebSocketLimits())
            guard case .binary(let payload)? = event else {
                Issue.record("no message")
                return
            }
            #expect(payload.baseAddress == UnsafeRawPointer(bytes.baseAddress.map { $0 + 6 }))
            #expect(payload.allSatisfy { $0 == 0xA5 })
        }
    }

    @Test func `a reader is small and keeps nothing while it is idle`() {
        #expect(MemoryLayout<WebSocketReader>.size <= 16)
        #expect(Heard([text("Zimmer 7")]).isIdle)
        #expect(!Heard([[0x81]]).isIdle)
        #expect(!Heard([text("Zimmer", isFinal: false)]).isIdle)
        #expect(!Heard([Array(text("Zimmer 7").dropLast())]).isIdle)
    }

    @Test func `memory grows with what arrived and not with what is announced`() {
        var bytes = GrowingBytes()
        [UInt8](repeating: 1, count: 700).withUnsafeBytes { bytes.append($0, expecting: 1 << 30) }
        #expect(bytes.capacity <= 1024)
        [UInt8](repeating: 1, count: 400).withUnsafeBytes { bytes.append($0, expecting: 1100) }
        #expect(bytes.capacity == 1100 && bytes.count == 1100)
    }

    @Test func `a megabyte byte by byte is one message`() {
        let payload = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
        var reader = WebSocketReader(role: .server)
        var messages = 0
        var bytes = frame(0x1, payload)
        bytes.withUnsafeMutableBytes { bytes in
            for index in bytes.indices {
                var input = UnsafeMutableRawBufferPointer(rebasing: bytes[index...index])
                while case .text(let message)? = try? reader.next(&input, limits: WebSocketLimits()) {
                    messages += message.count == payload.count ? 1 : 0
                }
            }
        }
        #expect(messages == 1)
    }
}

@Suite struct WebSocketReaderCloseTests {
    @Test func `a close without a body has no status`() {
        #expect(Heard.everySplit(frame(0x8)).events == [.close(1005, reason: "")])
    }

    @Test(arguments: [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999])
    func `codes that may be on the wire are read`(code: UInt16) {
        let body = withUnsafeBytes(of: code.bigEndian, Array.init) + Array("adiós".utf8)
        #expect(Heard.everySplit(frame(0x8, body)).events == [.close(code, reason: "adiós")])
    }

    @Test(arguments: [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535])
    func `codes that must not be on the wire are refused`(code: UInt16) {
        let body = withUnsafeBytes(of: code.bigEndian, Array.init)
        let heard = Heard.everySplit(frame(0x8, body))
        #expect(heard.error == .invalidCloseCode(code) && heard.error?.closeCode == .protocolError)
    }

    @Test func `what follows a close is thrown away`() {
        let bytes = frame(0x8, [0x03, 0xE8]) + text("late") + frame(0x9) + [0xFF, 0xFF]
        let heard = Heard.everySplit(bytes)
        #expect(heard == Heard([frame(0x8, [0x03, 0xE8])]))
        #expect(heard.events == [.close(1000, reason: "")] && heard.error == nil)
    }

    @Test func `a close ends a message that is still open`() {
        let heard = Heard.everySplit(text("half", isFinal: false) + frame(0x8, [0x03, 0xE9]) + frame(0x0))
        #expect(heard.events == [.close(1001, reason: "")] && heard.isIdle)
    }
}

extension Array {
    /// The elements in pieces of `size`, the last one perhaps shorter.
    func chunks(of size: Int) -> [[Element]] {
        stride(from: 0, to: self.count, by: size).map { Array(self[$0..<Swift.min($0 + size, self.count)]) }
    }
}
