/// What one scrypt run costs whoever does it, and so whoever guesses (RFC 7914 2).
package struct ScryptCost: Equatable, Sendable {
    /// The binary logarithm of N, which decides memory and time.
    package let logN: Int
    /// The block size; N·r·128 bytes are used at a time.
    package let r: Int
    /// How often all of it is repeated.
    package let p: Int

    /// N = 2^15, r = 8, p = 3: 32 MiB, and as strong as N = 2^17 with p = 1 is held to be, at a quarter of its memory.
    package static let standard = ScryptCost(trusted: 15, r: 8, p: 3)

    /// More memory than this is not taken, whatever a stored hash asks for.
    package static let mostBytes = 64 << 20
    /// More work than this (N·r·p) is not done: about four times the standard.
    package static let mostWork = 1 << 22

    /// A cost within bounds.
    package init?(logN: Int, r: Int, p: Int) {
        guard (1...24).contains(logN), (1...64).contains(r), (1...64).contains(p) else { return nil }
        guard 128 * r << logN <= Self.mostBytes, r * p << logN <= Self.mostWork else { return nil }
        // RFC 7914 2: N must be less than 2^(128 r / 8).
        guard logN < 16 * r else { return nil }
        self.init(trusted: logN, r: r, p: p)
    }

    private init(trusted logN: Int, r: Int, p: Int) {
        self.logN = logN
        self.r = r
        self.p = p
    }

    /// What libcrypto may use. It refuses 32 MiB and more unless told otherwise, and counts its scratch blocks too.
    var allowedBytes: UInt64 {
        UInt64(128 * self.r << self.logN) + UInt64(128 * self.r * (self.p + 2)) + 4096
    }
}
