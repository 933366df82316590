/// A key that signs and verifies, found by its id: an entry `kid:base64` of a setting.
package struct SigningKey: Equatable, Sendable {
    /// Named in the header of what was signed.
    package let id: String
    /// At least ``minimumBytes``.
    package let secret: Secret

    /// RFC 7518 3.2: a key of HS256 is at least as long as the hash.
    package static let minimumBytes = 32

    /// Reads `kid:base64`.
    package init(setting text: String) throws(SettingProblem) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, Identifier.isValid(parts[0]) else {
            throw SettingProblem("is not kid:base64, with a kid of \(Identifier.rule)")
        }
        guard let bytes = Base64.decode(either: parts[1]) else {
            throw SettingProblem("has no valid base64 after its kid")
        }
        guard bytes.count >= Self.minimumBytes else {
            throw SettingProblem("has a key of \(bytes.count) bytes, and \(Self.minimumBytes) are the least")
        }
        self.id = String(parts[0])
        self.secret = Secret(bytes)
    }
}

/// An app of the Pusher protocol: an entry `id:key:secret` of a setting.
package struct AppCredentials: Equatable, Sendable {
    /// Names the app in the paths of its HTTP API.
    package let id: String
    /// Public: clients connect with it.
    package let key: String
    /// Signs calls of the HTTP API and channel authorisations.
    package let secret: Secret

    /// Reads `id:key:secret`. The secret may hold colons, but no comma.
    package init(setting text: String) throws(SettingProblem) {
        let parts = text.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, Identifier.isValid(parts[0]), Identifier.isValid(parts[1]) else {
            throw SettingProblem("is not id:key:secret, with an id and a key of \(Identifier.rule)")
        }
        guard (1...256).contains(parts[2].utf8.count), parts[2].utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw SettingProblem("has a secret that is not 1 to 256 visible ASCII characters")
        }
        self.id = String(parts[0])
        self.key = String(parts[1])
        self.secret = Secret(parts[2].utf8)
    }
}

/// Names that stand in paths, headers and logs as they are.
package enum Identifier {
    static let rule = "1 to 64 letters, digits, dots, dashes or underscores"

    /// Whether the text follows the rule.
    package static func isValid(_ text: some StringProtocol) -> Bool {
        (1...64).contains(text.utf8.count) && text.utf8.allSatisfy(self.isPart)
    }

    /// Whether a byte may stand in an identifier: a letter, a digit, a dot, a dash or an underscore.
    static func isPart(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"): true
        default: false
        }
    }

    /// Reads an identifier.
    package static func parse(_ text: String) throws(SettingProblem) -> String {
        guard self.isValid(text) else { throw SettingProblem("\(SettingReader.quoted(text)) is not \(self.rule)") }
        return text
    }
}
