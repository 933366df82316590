import COpenSSL
import Shared

/// SHA-256 of bytes that are in memory as a whole.
package enum SHA256 {
    package typealias Digest = InlineArray<32, UInt8>

    /// The digest of `bytes`; safe from any thread.
    package static func hash(_ bytes: UnsafeRawBufferPointer) -> Digest {
        var digest = Digest(repeating: 0)
        var span = digest.mutableSpan
        // Safety: the C call writes exactly the 32 bytes that the digest has, and keeps no pointer.
        let isHashed = span.withUnsafeMutableBufferPointer { target in
            bellhop_sha256(bytes.baseAddress, bytes.count, target.baseAddress) == 1
        }
        // Nothing a peer sends gets here: libcrypto is out of memory or was built without SHA-256.
        precondition(isHashed, "libcrypto has no SHA-256")
        return digest
    }

    /// The digest of `bytes` as 64 lower-case hexadecimal digits.
    package static func hexadecimal(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        let digest = self.hash(bytes)
        return digest.span.withUnsafeBytes { Hexadecimal.encode($0) }
    }
}
