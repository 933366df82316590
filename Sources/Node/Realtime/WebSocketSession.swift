internal import Wire

/// The WebSocket half of a session; small, since tens of thousands are idle at any time.
struct WebSocketSession {
    var reader: WebSocketReader
    /// Its own compressor, if the messages before are part of the next one's context.
    var deflater: Deflater?
    let isDeflated: Bool
    let keepsContext: Bool
    /// The largest window that the peer can take.
    let windowBits: UInt8
    var life: WebSocketConnectionState
    /// When the message that has begun must be complete; the greatest number while none has begun.
    var messageDue = UInt64.max

    /// Bytes were read. The time of a message runs from its first byte: what comes later does
    /// not move its end.
    mutating func noteProgress(due: UInt64) {
        if self.reader.isBetweenMessages || !self.life.isOpen {
            self.messageDue = .max
        } else if self.messageDue == .max {
            self.messageDue = due
        }
    }

    /// Whether the frames that are compressed once for all suit it.
    var sharesDeflatedFrames: Bool {
        self.isDeflated && !self.keepsContext && self.windowBits == SharedCompression.windowBits
    }

    init(deflate: PerMessageDeflate?, life: WebSocketConnectionState) {
        self.life = life
        let outgoing = deflate?.outgoing(from: .server)
        self.reader = WebSocketReader(role: .server, deflate: deflate)
        self.isDeflated = outgoing != nil
        self.keepsContext = outgoing?.keepsContext ?? false
        self.windowBits = UInt8(outgoing?.windowBits ?? 0)
        if let outgoing, outgoing.keepsContext {
            self.deflater = Deflater(Deflater.Options(windowBits: outgoing.windowBits))
        }
    }
}
