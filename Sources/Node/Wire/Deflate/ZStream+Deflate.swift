import CZlib

/// What every compressing stream of zlib does, whoever owns it.
extension UnsafeMutablePointer<z_stream> {
    /// Sets what the next `run` compresses; the bytes must stay until it returns.
    func feed(_ bytes: UnsafeRawBufferPointer) {
        // Safety: zlib reads `avail_in` bytes from here and writes none; the cast drops `const`.
        let start = bytes.baseAddress?.assumingMemoryBound(to: Bytef.self)
        self.pointee.next_in = start.map { UnsafeMutablePointer<Bytef>(mutating: $0) }
        self.pointee.avail_in = uInt(bytes.count)
    }

    /// Compresses all that was fed and appends what comes out, until zlib has nothing more.
    func run(flush: CInt, to output: inout [UInt8]) {
        let chunkBytes = 4096
        var isFull = true
        while isFull {
            withUnsafeTemporaryAllocation(byteCount: chunkBytes, alignment: 1) { chunk in
                // Safety: zlib writes at most `avail_out` bytes, which the chunk has.
                self.pointee.next_out = chunk.baseAddress?.assumingMemoryBound(to: Bytef.self)
                self.pointee.avail_out = uInt(chunk.count)
                let status = CZlib.deflate(self, flush)
                precondition(status != Z_STREAM_ERROR, "a deflate stream was misused")
                let written = chunk.count - Int(self.pointee.avail_out)
                output.append(contentsOf: UnsafeRawBufferPointer(rebasing: chunk[..<written]))
                // zlib.h: a full output means that there may be more; a flush is done when room is left.
                isFull = self.pointee.avail_out == 0
            }
        }
        self.pointee.next_in = nil
        self.pointee.next_out = nil
    }
}
