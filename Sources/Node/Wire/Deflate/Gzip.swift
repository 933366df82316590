import CZlib

/// Compresses a whole file's bytes as one gzip member (RFC 1952), for answers with `Content-Encoding: gzip`.
///
/// The same bytes give the same result: the header carries no name and no time.
/// - Parameter level: 1...9, from fastest to smallest.
package func gzip(_ bytes: UnsafeRawBufferPointer, level: Int = 9) -> [UInt8] {
    precondition((1...9).contains(level), "no such level")
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    stream.initialize(to: z_stream())
    defer { stream.deallocate() }
    // zlib.h: 16 more than the window asks for gzip's header and check sum.
    let status = deflateInit2_(
        stream, CInt(level), Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
        CInt(MemoryLayout<z_stream>.size))
    precondition(status == Z_OK, "zlib cannot start deflating")
    defer { deflateEnd(stream) }
    var output: [UInt8] = []
    var rest = bytes[...]
    repeat {
        let part = UnsafeRawBufferPointer(rebasing: rest.prefix(Int(CInt.max)))
        rest = rest.dropFirst(part.count)
        stream.feed(part)
        stream.run(flush: rest.isEmpty ? Z_FINISH : Z_NO_FLUSH, to: &output)
    } while !rest.isEmpty
    return output
}
