internal import Shared

/// What people and things are called: tidied on the way in, stored as written otherwise, escaped where it is shown.
package struct Name: FieldText {
    package static let length = 2...120

    package let text: String

    package init(checking text: String) throws(FieldFault) {
        let text = FieldScan.tidied(text)
        try FieldScan.length(text, in: Self.length)
        self.text = text
    }

    private init(placeholder: String) { self.text = placeholder }
    package static var placeholder: Self { Self(placeholder: "--") }
}

/// A short label: a floor, a building, a zone, a job title.
package struct Label: FieldText {
    package static let length = 1...80

    package let text: String

    package init(checking text: String) throws(FieldFault) {
        let text = FieldScan.tidied(text)
        try FieldScan.length(text, in: Self.length)
        self.text = text
    }

    private init(placeholder: String) { self.text = placeholder }
    package static var placeholder: Self { Self(placeholder: "-") }
}

/// A code that people give to things (`domain.md` 1.2): stored as typed, compared without regard to case.
package struct Code: FieldText {
    package static let length = 1...20

    package let text: String

    package init(checking text: String) throws(FieldFault) {
        let trimmed = FieldScan.trimmed(text)
        try FieldScan.length(trimmed, in: Self.length)
        guard !trimmed.unicodeScalars.contains(where: FieldScan.isControl) else { throw FieldFault(.format) }
        self.text = trimmed
    }

    /// What is compared: two codes with the same key are one.
    package var key: String { self.text.lowercased() }

    package static func == (one: Self, other: Self) -> Bool { one.key == other.key }
    package func hash(into hasher: inout Hasher) { hasher.combine(self.key) }

    private init(placeholder: String) { self.text = placeholder }
    package static var placeholder: Self { Self(placeholder: "-") }
}

/// The number of a room: 1 to 10 of letters, digits and dashes, compared without regard to case.
package struct RoomNumber: FieldText {
    package static let length = 1...10

    package let text: String

    package init(checking text: String) throws(FieldFault) {
        let trimmed = FieldScan.trimmed(text)
        try FieldScan.length(trimmed, in: Self.length)
        try FieldScan.format(trimmed) { FieldScan.isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
        self.text = trimmed
    }

    package var key: String { self.text.lowercased() }

    package static func == (one: Self, other: Self) -> Bool { one.key == other.key }
    package func hash(into hasher: inout Hasher) { hasher.combine(self.key) }

    private init(placeholder: String) { self.text = placeholder }
    package static var placeholder: Self { Self(placeholder: "0") }
}

/// What addresses a tenant in links: `[a-z0-9-]`, 3 to 40, unique in the whole installation.
package struct TenantSlug: FieldText {
    package static let length = 3...40

    package let text: String

    package init(checking text: String) throws(FieldFault) {
        try FieldScan.length(text, in: Self.length)
        try FieldScan.format(text, FieldScan.isSlug)
        self.text = text
    }

    private init(placeholder: String) { self.text = placeholder }
    package static var placeholder: Self { Self(placeholder: "---") }
}

/// A code inside a channel's name (architecture 4): `[a-z0-9-]`, 1 to 20.
package struct ChannelSlug: FieldText {
    package static let length = 1...20

    package let text: String

    package init(checking text: String) throws(FieldFault) {
        try FieldScan.length(text, in: Self.length)
        try FieldScan.format(text, FieldScan.isSlug)
        self.text = text
    }

    /// How channels call what people call by this code: lower case, everything but letters and digits a dash.
    ///
    /// Different codes may give the same slug; who stores them refuses the second.
    package init(_ code: Code) {
        let bytes = code.key.unicodeScalars.map { scalar in
            scalar.isASCII && FieldScan.isSlug(UInt8(scalar.value)) ? Character(scalar) : "-"
        }
        self.text = String(bytes.prefix(Self.length.upperBound))
    }

    private init(placeholder: String) { self.text = placeholder }
    package static var placeholder: Self { Self(placeholder: "-") }
}
