import Testing

@testable import Wire

@Suite struct WebSocketFrameTests {
    @Test func `the frames of RFC 6455 5_7 are written`() {
        var output: [UInt8] = []
        let hello = Array("Hello".utf8)
        hello.withUnsafeBytes { WebSocketFrame.append(.text, $0, to: &output) }
        #expect(output == [0x81, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F])
        output = []
        hello.withUnsafeBytes { WebSocketFrame.append(.text, $0, maskKey: 0x3D21_FA37, to: &output) }
        #expect(output == [0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58])
        output = []
        hello.withUnsafeBytes {
            WebSocketFrame.append(.text, UnsafeRawBufferPointer(rebasing: $0[..<3]), isFinal: false, to: &output)
            WebSocketFrame.append(.continuation, UnsafeRawBufferPointer(rebasing: $0[3...]), to: &output)
        }
        #expect(output == [0x01, 0x03, 0x48, 0x65, 0x6C, 0x80, 0x02, 0x6C, 0x6F])
    }

    @Test(arguments: [0, 1, 125, 126, 127, 65_535, 65_536], [nil, 0, 0xDEAD_BEEF] as [UInt32?])
    func `what is written is read by the other side`(count: Int, maskKey: UInt32?) {
        let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 13) }
        var output: [UInt8] = [0xAA]
        payload.withUnsafeBytes { WebSocketFrame.append(.binary, $0, maskKey: maskKey, to: &output) }
        let header = WebSocketFrame.headerBytes(forPayload: count, isMasked: maskKey != nil)
        #expect(output.first == 0xAA && output.count == 1 + header + count)
        let heard = Heard([Array(output.dropFirst())], role: maskKey == nil ? .client : .server)
        #expect(heard.events == [.binary(payload)])
    }

    @Test func `RSV1 is set for a compressed frame only`() {
        var output: [UInt8] = []
        [UInt8]([1]).withUnsafeBytes { WebSocketFrame.append(.text, $0, isCompressed: true, to: &output) }
        #expect(output == [0xC1, 0x01, 0x01])
    }

    @Test func `a close carries its code and as much of the reason as fits`() {
        var output: [UInt8] = []
        WebSocketFrame.appendClose(.normal, reason: "adiós", to: &output)
        WebSocketFrame.appendClose(.noStatus, to: &output)
        #expect(Array(output.suffix(2)) == [0x88, 0x00])
        #expect(Heard([output], role: .client).events == [.close(1000, reason: "adiós")])
        for count in 120...126 {
            output = []
            let reason = String(repeating: "x", count: count) + "€€"
            WebSocketFrame.appendClose(WebSocketCloseCode(rawValue: 4200), reason: reason, to: &output)
            #expect(output.count <= 2 + WebSocketFrame.maximumControlBytes)
            let kept =
                count == 120 ? String(repeating: "x", count: 120) + "€" : String(repeating: "x", count: min(count, 123))
            #expect(Heard([output], role: .client).events == [.close(4200, reason: kept)])
        }
    }
}
