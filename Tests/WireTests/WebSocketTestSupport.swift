import Testing

@testable import Wire

/// A `WebSocketEvent` that owns its bytes.
enum HeardEvent: Equatable {
    case text(String)
    case binary([UInt8])
    case ping([UInt8])
    case pong([UInt8])
    case close(UInt16, reason: String)

    init(_ event: WebSocketEvent) {
        switch event {
        case .text(let bytes): self = .text(String(decoding: bytes, as: UTF8.self))
        case .binary(let bytes): self = .binary(Array(bytes))
        case .ping(let bytes): self = .ping(Array(bytes))
        case .pong(let bytes): self = .pong(Array(bytes))
        case .close(let code, let reason):
            self = .close(code.rawValue, reason: String(decoding: reason, as: UTF8.self))
        }
    }
}

/// All that a reader says about some bytes.
struct Heard: Equatable {
    var events: [HeardEvent] = []
    var error: WebSocketError?
    /// Whether the reader let go of everything after the last byte.
    var isIdle = true

    /// Reads `pieces` one after the other, each from memory of its own, as a socket would bring them.
    init(
        _ pieces: [[UInt8]], role: WebSocketRole = .server, deflate: PerMessageDeflate? = nil,
        limits: WebSocketLimits = WebSocketLimits()
    ) {
        var reader = WebSocketReader(role: role, deflate: deflate)
        let inflater = Inflater()
        for piece in pieces {
            do throws(WebSocketError) {
                try self.hear(piece) { (input) throws(WebSocketError) in
                    try reader.next(&input, limits: limits, inflater: inflater)
                }
            } catch {
                self.error = self.error ?? error
            }
        }
        self.isIdle = reader.isIdle
    }

    private mutating func hear(
        _ piece: [UInt8],
        next: (inout UnsafeMutableRawBufferPointer) throws(WebSocketError) -> WebSocketEvent?
    ) throws(WebSocketError) {
        // Memory of exactly this size, so that AddressSanitizer sees the first byte beyond it.
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: piece.count, alignment: 1)
        defer { memory.deallocate() }
        memory.copyBytes(from: piece)
        var input = memory
        while let event = try next(&input) { self.events.append(HeardEvent(event)) }
        #expect(input.isEmpty)
    }

    /// The same bytes at once, cut once at every place, and byte by byte: all must say the same.
    static func everySplit(
        _ bytes: [UInt8], role: WebSocketRole = .server, deflate: PerMessageDeflate? = nil,
        limits: WebSocketLimits = WebSocketLimits(), sourceLocation: SourceLocation = #_sourceLocation
    ) -> Heard {
        let whole = Heard([bytes], role: role, deflate: deflate, limits: limits)
        for cut in 1..<max(bytes.count, 1) {
            let split = Heard(
                [Array(bytes[..<cut]), Array(bytes[cut...])], role: role, deflate: deflate, limits: limits)
            #expect(split == whole, "cut at \(cut)", sourceLocation: sourceLocation)
        }
        let drops = Heard(bytes.map { [$0] }, role: role, deflate: deflate, limits: limits)
        #expect(drops == whole, "byte by byte", sourceLocation: sourceLocation)
        return whole
    }
}

/// A frame as a peer would write it, with every field free to be wrong.
func frame(
    _ opcode: UInt8, _ payload: [UInt8] = [], isFinal: Bool = true, reserved: UInt8 = 0,
    mask: [UInt8]? = [0x37, 0xFA, 0x21, 0x3D], announcing: [UInt8]? = nil
) -> [UInt8] {
    var bytes = [opcode | reserved << 4 | (isFinal ? 0x80 : 0)]
    var length: [UInt8]
    switch payload.count {
    case ..<126: length = [UInt8(payload.count)]
    case ..<65_536: length = [126] + withUnsafeBytes(of: UInt16(payload.count).bigEndian, Array.init)
    default: length = [127] + withUnsafeBytes(of: UInt64(payload.count).bigEndian, Array.init)
    }
    length = announcing ?? length
    length[0] |= mask == nil ? 0 : 0x80
    bytes += length
    guard let mask else { return bytes + payload }
    return bytes + mask + payload.enumerated().map { $1 ^ mask[$0 % 4] }
}

func text(_ string: String, isFinal: Bool = true) -> [UInt8] {
    frame(0x1, Array(string.utf8), isFinal: isFinal)
}
