internal import COpenSSL
internal import Shared

/// HMAC-SHA-256 under one key that lives as long as the process, for any thread.
///
/// It keeps the contexts that were used before: making one costs as much again as the code of a token does.
package final class SharedHMACSHA256: Sendable {
    package typealias Code = HMACSHA256.Code

    /// Idle contexts, never more than threads asked at the same time. Kept as numbers, because a pointer may not cross threads.
    // Safety: each context is in here or with the one call that took it out; what is in here is freed in `deinit`.
    private let idle: Locked<[UInt]>
    private let key: [UInt8]

    /// - Parameter key: any number of bytes, also none; it is copied.
    package init(key: [UInt8]) {
        self.key = key
        self.idle = Locked([])
    }

    deinit {
        for context in self.idle.withLock({ $0 }) { EVP_MAC_CTX_free(OpaquePointer(bitPattern: context)) }
    }

    /// The authentication code of `bytes`.
    package func code(for bytes: UnsafeRawBufferPointer) -> Code {
        let context = self.takeContext()
        defer { self.giveBack(context) }
        // Safety: this call alone holds the context.
        return HMACSHA256.finish(context, bytes)
    }

    /// Whether `code` is the authentication code of `bytes`, in a time that tells nothing about where they differ.
    package func isValid(_ code: UnsafeRawBufferPointer, for bytes: UnsafeRawBufferPointer) -> Bool {
        let expected = self.code(for: bytes)
        return expected.span.withUnsafeBytes { constantTimeEqual($0, code) }
    }

    private func takeContext() -> OpaquePointer {
        if let idle = self.idle.withLock({ $0.popLast() }), let context = OpaquePointer(bitPattern: idle) {
            let isReady = bellhop_hmac_restart(context) == 1
            precondition(isReady, "libcrypto cannot use a key again")
            return context
        }
        // Safety: the C call copies the key.
        let context = self.key.withUnsafeBytes { bellhop_hmac_sha256($0.baseAddress, $0.count) }
        // Nothing a peer sends gets here: libcrypto is out of memory or was built without HMAC.
        guard let context else { preconditionFailure("libcrypto has no HMAC") }
        return context
    }

    private func giveBack(_ context: OpaquePointer) {
        let number = UInt(bitPattern: context)
        self.idle.withLock { $0.append(number) }
    }
}
