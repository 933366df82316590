/// A frame's header (RFC 6455 5.2) as it was read, its fixed rules already checked.
struct WebSocketFrameHeader {
    var opcode: WebSocketOpcode
    var isFinal: Bool
    var isCompressed: Bool
    /// The key of a masked frame, its first byte in the low eight bits; zero, which changes nothing, without a mask.
    var maskKey: UInt32
    var payloadBytes: Int
    var headerBytes: Int

    /// Two bytes, a length of eight, a key of four.
    static let maximumBytes = 14
}

/// What a header may be, given what came before it.
struct WebSocketHeaderRules {
    var role: WebSocketRole
    var isDeflateOn: Bool
    /// The message that waits for a continuation, if any.
    var isInsideMessage: Bool
    var isMessageCompressed: Bool
    var messageBytes: Int
    var messageFragments: Int

    /// Reads the header at the front of `bytes`, and fails at the first byte that makes it wrong.
    ///
    /// - Returns: `nil` while bytes are missing; the bytes that are there were checked.
    func read(
        _ bytes: UnsafeRawBufferPointer, limits: WebSocketLimits
    ) throws(WebSocketError) -> WebSocketFrameHeader? {
        guard bytes.count >= 1 else { return nil }
        var header = try self.readFirst(bytes[0], limits: limits)
        guard bytes.count >= 2 else { return nil }
        try self.readMaskBit(bytes[1])
        let isMasked = bytes[1] & 0x80 != 0
        let length = bytes[1] & 0x7F
        // RFC 6455 5.5: control frames are at most 125 bytes.
        guard !header.opcode.isControl || length <= 125 else { throw .controlTooLong }
        let lengthBytes = length < 126 ? 0 : length == 126 ? 2 : 8
        guard bytes.count >= 2 + lengthBytes else { return nil }
        let payload = try self.readLength(bytes, short: length)
        header.payloadBytes = try self.admit(payload, header: header, limits: limits)
        header.headerBytes = 2 + lengthBytes + (isMasked ? 4 : 0)
        guard bytes.count >= header.headerBytes else { return nil }
        if isMasked {
            let key = bytes.loadUnaligned(fromByteOffset: 2 + lengthBytes, as: UInt32.self)
            header.maskKey = UInt32(littleEndian: key)
        }
        return header
    }

    private func readFirst(
        _ byte: UInt8, limits: WebSocketLimits
    ) throws(WebSocketError) -> WebSocketFrameHeader {
        guard let opcode = WebSocketOpcode(rawValue: byte & 0x0F) else { throw .reservedOpcode(byte & 0x0F) }
        let reserved = byte >> 4 & 0x7
        // RFC 7692 6: RSV1 marks the first frame of a compressed message, never a continuation or a control frame.
        let isCompressed = reserved == 0x4 && self.isDeflateOn && (opcode == .text || opcode == .binary)
        guard reserved == 0 || isCompressed else { throw .reservedBits(reserved) }
        let isFinal = byte & 0x80 != 0
        switch opcode {
        case .close, .ping, .pong:
            // RFC 6455 5.5: control frames must not be fragmented.
            guard isFinal else { throw .fragmentedControl }
        case .continuation:
            guard self.isInsideMessage else { throw .continuationWithoutStart }
        case .text, .binary:
            // RFC 6455 5.4: the fragments of one message must not be interleaved with those of another.
            guard !self.isInsideMessage else { throw .messageInsideMessage }
            guard opcode == .text || limits.acceptsBinary else { throw .binaryRefused }
        }
        guard opcode.isControl || self.messageFragments < limits.fragments else {
            throw .tooManyFragments(limit: limits.fragments)
        }
        return WebSocketFrameHeader(
            opcode: opcode, isFinal: isFinal, isCompressed: isCompressed, maskKey: 0, payloadBytes: 0, headerBytes: 0)
    }

    private func readMaskBit(_ byte: UInt8) throws(WebSocketError) {
        // RFC 6455 5.1: a client masks every frame, a server none.
        switch (self.role, byte & 0x80 != 0) {
        case (.server, true), (.client, false): return
        case (.server, false): throw .maskMissing
        case (.client, true): throw .maskForbidden
        }
    }

    private func readLength(_ bytes: UnsafeRawBufferPointer, short: UInt8) throws(WebSocketError) -> UInt64 {
        // RFC 6455 5.2: the shortest form that holds the length must be used, and bit 63 must be 0.
        switch short {
        case 126:
            let length = UInt64(UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt16.self)))
            guard length > 125 else { throw .lengthNotMinimal }
            return length
        case 127:
            let length = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt64.self))
            guard length > 0xFFFF else { throw .lengthNotMinimal }
            guard length <= UInt64(Int64.max) else { throw .lengthOutOfRange }
            return length
        default:
            return UInt64(short)
        }
    }

    /// Checks the announced length against the limits, before any payload is kept.
    private func admit(
        _ length: UInt64, header: WebSocketFrameHeader, limits: WebSocketLimits
    ) throws(WebSocketError) -> Int {
        guard let bytes = Int(exactly: length) else { throw .lengthOutOfRange }
        guard !header.opcode.isControl else { return bytes }
        guard bytes <= limits.frameBytes else { throw .frameTooLarge(limit: limits.frameBytes) }
        let allowed = limits.wireBytes(isCompressed: header.isCompressed || self.isMessageCompressed)
        guard bytes <= allowed - min(self.messageBytes, allowed) else {
            throw .messageTooLarge(limit: limits.messageBytes)
        }
        return bytes
    }
}
