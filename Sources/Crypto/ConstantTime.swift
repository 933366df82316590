import COpenSSL

/// Whether two secrets are equal, in a time that depends on their length alone; lengths are not secret.
package func constantTimeEqual(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
    guard left.count == right.count else { return false }
    guard let first = left.baseAddress, let second = right.baseAddress else { return true }
    // Safety: both buffers are valid for `count` bytes during the call.
    return CRYPTO_memcmp(first, second, left.count) == 0
}
