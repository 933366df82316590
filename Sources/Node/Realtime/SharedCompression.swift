internal import Wire

/// The compressors of one loop. Without context takeover nothing is remembered from message to message, so they serve all
/// sockets; they are made when first needed, since each is up to a quarter of a megabyte.
final class SharedCompression {
    /// The window of frames that are compressed once for many.
    static let windowBits: UInt8 = 15
    /// What is shorter is sent as it is.
    static let smallestPayload = 64
    /// Memory that is kept from message to message.
    private static let keptBytes = 256 << 10

    private(set) lazy var inflater = Inflater()
    private var deflaters = DeflaterSet()
    /// The message that was compressed last: the length stands in front of a frame and is known only afterwards.
    private var compressed: [UInt8] = []

    /// Appends a compressed frame that all sockets share whose sender's window may be the largest.
    func appendSharedFrame(_ opcode: WebSocketOpcode, _ payload: UnsafeRawBufferPointer, to output: inout [UInt8]) {
        self.forget()
        self.deflaters.deflate(payload, windowBits: Int(Self.windowBits), to: &self.compressed)
        self.appendFrame(opcode, to: &output)
    }

    /// Appends a compressed frame for one socket.
    ///
    /// - Returns: whether there is a compressor for it; otherwise nothing was appended.
    func appendFrame(
        _ opcode: WebSocketOpcode, _ payload: UnsafeRawBufferPointer, for socket: WebSocketSession,
        to output: inout [UInt8]
    ) -> Bool {
        guard socket.isDeflated else { return false }
        self.forget()
        if let own = socket.deflater {
            own.deflate(payload, keepingContext: true, to: &self.compressed)
        } else {
            self.deflaters.deflate(payload, windowBits: Int(socket.windowBits), to: &self.compressed)
        }
        self.appendFrame(opcode, to: &output)
        return true
    }

    private func forget() { self.compressed.removeAll(keepingCapacity: self.compressed.capacity <= Self.keptBytes) }

    private func appendFrame(_ opcode: WebSocketOpcode, to output: inout [UInt8]) {
        self.compressed.withUnsafeBytes { WebSocketFrame.append(opcode, $0, isCompressed: true, to: &output) }
    }
}
