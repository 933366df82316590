internal import Shared

/// What a client holds to get new access tokens: 64 characters that mean nothing to it.
///
/// The first 128 random bits name the family, which is all tokens that followed one login; the other 256 are the token's
/// own. So a token that was replaced long ago still finds its family, which is then revoked, and nobody who never held a
/// token of a family can say anything about it: a session's id, which is no secret, opens nothing here.
package struct RefreshToken: Equatable, Sendable {
    private let family: [UInt8]
    private let own: [UInt8]

    private static let familyBytes = 16
    private static let ownBytes = 32
    /// Characters of a token's text.
    package static let textCount = 64

    private init(family: [UInt8]) {
        self.family = family
        self.own = SecureRandom.bytes(count: Self.ownBytes)
    }

    /// The first token of a new family.
    package static func first() -> RefreshToken { RefreshToken(family: SecureRandom.bytes(count: Self.familyBytes)) }

    /// A new token of the same family.
    package func next() -> RefreshToken { RefreshToken(family: self.family) }

    /// Reads a token's text, in its one spelling.
    package init?(_ text: some StringProtocol) {
        let text = Array(text.utf8)
        guard text.count == Self.textCount, let bytes = text.withUnsafeBytes({ Base64.decode($0, as: .url) }) else {
            return nil
        }
        self.family = Array(bytes.prefix(Self.familyBytes))
        self.own = Array(bytes.dropFirst(Self.familyBytes))
    }

    /// The text, for the client alone.
    package var text: String {
        (self.family + self.own).withUnsafeBytes { String(decoding: Base64.encode($0, as: .url), as: UTF8.self) }
    }

    /// Under what the store finds the family.
    package var familyHash: TokenHash { TokenHash(of: self.family) }

    /// What the store keeps of the token.
    package var hash: TokenHash { TokenHash(of: self.own) }
}

extension RefreshToken: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Nothing of the token.
    package var description: String { "redacted" }
    /// Nothing of the token.
    package var debugDescription: String { "redacted" }
    /// No children.
    package var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}

/// SHA-256 of a random secret. It needs neither salt nor stretching, because nobody can guess 128 random bits.
package struct TokenHash: Hashable, Sendable {
    package static let byteCount = 32

    package let bytes: [UInt8]

    /// A hash that was stored; `nil` if it has another length.
    package init?(stored bytes: [UInt8]) {
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = bytes
    }

    /// The hash of a secret.
    init(of secret: [UInt8]) {
        let digest = secret.withUnsafeBytes { SHA256.hash($0) }
        self.bytes = digest.span.withUnsafeBytes { Array($0) }
    }

    /// In constant time, though what leaks here is a hash's prefix and opens nothing.
    package static func == (left: Self, right: Self) -> Bool {
        left.bytes.withUnsafeBytes { left in right.bytes.withUnsafeBytes { constantTimeEqual(left, $0) } }
    }
}
