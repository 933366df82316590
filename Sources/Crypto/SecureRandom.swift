import COpenSSL

/// Random bytes of cryptographic quality, drawn from libcrypto in blocks so that a four-byte mask costs nanoseconds.
///
/// Confined to the thread that uses it. Bytes that were handed out are wiped here.
package struct SecureRandom: ~Copyable {
    /// Bytes drawn at a time.
    package static let blockBytes = 1024

    private var block: [UInt8]
    private var used: Int

    package init() {
        self.block = [UInt8](repeating: 0, count: Self.blockBytes)
        self.used = Self.blockBytes
    }

    /// Fills the whole of `target`.
    package mutating func fill(_ target: UnsafeMutableRawBufferPointer) {
        guard target.count <= Self.blockBytes / 4 else { return Self.fill(target) }
        if Self.blockBytes - self.used < target.count { self.refill() }
        let start = self.used
        self.used += target.count
        self.block.withUnsafeMutableBytes { block in
            let fresh = UnsafeMutableRawBufferPointer(rebasing: block[start..<start + target.count])
            target.copyMemory(from: UnsafeRawBufferPointer(fresh))
            fresh.initializeMemory(as: UInt8.self, repeating: 0)
        }
    }

    /// A random number over the whole range, for example a frame's mask.
    package mutating func next() -> UInt32 {
        var value: UInt32 = 0
        withUnsafeMutableBytes(of: &value) { self.fill($0) }
        return value
    }

    /// `count` random bytes straight from libcrypto, for secrets; safe from any thread.
    package static func bytes(count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        bytes.withUnsafeMutableBytes { self.fill($0) }
        return bytes
    }

    private mutating func refill() {
        self.block.withUnsafeMutableBytes { Self.fill($0) }
        self.used = 0
    }

    private static func fill(_ target: UnsafeMutableRawBufferPointer) {
        var rest = target[...]
        while !rest.isEmpty {
            let part = UnsafeMutableRawBufferPointer(rebasing: rest.prefix(1 << 20))
            // Safety: the buffer is valid for `count` bytes, which fits a C int. Without randomness no secret, session
            // or mask can be made: going on would be worse than stopping.
            let isFilled = RAND_bytes(part.baseAddress?.assumingMemoryBound(to: UInt8.self), CInt(part.count)) == 1
            precondition(isFilled, "libcrypto has no random bytes")
            rest = rest.dropFirst(part.count)
        }
    }
}
