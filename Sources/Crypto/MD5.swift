import COpenSSL
import Shared

/// MD5, by which Pusher's HTTP API names the body that its signature covers. It protects nothing by itself.
package enum MD5 {
    /// The digest of `bytes` as 32 lower-case hexadecimal digits; safe from any thread.
    ///
    /// - Returns: `nil` where libcrypto has no MD5, as in its FIPS builds.
    package static func hexadecimal(_ bytes: UnsafeRawBufferPointer) -> [UInt8]? {
        var digest = InlineArray<16, UInt8>(repeating: 0)
        var span = digest.mutableSpan
        // Safety: the C call writes exactly the 16 bytes that the digest has, and keeps no pointer.
        let isHashed = span.withUnsafeMutableBufferPointer { target in
            bellhop_md5(bytes.baseAddress, bytes.count, target.baseAddress) == 1
        }
        return isHashed ? digest.span.withUnsafeBytes { Hexadecimal.encode($0) } : nil
    }
}
