/// Writes frames (RFC 6455 5.2).
///
/// A server's frame carries no mask, so one frame can be built once and sent to every socket.
package enum WebSocketFrame {
    /// RFC 6455 5.5: the payload of a control frame.
    package static let maximumControlBytes = 125
    /// Bytes of a close frame's reason: a control frame's payload less the code.
    package static let maximumReasonBytes = 123

    /// Bytes of the header for a payload of `payloadBytes`.
    package static func headerBytes(forPayload payloadBytes: Int, isMasked: Bool = false) -> Int {
        let length = payloadBytes < 126 ? 0 : payloadBytes <= 0xFFFF ? 2 : 8
        return 2 + length + (isMasked ? 4 : 0)
    }

    /// Writes a header to the front of `target`, which must have room for it: see `headerBytes(forPayload:isMasked:)`.
    ///
    /// - Parameters:
    ///   - isCompressed: sets RSV1, on the first frame of a compressed message only (RFC 7692 6).
    ///   - maskKey: a client's fresh random key, whose low eight bits mask the first byte.
    /// - Returns: the bytes written.
    @discardableResult
    package static func writeHeader(
        _ opcode: WebSocketOpcode, payloadBytes: Int, isFinal: Bool = true, isCompressed: Bool = false,
        maskKey: UInt32? = nil, to target: UnsafeMutableRawBufferPointer
    ) -> Int {
        precondition(!opcode.isControl || payloadBytes <= self.maximumControlBytes && isFinal && !isCompressed)
        let count = self.headerBytes(forPayload: payloadBytes, isMasked: maskKey != nil)
        precondition(target.count >= count, "no room for a frame header")
        target[0] = opcode.rawValue | (isFinal ? 0x80 : 0) | (isCompressed ? 0x40 : 0)
        let maskBit: UInt8 = maskKey == nil ? 0 : 0x80
        if payloadBytes < 126 {
            target[1] = UInt8(payloadBytes) | maskBit
        } else if payloadBytes <= 0xFFFF {
            target[1] = 126 | maskBit
            target.storeBytes(of: UInt16(payloadBytes).bigEndian, toByteOffset: 2, as: UInt16.self)
        } else {
            target[1] = 127 | maskBit
            target.storeBytes(of: UInt64(payloadBytes).bigEndian, toByteOffset: 2, as: UInt64.self)
        }
        if let maskKey { target.storeBytes(of: maskKey.littleEndian, toByteOffset: count - 4, as: UInt32.self) }
        return count
    }

    /// Appends a whole frame to `output`.
    package static func append(
        _ opcode: WebSocketOpcode, _ payload: UnsafeRawBufferPointer, isFinal: Bool = true,
        isCompressed: Bool = false, maskKey: UInt32? = nil, to output: inout [UInt8]
    ) {
        var header = InlineArray<14, UInt8>(repeating: 0)
        var span = header.mutableSpan
        let headerBytes = span.withUnsafeMutableBytes { target in
            self.writeHeader(
                opcode, payloadBytes: payload.count, isFinal: isFinal, isCompressed: isCompressed, maskKey: maskKey,
                to: target)
        }
        // No `reserveCapacity`: it would keep the array from doubling when many frames are appended.
        header.span.withUnsafeBytes { output.append(contentsOf: $0[..<headerBytes]) }
        output.append(contentsOf: payload)
        guard let maskKey else { return }
        output.withUnsafeMutableBytes { bytes in
            WebSocketMask.apply(maskKey, to: bytes.dropping(bytes.count - payload.count))
        }
    }

    /// Appends a close frame; a reason that is too long is cut between two characters.
    ///
    /// - Parameter code: `noStatus` makes a frame without a body; other codes must be allowed on the wire.
    package static func appendClose(
        _ code: WebSocketCloseCode, reason: String = "", maskKey: UInt32? = nil, to output: inout [UInt8]
    ) {
        guard code != .noStatus else {
            return self.append(
                .close, UnsafeRawBufferPointer(start: nil, count: 0), maskKey: maskKey, to: &output)
        }
        precondition(code.isAllowedOnWire, "a close code that must not be sent")
        var body = [UInt8(code.rawValue >> 8), UInt8(code.rawValue & 0xFF)]
        for character in reason.unicodeScalars {
            let encoded = UTF8.encode(character)
            guard let encoded, body.count + encoded.count <= self.maximumControlBytes else { break }
            body.append(contentsOf: encoded)
        }
        body.withUnsafeBytes { self.append(.close, $0, maskKey: maskKey, to: &output) }
    }
}
