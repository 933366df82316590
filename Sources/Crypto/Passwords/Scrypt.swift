internal import COpenSSL

/// Why no key could be derived.
package enum ScryptError: Error, Equatable, Sendable {
    /// The memory that the cost asks for was not to be had.
    case noMemory
}

/// The password-based key derivation function of RFC 7914.
package enum Scrypt {
    /// Derives a key. It takes a good part of a second and much memory at the standard cost: only on an own thread.
    static func key(
        of password: UnsafeRawBufferPointer, salt: [UInt8], cost: ScryptCost, count: Int
    ) throws(ScryptError) -> [UInt8] {
        var key = [UInt8](repeating: 0, count: count)
        // Safety: libcrypto reads the password and the salt, and writes the `count` bytes of the key, during the call only.
        let isDerived = key.withUnsafeMutableBufferPointer { key in
            salt.withUnsafeBufferPointer { salt in
                EVP_PBE_scrypt(
                    password.baseAddress?.assumingMemoryBound(to: CChar.self), password.count, salt.baseAddress,
                    salt.count, 1 << UInt64(cost.logN), UInt64(cost.r), UInt64(cost.p), cost.allowedBytes,
                    key.baseAddress, key.count) == 1
            }
        }
        // The cost is within bounds by its type, so libcrypto has nothing else to refuse.
        guard isDerived else {
            ERR_clear_error()
            throw .noMemory
        }
        return key
    }
}
