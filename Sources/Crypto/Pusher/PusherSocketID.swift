/// The id of a connection in the Pusher protocol: digits, a dot, digits. Anything else is never signed.
package struct PusherSocketID: Hashable, Sendable, CustomStringConvertible {
    /// The id as it stands in frames and signatures.
    package let description: String

    /// Ours are two numbers of 64 bits at most; other servers' are shorter.
    package static let longest = 64

    package init?(_ text: some StringProtocol) {
        guard text.utf8.count <= Self.longest else { return nil }
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy(Self.isDigit) }) else { return nil }
        self.description = String(text)
    }

    /// The number behind an id of ours: two halves of 32 bits. `nil` for other servers'.
    package var number: UInt64? {
        let halves = self.description.split(separator: ".").compactMap { UInt32($0) }
        return halves.count == 2 ? UInt64(halves[0]) << 32 | UInt64(halves[1]) : nil
    }

    private static func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }
}
