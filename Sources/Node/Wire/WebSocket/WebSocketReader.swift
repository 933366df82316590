internal import Shared

/// Turns the bytes of one connection into messages and control frames (RFC 6455 5, RFC 7692 6).
///
/// Pull style: the caller hands it what was read and calls `next` until it returns `nil`. A frame that lies in the input
/// as a whole is unmasked in place and lent out without a copy; only what is cut is kept. Wrong bytes fail at the first
/// byte that is wrong, also inside a frame that has not arrived as a whole.
package struct WebSocketReader {
    private let role: WebSocketRole
    private let isDeflateOn: Bool
    /// The peer closed, or its bytes were refused: whatever follows is thrown away.
    private var isFinished = false
    private var partial: WebSocketPartial?

    /// - Parameter deflate: what the handshake agreed on, or `nil` for no compression.
    package init(role: WebSocketRole, deflate: PerMessageDeflate? = nil) {
        self.role = role
        self.isDeflateOn = deflate != nil
        if let deflate, deflate.incoming(to: role).keepsContext {
            let windowBits = deflate.incoming(to: role).windowBits
            self.partial = WebSocketPartial(inflater: Inflater(windowBits: max(windowBits, 9)))
        }
    }

    /// The next whole message or control frame; takes what it used off the front of `input`.
    ///
    /// What the event lends is valid until the next call. After an error, and after a close, the rest of the input and
    /// all that follows is thrown away.
    /// - Parameters:
    ///   - input: bytes as they were read; they are changed in place. `nil` means that all of them were used.
    ///   - inflater: the calling thread's own; needed where deflate was negotiated without context takeover.
    package mutating func next(
        _ input: inout UnsafeMutableRawBufferPointer, limits: WebSocketLimits, inflater: Inflater? = nil
    ) throws(WebSocketError) -> WebSocketEvent? {
        if let partial = self.partial {
            partial.takeBack()
            if partial.isIdle || self.isFinished { self.partial = nil }
        }
        do {
            while !self.isFinished && !input.isEmpty {
                if let event = try self.step(&input, limits: limits, inflater: inflater) { return event }
            }
        } catch {
            self.isFinished = true
            self.partial = nil
            input = input.dropping(input.count)
            throw error
        }
        input = input.dropping(input.count)
        return nil
    }

    /// Bytes that are kept of a message whose end has not come.
    package var heldBytes: Int { self.partial?.messageBytes.count ?? 0 }

    /// Whether nothing is kept for this connection between two reads.
    package var isIdle: Bool { self.partial?.isIdle ?? true }

    /// Whether no message and no frame has begun that is not complete.
    package var isBetweenMessages: Bool { self.partial?.isBetweenMessages ?? true }

    /// Uses at least one byte of `input`, which must not be empty.
    private mutating func step(
        _ input: inout UnsafeMutableRawBufferPointer, limits: WebSocketLimits, inflater: Inflater?
    ) throws(WebSocketError) -> WebSocketEvent? {
        if let partial = self.partial, partial.frame != nil {
            return try self.continueFrame(partial, &input, limits: limits, inflater: inflater)
        }
        guard let header = try self.readHeader(&input, limits: limits) else { return nil }
        guard header.payloadBytes <= input.count else {
            let partial = self.keptPartial()
            if !header.opcode.isControl { partial.beginFragment(header) }
            partial.frame = WebSocketPartial.Frame(header: header)
            return nil
        }
        let payload = input.takeFirst(header.payloadBytes)
        WebSocketMask.apply(header.maskKey, to: payload)
        let bytes = UnsafeRawBufferPointer(payload)
        if header.opcode.isControl { return try self.control(header.opcode, bytes) }
        if header.isFinal && self.partial?.message == nil {
            return try self.message(
                header.opcode, bytes, isCompressed: header.isCompressed, limits: limits, inflater: inflater)
        }
        let partial = self.keptPartial()
        partial.beginFragment(header)
        try partial.appendToMessage(bytes, expecting: bytes.count)
        return header.isFinal ? try self.finishMessage(partial, limits: limits, inflater: inflater) : nil
    }

    private mutating func readHeader(
        _ input: inout UnsafeMutableRawBufferPointer, limits: WebSocketLimits
    ) throws(WebSocketError) -> WebSocketFrameHeader? {
        let rules = WebSocketHeaderRules(role: self.role, isDeflateOn: self.isDeflateOn, partial: self.partial)
        if self.partial.map({ $0.headerBytes == 0 }) ?? true {
            if let header = try rules.read(UnsafeRawBufferPointer(input), limits: limits) {
                input = input.dropping(header.headerBytes)
                return header
            }
        }
        let partial = self.keptPartial()
        while let byte = input.first {
            input = input.dropping(1)
            partial.header[partial.headerBytes] = byte
            partial.headerBytes += 1
            let span = partial.header.span
            let header = try span.withUnsafeBytes { (bytes) throws(WebSocketError) in
                try rules.read(UnsafeRawBufferPointer(rebasing: bytes[..<partial.headerBytes]), limits: limits)
            }
            guard let header else { continue }
            partial.headerBytes = 0
            return header
        }
        return nil
    }

    private mutating func keptPartial() -> WebSocketPartial {
        if let partial = self.partial { return partial }
        let partial = WebSocketPartial()
        self.partial = partial
        return partial
    }

    /// With context takeover, the inflater that knows the messages before; its output goes at the next call.
    func lendOwnInflater() -> Inflater? {
        guard let partial = self.partial, let inflater = partial.inflater else { return nil }
        partial.lent = .message
        return inflater
    }

    /// Nothing that follows is read any more.
    mutating func finish() {
        self.isFinished = true
    }
}

extension WebSocketHeaderRules {
    fileprivate init(role: WebSocketRole, isDeflateOn: Bool, partial: WebSocketPartial?) {
        let message = partial?.message
        self.init(
            role: role, isDeflateOn: isDeflateOn, isInsideMessage: message != nil,
            isMessageCompressed: message?.isCompressed ?? false, messageBytes: partial?.messageBytes.count ?? 0,
            messageFragments: message?.fragments ?? 0)
    }
}
