internal import Wire

/// The compressors of one loop. Without context takeover nothing is remembered from message to message, so one of each
/// kind serves all sockets; they are made when first needed, since each is a quarter of a megabyte.
final class SharedCompression {
    /// The window of frames that are compressed once for many.
    static let windowBits: UInt8 = 15
    /// What is shorter is sent as it is.
    static let smallestPayload = 64
    /// Memory that is kept from message to message.
    private static let keptBytes = 256 << 10

    private(set) lazy var inflater = Inflater()
    /// The message that was compressed last.
    private var compressed: [UInt8] = []
    private var deflaters: [UInt8: Deflater] = [:]

    /// Appends a compressed frame that all sockets share.
    func appendSharedFrame(_ opcode: WebSocketOpcode, _ payload: UnsafeRawBufferPointer, to output: inout [UInt8]) {
        self.append(opcode, payload, by: self.deflater(windowBits: Self.windowBits), keepingContext: false, to: &output)
    }

    /// Appends a compressed frame for one socket.
    ///
    /// - Returns: whether there is a compressor for it; otherwise nothing was appended.
    func appendFrame(
        _ opcode: WebSocketOpcode, _ payload: UnsafeRawBufferPointer, for socket: WebSocketSession,
        to output: inout [UInt8]
    ) -> Bool {
        guard socket.isDeflated else { return false }
        let deflater = socket.deflater ?? self.deflater(windowBits: socket.windowBits)
        self.append(opcode, payload, by: deflater, keepingContext: socket.keepsContext, to: &output)
        return true
    }

    private func append(
        _ opcode: WebSocketOpcode, _ payload: UnsafeRawBufferPointer, by deflater: Deflater, keepingContext: Bool,
        to output: inout [UInt8]
    ) {
        // Compressed aside first: the length stands in front, and is known only afterwards.
        self.compressed.removeAll(keepingCapacity: self.compressed.capacity <= Self.keptBytes)
        deflater.deflate(payload, keepingContext: keepingContext, to: &self.compressed)
        self.compressed.withUnsafeBytes { WebSocketFrame.append(opcode, $0, isCompressed: true, to: &output) }
    }

    private func deflater(windowBits: UInt8) -> Deflater {
        if let deflater = self.deflaters[windowBits] { return deflater }
        let deflater = Deflater(Deflater.Options(windowBits: Int(windowBits)))
        self.deflaters[windowBits] = deflater
        return deflater
    }
}
