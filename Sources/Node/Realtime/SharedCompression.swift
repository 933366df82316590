internal import Wire

/// The compressors of one loop. Without context takeover nothing is remembered from message to message, so one of each
/// kind serves all sockets; they are made when first needed, since each is a quarter of a megabyte.
final class SharedCompression {
    /// The window of frames that are compressed once for many.
    static let windowBits: UInt8 = 15
    /// What is shorter is sent as it is.
    static let smallestPayload = 64

    private(set) lazy var inflater = Inflater()
    private var deflaters: [UInt8: Deflater] = [:]

    /// The compressor for frames that all share.
    var shared: Deflater { self.deflater(windowBits: Self.windowBits) }

    /// The compressor for one socket's messages, or `nil` if they go as they are.
    func deflater(for socket: WebSocketSession) -> Deflater? {
        guard socket.isDeflated else { return nil }
        return socket.deflater ?? self.deflater(windowBits: socket.windowBits)
    }

    private func deflater(windowBits: UInt8) -> Deflater {
        if let deflater = self.deflaters[windowBits] { return deflater }
        let deflater = Deflater(windowBits: Int(windowBits))
        self.deflaters[windowBits] = deflater
        return deflater
    }
}
