import Glibc

/// An IPv4 or IPv6 address; an IPv4 address that comes mapped into IPv6 is the same address.
package struct IPAddress: Hashable, Sendable, CustomStringConvertible {
    /// In network order, the first bit highest; IPv4 as `::ffff:a.b.c.d`.
    let bits: UInt128

    init(bits: UInt128) {
        self.bits = bits
    }

    /// Four bytes of IPv4 or sixteen of IPv6, in network order; other counts are no address.
    package init?(networkBytes bytes: some Collection<UInt8>) {
        let value = bytes.reduce(UInt128(0)) { $0 &<< 8 | UInt128($1) }
        switch bytes.count {
        case 4: self.bits = IPAddress.mappedPrefix | value
        case 16: self.bits = value
        default: return nil
        }
    }

    /// Reads `192.0.2.1` or `2001:db8::1`, without brackets, port or zone.
    package init?(_ text: String) {
        var address = in6_addr()
        guard text.utf8.count < 64, !text.utf8.contains(0) else { return nil }
        let family = text.utf8.contains(UInt8(ascii: ":")) ? AF_INET6 : AF_INET
        guard inet_pton(family, text, &address) == 1 else { return nil }
        let count = family == AF_INET ? 4 : 16
        // Safety: `inet_pton` wrote `count` bytes at the beginning of `address`, which lives here.
        let parsed = withUnsafeBytes(of: &address) { IPAddress(networkBytes: $0.prefix(count)) }
        guard let parsed else { return nil }
        self = parsed
    }

    /// `::`, which nobody has.
    package static let unknown = IPAddress(bits: 0)

    package var isIPv4: Bool { self.bits &>> 32 == 0xFFFF }

    /// Whether the address is the machine itself: 127.0.0.0/8 or ::1.
    package var isLoopback: Bool { self.bits == 1 || self.isIPv4 && self.bits &>> 24 & 0xFF == 127 }

    /// The usual text form, as in logs.
    package var description: String {
        if self.isIPv4 {
            return (0..<4).map { String(UInt8(truncatingIfNeeded: self.bits &>> (24 &- 8 &* $0))) }.joined(
                separator: ".")
        }
        var address = self.bits.bigEndian
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { buffer in
            guard let base = buffer.baseAddress, inet_ntop(AF_INET6, &address, base, socklen_t(buffer.count)) != nil
            else { return "?" }
            return String(cString: base)
        }
    }

    private static let mappedPrefix: UInt128 = 0xFFFF_0000_0000
}

/// A block of addresses of one family: `10.0.0.0/8`, `2001:db8::/32`, or a single address.
package struct CIDR: Hashable, Sendable {
    private let base: IPAddress
    private let mask: UInt128
    private let isIPv4: Bool

    /// Reads a block; bits behind the prefix are ignored, so `127.0.0.1/8` is all of 127.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let address = IPAddress(String(first)) else { return nil }
        let width = address.isIPv4 && !first.contains(":") ? 32 : 128
        var prefix = width
        if parts.count == 2 {
            let digits = parts[1]
            guard (1...3).contains(digits.utf8.count), digits.utf8.allSatisfy({ $0.decimalValue != nil }),
                let number = Int(digits), number <= width
            else { return nil }
            prefix = number
        }
        let hostBits = width - prefix
        self.mask = hostBits == 128 ? 0 : ~UInt128(0) << UInt128(hostBits)
        self.base = IPAddress(bits: address.bits & self.mask)
        self.isIPv4 = width == 32
    }

    /// Whether the address lies in the block; `::/0` holds no IPv4 address.
    package func contains(_ address: IPAddress) -> Bool {
        address.isIPv4 == self.isIPv4 && address.bits & self.mask == self.base.bits
    }
}
