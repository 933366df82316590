/// Cuts a stream of bytes into lines; the caller owns the pipe.
struct LineBuffer: Sendable {
    private var partial: [UInt8] = []

    /// The lines that these bytes complete, without their line feeds.
    mutating func feed(_ bytes: some Sequence<UInt8>) -> [String] {
        var lines: [String] = []
        for byte in bytes {
            if byte == UInt8(ascii: "\n") {
                lines.append(String(decoding: self.partial, as: UTF8.self))
                self.partial.removeAll(keepingCapacity: true)
            } else {
                self.partial.append(byte)
            }
        }
        return lines
    }
}
