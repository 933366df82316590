import COpenSSL

/// SHA-1, which only the WebSocket handshake still asks for (RFC 6455 4.2.2); it protects nothing there.
package enum SHA1 {
    package typealias Digest = InlineArray<20, UInt8>

    /// The digest of `bytes`; safe from any thread.
    package static func hash(_ bytes: UnsafeRawBufferPointer) -> Digest {
        var digest = Digest(repeating: 0)
        var span = digest.mutableSpan
        // Safety: the C call writes exactly the 20 bytes that the digest has, and keeps no pointer.
        let isHashed = span.withUnsafeMutableBufferPointer { target in
            bellhop_sha1(bytes.baseAddress, bytes.count, target.baseAddress) == 1
        }
        // Nothing a peer sends gets here: libcrypto is out of memory or was built without SHA-1.
        precondition(isHashed, "libcrypto has no SHA-1")
        return digest
    }
}
