import COpenSSL

/// HMAC-SHA-256 (RFC 2104) under one key, whose padded blocks are hashed only once.
///
/// Make one per key and thread: it is confined to the thread that uses it.
package struct HMACSHA256: ~Copyable {
    package typealias Code = InlineArray<32, UInt8>

    // Safety: owned from `init` to `deinit`; it holds the key, which OpenSSL wipes when it frees the context.
    private let keyed: OpaquePointer

    /// - Parameter key: any number of bytes, also none; it is copied.
    package init(key: [UInt8]) {
        // Safety: the C call copies the key.
        let keyed = key.withUnsafeBytes { bellhop_hmac_sha256($0.baseAddress, $0.count) }
        // Nothing a peer sends gets here: libcrypto is out of memory or was built without HMAC.
        guard let keyed else { preconditionFailure("libcrypto has no HMAC") }
        self.keyed = keyed
    }

    deinit { EVP_MAC_CTX_free(self.keyed) }

    /// The authentication code of `bytes`.
    package func code(for bytes: UnsafeRawBufferPointer) -> Code {
        // Safety: the context is a private copy that is freed here.
        guard let context = EVP_MAC_CTX_dup(self.keyed) else { preconditionFailure("libcrypto cannot copy a key") }
        defer { EVP_MAC_CTX_free(context) }
        return Self.finish(context, bytes)
    }

    /// The code of `bytes`, with a context that has its key and has seen nothing else.
    static func finish(_ context: OpaquePointer, _ bytes: UnsafeRawBufferPointer) -> Code {
        var code = Code(repeating: 0)
        var span = code.mutableSpan
        // Safety: the caller holds the context; the call writes at most the 32 bytes of the code.
        let isComputed = span.withUnsafeMutableBufferPointer { target in
            var count = 0
            return EVP_MAC_update(context, bytes.baseAddress, bytes.count) == 1
                && EVP_MAC_final(context, target.baseAddress, &count, target.count) == 1 && count == target.count
        }
        precondition(isComputed, "libcrypto cannot compute an HMAC")
        return code
    }

    /// Whether `code` is the authentication code of `bytes`, in a time that tells nothing about where they differ.
    package func isValid(_ code: UnsafeRawBufferPointer, for bytes: UnsafeRawBufferPointer) -> Bool {
        let expected = self.code(for: bytes)
        return expected.span.withUnsafeBytes { constantTimeEqual($0, code) }
    }

    /// The code of `bytes` under a key that is used once.
    package static func code(for bytes: UnsafeRawBufferPointer, key: [UInt8]) -> Code {
        HMACSHA256(key: key).code(for: bytes)
    }
}
