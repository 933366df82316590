internal import Shared

/// An e-mail address that could be one: whether it is, only a link sent to it tells (`domain.md` 9).
package struct EmailAddress: FieldText {
    package static let length = 3...254
    /// RFC 5321 4.5.3.1.1.
    private static let longestLocalPart = 64

    package let text: String

    package init(checking text: String) throws(FieldFault) {
        let trimmed = FieldScan.trimmed(text)
        try FieldScan.length(trimmed, in: Self.length)
        guard let at = trimmed.utf8.lastIndex(of: UInt8(ascii: "@")) else { throw FieldFault(.format) }
        let local = trimmed.utf8[..<at]
        let domain = trimmed.utf8[trimmed.utf8.index(after: at)...]
        guard trimmed.utf8.count <= Self.length.upperBound, Self.isLocalPart(local), Self.isDomain(domain) else {
            throw FieldFault(.format)
        }
        self.text = trimmed
    }

    /// What is compared and unique: people do not remember capitals.
    package var key: String { self.text.lowercased() }

    /// Printable, without white space, quotes or anything that starts a header, a list or a mark-up.
    private static func isLocalPart(_ part: Substring.UTF8View) -> Bool {
        guard (1...Self.longestLocalPart).contains(part.count) else { return false }
        guard part.first != UInt8(ascii: "."), part.last != UInt8(ascii: ".") else { return false }
        var previous = UInt8(ascii: "x")
        for byte in part {
            guard FieldScan.isAlphanumeric(byte) || Self.atomSigns.contains(byte) else { return false }
            guard byte != UInt8(ascii: ".") || previous != byte else { return false }
            previous = byte
        }
        return true
    }

    /// RFC 5322 3.2.3 (atext) and the dot.
    private static let atomSigns = Set("!#$%&'*+-/=?^_`{|}~.".utf8)

    private static func isDomain(_ domain: Substring.UTF8View) -> Bool {
        let labels = domain.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard labels.count >= 2 else { return false }
        return labels.allSatisfy { label in
            (1...63).contains(label.count) && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
                && label.allSatisfy { FieldScan.isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
        }
    }

    package static func == (one: Self, other: Self) -> Bool { one.key == other.key }
    package func hash(into hasher: inout Hasher) { hasher.combine(self.key) }

    private init(placeholder: String) { self.text = placeholder }
    package static var placeholder: Self { Self(placeholder: "a@a.invalid") }
}

/// A telephone number as ITU-T E.164 writes it: `+`, a country code that starts with no zero, 15 digits at most.
package struct PhoneNumber: FieldText {
    package static let length = 8...16

    package let text: String

    /// Takes the spaces, dashes, dots and parentheses with which people write numbers; keeps none.
    package init(checking text: String) throws(FieldFault) {
        let separators = Set(" -.()/".utf8)
        let digits = String(decoding: FieldScan.trimmed(text).utf8.filter { !separators.contains($0) }, as: UTF8.self)
        guard text.utf8.count <= 40 else { throw FieldFault(.length) }
        guard digits.utf8.first == UInt8(ascii: "+") else { throw FieldFault(.format) }
        let number = digits.utf8.dropFirst()
        guard number.allSatisfy(FieldScan.isDigit), number.first != UInt8(ascii: "0") else { throw FieldFault(.format) }
        try FieldScan.length(digits, in: Self.length)
        self.text = digits
    }

    private init(placeholder: String) { self.text = placeholder }
    package static var placeholder: Self { Self(placeholder: "+10000000") }
}
