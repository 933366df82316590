/// One compressor for each window that a connection may have agreed on, made when it is first needed.
///
/// Confined to its thread. Windows and tables are no larger than the message needs, which changes next to nothing in
/// what comes out but makes short messages cheap: zlib clears its tables for each message.
package struct DeflaterSet {
    private let level: Int
    private var deflaters: [Deflater.Options: Deflater] = [:]

    package init(level: Int = 6) {
        self.level = level
    }

    /// Appends one compressed message that every connection can read whose sender's window is `windowBits` or larger.
    package mutating func deflate(
        _ message: UnsafeRawBufferPointer, windowBits: Int, to output: inout [UInt8]
    ) {
        self.deflater(forMessage: message.count, windowBits: windowBits)
            .deflate(message, keepingContext: false, to: &output)
    }

    private mutating func deflater(forMessage count: Int, windowBits: Int) -> Deflater {
        // zlib looks back at most its window less 262 bytes.
        let needed = (9...15).first { 1 << $0 >= count + 262 } ?? 15
        let bits = min(needed, windowBits)
        let options = Deflater.Options(windowBits: bits, level: self.level, memoryLevel: min(needed - 7, 8))
        if let deflater = self.deflaters[options] { return deflater }
        let deflater = Deflater(options)
        self.deflaters[options] = deflater
        return deflater
    }
}
