/// A 64-bit hash that is the same in every process, on every machine and with every version of Swift. Not for use against
/// somebody who chooses the input.
package enum StableHash {
    package static func of(_ text: String) -> UInt64 {
        var text = text
        return text.withUTF8 { self.of(UnsafeRawBufferPointer($0)) }
    }

    package static func of(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var hash = self.mix(0x9E37_79B9_7F4A_7C15 ^ UInt64(bytes.count))
        var offset = 0
        while offset + 8 <= bytes.count {
            let word = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            hash = self.mix(hash ^ UInt64(littleEndian: word))
            offset += 8
        }
        guard offset < bytes.count else { return hash }
        var tail: UInt64 = 0
        for byte in bytes[offset...].reversed() { tail = tail << 8 | UInt64(byte) }
        return self.mix(hash ^ tail)
    }

    /// The finaliser of splitmix64: a bijection in which each bit of the input moves about half of the output's.
    package static func mix(_ value: UInt64) -> UInt64 {
        var mixed = value
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
