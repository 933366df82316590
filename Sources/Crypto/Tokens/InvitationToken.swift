internal import Shared

/// What a link holds by which somebody sets a password without knowing one: 43 characters, good once.
///
/// 256 random bits, so that its hash needs neither salt nor stretching and nobody can guess one.
package struct InvitationToken: Equatable, Sendable {
    private let bytes: [UInt8]

    private static let byteCount = 32
    /// Characters of a token's text.
    package static let textCount = 43

    /// A new one.
    package init() { self.bytes = SecureRandom.bytes(count: Self.byteCount) }

    /// Reads a token's text, in its one spelling.
    package init?(_ text: some StringProtocol) {
        let text = Array(text.utf8)
        guard text.count == Self.textCount, let bytes = text.withUnsafeBytes({ Base64.decode($0, as: .url) }),
            bytes.count == Self.byteCount
        else { return nil }
        self.bytes = bytes
    }

    /// The text, for who is let in alone.
    package var text: String {
        self.bytes.withUnsafeBytes { String(decoding: Base64.encode($0, as: .url), as: UTF8.self) }
    }

    /// What the store keeps of it.
    package var hash: TokenHash { TokenHash(of: self.bytes) }
}

extension InvitationToken: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Nothing of the token.
    package var description: String { "redacted" }
    /// Nothing of the token.
    package var debugDescription: String { "redacted" }
    /// No children.
    package var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}
