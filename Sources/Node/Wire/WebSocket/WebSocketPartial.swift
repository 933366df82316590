internal import Shared

/// What a reader must remember between two reads: it exists only while a frame or a message is incomplete, or to hold
/// the inflater of a connection that negotiated context takeover.
final class WebSocketPartial {
    /// A data message whose end has not come. What arrived of it is unmasked and, if it is plain text, checked.
    struct Message {
        var opcode: WebSocketOpcode
        var isCompressed: Bool
        var fragments = 0
        var validator = UTF8Validator()
    }

    /// The frame whose payload is arriving.
    struct Frame {
        var header: WebSocketFrameHeader
        var arrivedBytes = 0

        var missingBytes: Int { self.header.payloadBytes - self.arrivedBytes }
    }

    /// What the last event pointed to, to be let go at the next call.
    enum Lent {
        case nothing, message, control
    }

    /// The bytes of a header that is cut.
    var header = InlineArray<14, UInt8>(repeating: 0)
    var headerBytes = 0
    var frame: Frame?
    var message: Message?
    var messageBytes = GrowingBytes()
    var controlBytes = GrowingBytes()
    var lent = Lent.nothing
    /// Only with context takeover: its window holds the messages before.
    let inflater: Inflater?

    init(inflater: Inflater? = nil) {
        self.inflater = inflater
    }

    /// Lets go of what the last event pointed to.
    func takeBack() {
        switch self.lent {
        case .nothing: return
        case .message: self.forgetMessage()
        case .control: self.controlBytes.removeAll()
        }
        self.lent = .nothing
    }

    /// Whether nothing would be lost without this object.
    var isIdle: Bool { self.inflater == nil && self.isBetweenMessages && self.lent == .nothing }

    /// A message that is lent is complete: its bytes only wait to be let go.
    var isBetweenMessages: Bool {
        self.headerBytes == 0 && self.frame == nil && (self.message == nil || self.lent == .message)
    }

    /// Counts a data frame: the first one begins the message.
    func beginFragment(_ header: WebSocketFrameHeader) {
        if self.message == nil {
            self.message = Message(opcode: header.opcode, isCompressed: header.isCompressed)
        }
        self.message?.fragments += 1
    }

    /// Adds unmasked payload bytes to the message, and fails as soon as its text cannot be valid.
    func appendToMessage(_ bytes: UnsafeRawBufferPointer, expecting frameRest: Int) throws(WebSocketError) {
        self.messageBytes.append(bytes, expecting: self.messageBytes.count + frameRest)
        guard let message = self.message, message.opcode == .text, !message.isCompressed else { return }
        guard self.message?.validator.feed(bytes) == true else { throw .invalidText }
    }

    private func forgetMessage() {
        self.message = nil
        self.messageBytes.removeAll()
        self.inflater?.releaseOutput()
    }
}
