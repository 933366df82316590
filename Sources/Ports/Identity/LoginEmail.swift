/// The e-mail address with which a user signs in, in the one spelling under which it is looked up and counted.
///
/// Whether such an address exists is shown by a link that arrives there, not by a pattern; here only what can be none is refused.
package struct LoginEmail: Hashable, Sendable, CustomStringConvertible {
    /// In lower case, without blanks around it.
    package let description: String

    /// `domain.md` 9.
    package static let mostBytes = 254

    package init?(_ text: some StringProtocol) {
        guard text.utf8.count <= 4 * Self.mostBytes else { return nil }
        let scalars = String(text).unicodeScalars.drop { $0.properties.isWhitespace }
        guard let last = scalars.lastIndex(where: { !$0.properties.isWhitespace }) else { return nil }
        let address = String(scalars[...last]).lowercased()
        let parts = address.utf8.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
        guard address.utf8.count <= Self.mostBytes, parts.count == 2, parts.allSatisfy({ !$0.isEmpty }) else {
            return nil
        }
        let isClean = address.unicodeScalars.allSatisfy { scalar in
            !scalar.properties.isWhitespace && scalar.properties.generalCategory != .control
        }
        guard isClean else { return nil }
        self.description = address
    }
}
