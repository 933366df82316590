import CZlib

/// Why compressed bytes were not inflated.
package enum InflateError: Error, Equatable, Sendable {
    /// They are no deflate data, or end inside a block.
    case corrupt
    /// They become more than the given number of bytes.
    case tooLarge(limit: Int)
    /// They become more than the given multiple of themselves.
    case ratioTooLarge(ratio: Int)
}

/// Inflates the messages of permessage-deflate (RFC 7692 7.2.2), one whole message at a time, within bounds that are
/// checked while it inflates.
///
/// Without context takeover one inflater serves every connection of a thread, to which it is confined; with it, each
/// connection has its own. It holds about 40 KB for a window of 32 KB.
package final class Inflater {
    /// What an inflated message may take.
    package struct Bounds: Sendable {
        /// Bytes that a message may become.
        package var bytes: Int
        /// Bytes that each compressed byte may become, asked beyond `ratioFreeBytes`.
        package var ratio = Int.max
        package var ratioFreeBytes = 0

        package init(bytes: Int, ratio: Int = .max, ratioFreeBytes: Int = 0) {
            self.bytes = bytes
            self.ratio = ratio
            self.ratioFreeBytes = ratioFreeBytes
        }
    }

    /// Output memory that is kept between messages.
    static let keptBytes = 64 << 10
    /// RFC 7692 7.2.3.4 allows final blocks inside a message. Each costs a copy of the window, so they are counted.
    static let finalBlocks = 8

    // Safety: owned from `init` to `deinit`; zlib keeps its address, so it must not move.
    private let stream: UnsafeMutablePointer<z_stream>
    private var output = GrowingBytes()

    /// - Parameter windowBits: 9...15, the largest window that the peer may use; 15 fits every peer.
    package init(windowBits: Int = 15) {
        precondition((9...15).contains(windowBits), "no such window")
        self.stream = .allocate(capacity: 1)
        self.stream.initialize(to: z_stream())
        // Negative: raw deflate without zlib's header (RFC 7692 7.2.1).
        let status = inflateInit2_(
            self.stream, CInt(-windowBits), ZLIB_VERSION, CInt(MemoryLayout<z_stream>.size))
        precondition(status == Z_OK, "zlib cannot start inflating")
    }

    deinit {
        inflateEnd(self.stream)
        self.stream.deallocate()
    }

    /// Inflates one message whose sync-flush tail was removed.
    ///
    /// After an error the inflater is good for messages without context only.
    /// - Parameter keepingContext: whether earlier messages of this inflater may be referred to.
    /// - Returns: the message, valid until the next call of this inflater.
    package func inflate(
        _ message: UnsafeRawBufferPointer, keepingContext: Bool, within bounds: Bounds
    ) throws(InflateError) -> UnsafeRawBufferPointer {
        self.output.removeAll(keeping: Self.keptBytes)
        // Some senders' zlib makes nothing of an empty message, where RFC 7692 7.2.3.6 has an empty block.
        guard !message.isEmpty else { return self.output.bytes }
        if !keepingContext { inflateReset(self.stream) }
        var left = Self.finalBlocks
        let ended = try self.run(message, compressed: message.count, within: bounds, finalBlocks: &left)
        if ended { return self.output.bytes }
        // RFC 7692 7.2.2: the four bytes that the sender removed are appended again.
        let tail: InlineArray<4, UInt8> = [0x00, 0x00, 0xFF, 0xFF]
        let span = tail.span
        let tailEnded = try span.withUnsafeBytes { (tail) throws(InflateError) in
            try self.run(tail, compressed: message.count, within: bounds, finalBlocks: &left)
        }
        // zlib.h: 128 tells that inflating stands right after a block, the low bits how much of a byte is left over.
        // Anything else means that the message was cut.
        guard tailEnded || self.stream.pointee.data_type & (128 | 63) == 128 else { throw .corrupt }
        return self.output.bytes
    }

    /// Gives the output's memory back; what `inflate` returned is no longer valid.
    package func releaseOutput() {
        self.output.removeAll()
    }

    /// - Returns: whether the input ended exactly with a final block.
    private func run(
        _ input: UnsafeRawBufferPointer, compressed: Int, within bounds: Bounds, finalBlocks: inout Int
    ) throws(InflateError) -> Bool {
        guard let start = input.baseAddress, input.count > 0 else { return false }
        guard input.count <= CInt.max else { throw .tooLarge(limit: bounds.bytes) }
        // Safety: zlib reads `avail_in` bytes from here during this call and writes none; the cast drops `const`.
        self.stream.pointee.next_in = UnsafeMutablePointer(mutating: start.assumingMemoryBound(to: Bytef.self))
        self.stream.pointee.avail_in = uInt(input.count)
        defer { self.stream.pointee.next_in = nil }
        while true {
            let (status, isFull) = self.step(limit: bounds.bytes)
            try self.check(bounds, compressed: compressed)
            switch status {
            case Z_STREAM_END:
                guard finalBlocks > 0 else { throw .corrupt }
                finalBlocks -= 1
                self.beginAgain()
                if self.stream.pointee.avail_in == 0 { return true }
            case Z_OK where isFull || self.stream.pointee.avail_in > 0: continue
            // No progress was possible: all input is used and all output is out.
            case Z_OK, Z_BUF_ERROR: return false
            default: throw .corrupt
            }
        }
    }

    private func step(limit: Int) -> (status: CInt, isFull: Bool) {
        // One byte more than allowed: the difference between a message at the limit and one beyond it.
        let room = self.output.room(upTo: limit == .max ? limit : limit + 1)
        let offered = min(room.count, Int(CInt.max))
        // Safety: zlib writes at most `avail_out` bytes, which the room has.
        self.stream.pointee.next_out = room.baseAddress?.assumingMemoryBound(to: Bytef.self)
        self.stream.pointee.avail_out = uInt(offered)
        let status = CZlib.inflate(self.stream, Z_SYNC_FLUSH)
        let isFull = self.stream.pointee.avail_out == 0
        self.output.commit(offered - Int(self.stream.pointee.avail_out))
        return (status, isFull)
    }

    private func check(_ bounds: Bounds, compressed: Int) throws(InflateError) {
        let produced = self.output.count
        guard produced <= bounds.bytes else { throw .tooLarge(limit: bounds.bytes) }
        guard produced > bounds.ratioFreeBytes else { return }
        let (allowed, overflow) = compressed.multipliedReportingOverflow(by: bounds.ratio)
        guard overflow || produced <= allowed else { throw .ratioTooLarge(ratio: bounds.ratio) }
    }

    /// Goes on after a final block, with the window that later blocks may refer to.
    private func beginAgain() {
        let input = (self.stream.pointee.next_in, self.stream.pointee.avail_in)
        let window = UnsafeMutablePointer<Bytef>.allocate(capacity: 1 << 15)
        defer { window.deallocate() }
        var count: uInt = 0
        // Safety: zlib writes at most one window of 32 KB, and copies it back.
        inflateGetDictionary(self.stream, window, &count)
        inflateReset(self.stream)
        inflateSetDictionary(self.stream, window, count)
        (self.stream.pointee.next_in, self.stream.pointee.avail_in) = input
    }
}
