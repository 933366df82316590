internal import Shared

/// What is done with payloads: those that are still arriving, whole messages, and control frames.
extension WebSocketReader {
    /// Takes what `input` has of a frame whose header was read before.
    mutating func continueFrame(
        _ partial: WebSocketPartial, _ input: inout UnsafeMutableRawBufferPointer,
        limits: WebSocketLimits, inflater: Inflater?
    ) throws(WebSocketError) -> WebSocketEvent? {
        guard var frame = partial.frame else { return nil }
        let payload = input.takeFirst(min(frame.missingBytes, input.count))
        WebSocketMask.apply(frame.header.maskKey, to: payload, phase: frame.arrivedBytes)
        let isControl = frame.header.opcode.isControl
        if isControl {
            partial.controlBytes.append(UnsafeRawBufferPointer(payload), expecting: frame.header.payloadBytes)
        } else {
            try partial.appendToMessage(UnsafeRawBufferPointer(payload), expecting: frame.missingBytes)
        }
        frame.arrivedBytes += payload.count
        partial.frame = frame.missingBytes == 0 ? nil : frame
        guard frame.missingBytes == 0 else { return nil }
        if isControl {
            partial.lent = .control
            return try self.control(frame.header.opcode, partial.controlBytes.bytes)
        }
        return frame.header.isFinal ? try self.finishMessage(partial, limits: limits, inflater: inflater) : nil
    }

    /// Ends a message that was put together from pieces.
    func finishMessage(
        _ partial: WebSocketPartial, limits: WebSocketLimits, inflater: Inflater?
    ) throws(WebSocketError) -> WebSocketEvent? {
        guard let message = partial.message else { return nil }
        partial.lent = .message
        if message.isCompressed || message.opcode == .binary {
            return try self.message(
                message.opcode, partial.messageBytes.bytes, isCompressed: message.isCompressed, limits: limits,
                inflater: inflater)
        }
        // Every piece was checked when it came; what is left to ask is whether the text ends between two characters.
        guard message.validator.isComplete else { throw .invalidText }
        return .text(partial.messageBytes.bytes)
    }

    /// A whole message, compressed or plain.
    func message(
        _ opcode: WebSocketOpcode, _ bytes: UnsafeRawBufferPointer, isCompressed: Bool,
        limits: WebSocketLimits, inflater: Inflater?
    ) throws(WebSocketError) -> WebSocketEvent {
        let content = isCompressed ? try self.inflated(bytes, limits: limits, inflater: inflater) : bytes
        guard content.count <= limits.messageBytes else { throw .messageTooLarge(limit: limits.messageBytes) }
        if opcode == .binary { return .binary(content) }
        guard UTF8Validator.isValid(content) else { throw .invalidText }
        return .text(content)
    }

    /// A whole control frame; a close ends the reading.
    mutating func control(
        _ opcode: WebSocketOpcode, _ bytes: UnsafeRawBufferPointer
    ) throws(WebSocketError) -> WebSocketEvent {
        switch opcode {
        case .ping: return .ping(bytes)
        case .pong: return .pong(bytes)
        case .close, .continuation, .text, .binary:
            let event = try self.close(bytes)
            self.finish()
            return event
        }
    }

    private func close(_ bytes: UnsafeRawBufferPointer) throws(WebSocketError) -> WebSocketEvent {
        guard !bytes.isEmpty else { return .close(.noStatus, reason: bytes) }
        // RFC 6455 5.5.1: a body begins with a code of two bytes; the rest is UTF-8.
        guard bytes.count >= 2 else { throw .closeBodyTooShort }
        let code = WebSocketCloseCode(rawValue: UInt16(bigEndian: bytes.loadUnaligned(as: UInt16.self)))
        guard code.isAllowedOnWire else { throw .invalidCloseCode(code.rawValue) }
        let reason = UnsafeRawBufferPointer(rebasing: bytes.dropFirst(2))
        guard UTF8Validator.isValid(reason) else { throw .invalidCloseReason }
        return .close(code, reason: reason)
    }

    private func inflated(
        _ bytes: UnsafeRawBufferPointer, limits: WebSocketLimits, inflater: Inflater?
    ) throws(WebSocketError) -> UnsafeRawBufferPointer {
        let own = self.lendOwnInflater()
        guard let inflater = own ?? inflater else {
            preconditionFailure("deflate was negotiated, and the thread's inflater was not given")
        }
        let bounds = Inflater.Bounds(
            bytes: limits.messageBytes, ratio: limits.inflationRatio, ratioFreeBytes: WebSocketLimits.ratioFreeBytes)
        do {
            return try inflater.inflate(bytes, keepingContext: own != nil, within: bounds)
        } catch {
            switch error {
            case .corrupt: throw .invalidDeflate
            case .tooLarge(let limit): throw .messageTooLarge(limit: limit)
            case .ratioTooLarge(let ratio): throw .inflationTooLarge(ratio: ratio)
            }
        }
    }
}

extension UnsafeMutableRawBufferPointer {
    /// The rest after the first `count` bytes, which must be there.
    func dropping(_ count: Int) -> Self {
        // Safety: a part of the same memory; its owner is unchanged.
        Self(rebasing: self[count...])
    }

    /// Takes the first `count` bytes, which must be there, off the front.
    mutating func takeFirst(_ count: Int) -> Self {
        let taken = Self(rebasing: self[..<count])
        self = self.dropping(count)
        return taken
    }
}
