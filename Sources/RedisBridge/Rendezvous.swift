/// Which of several servers carries a key (rendezvous hashing): every process that knows the same servers, in whatever
/// order, says the same, and a server that is added or taken away moves only its own share of the keys.
package struct Rendezvous: Equatable, Sendable {
    private let seeds: [UInt64]
    private let names: [String]

    /// - Parameter servers: what they are called everywhere; at least one.
    package init(servers: [String]) {
        precondition(!servers.isEmpty, "there is no server to choose")
        self.names = servers
        self.seeds = servers.map { StableHash.of($0) }
    }

    /// The place in the list of the server that carries the key.
    package func index(of key: String) -> Int {
        guard self.seeds.count > 1 else { return 0 }
        let hash = StableHash.of(key)
        var best = 0
        var highest = StableHash.mix(self.seeds[0] ^ hash)
        for index in 1..<self.seeds.count {
            let weight = StableHash.mix(self.seeds[index] ^ hash)
            // Equal weights are decided by name, not by place: lists in another order agree.
            if weight > highest || weight == highest && self.names[index] < self.names[best] {
                best = index
                highest = weight
            }
        }
        return best
    }
}

/// A 64-bit hash that is the same in every process, on every machine and with every version of Swift. Not for use against
/// somebody who chooses the input.
enum StableHash {
    static func of(_ text: String) -> UInt64 {
        var text = text
        return text.withUTF8 { self.of(UnsafeRawBufferPointer($0)) }
    }

    static func of(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
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
    static func mix(_ value: UInt64) -> UInt64 {
        var mixed = value
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
