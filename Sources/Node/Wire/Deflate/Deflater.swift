import CZlib

/// Compresses messages for permessage-deflate (RFC 7692 7.2.1), each as a whole.
///
/// Without context takeover one deflater serves every connection of a thread, to which it is confined, and one
/// compressed message serves every socket; with it, each connection has its own.
package final class Deflater {
    /// How hard to try, and how much memory to take: `1 << (windowBits + 2)` plus `1 << (memoryLevel + 9)` bytes.
    package struct Options: Hashable, Sendable {
        /// 9...15: no distance is longer than two to this power.
        package var windowBits: Int
        /// 1...9, from fastest to smallest.
        package var level: Int
        /// 1...9: the size of the tables of what was seen.
        package var memoryLevel: Int

        package init(windowBits: Int = 15, level: Int = 6, memoryLevel: Int = 8) {
            precondition((9...15).contains(windowBits) && (1...9).contains(level) && (1...9).contains(memoryLevel))
            self.windowBits = windowBits
            self.level = level
            self.memoryLevel = memoryLevel
        }
    }

    // Safety: owned from `init` to `deinit`; zlib keeps its address, so it must not move.
    private let stream: UnsafeMutablePointer<z_stream>

    package init(_ options: Options = Options()) {
        self.stream = .allocate(capacity: 1)
        self.stream.initialize(to: z_stream())
        // Negative: raw deflate without zlib's header (RFC 7692 7.2.1).
        let status = deflateInit2_(
            self.stream, CInt(options.level), Z_DEFLATED, CInt(-options.windowBits), CInt(options.memoryLevel),
            Z_DEFAULT_STRATEGY, ZLIB_VERSION, CInt(MemoryLayout<z_stream>.size))
        precondition(status == Z_OK, "zlib cannot start deflating")
    }

    deinit {
        deflateEnd(self.stream)
        self.stream.deallocate()
    }

    /// Appends one compressed message to `output`, for a frame with RSV1.
    ///
    /// - Parameter keepingContext: whether it may refer to the messages before, and later ones to it.
    package func deflate(_ message: UnsafeRawBufferPointer, keepingContext: Bool, to output: inout [UInt8]) {
        if !keepingContext { deflateReset(self.stream) }
        let start = output.count
        var rest = message[...]
        repeat {
            let part = UnsafeRawBufferPointer(rebasing: rest.prefix(Int(CInt.max)))
            rest = rest.dropFirst(part.count)
            self.stream.feed(part)
            self.stream.run(flush: rest.isEmpty ? Z_SYNC_FLUSH : Z_NO_FLUSH, to: &output)
        } while !rest.isEmpty
        // RFC 7692 7.2.1: the flush ends with an empty stored block, 00 00 FF FF, which is not sent. A message without
        // bytes after one without bytes is not flushed again: it is an empty block, whose first byte is sent.
        if output.count - start >= 4 && output.suffix(4).elementsEqual([0x00, 0x00, 0xFF, 0xFF]) {
            output.removeLast(4)
        }
        if output.count == start { output.append(0x00) }
    }
}
