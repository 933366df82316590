package import Shared

/// A text that obeys a rule of `domain.md` 9 for as long as it exists: what the rule refuses cannot be made.
package protocol FieldText: Hashable, Sendable, CustomStringConvertible {
    /// What it is called in errors and read back from the store.
    var text: String { get }

    /// Refuses with what is wrong.
    init(checking text: String) throws(FieldFault)

    /// Any text of the type, to stand in while errors are gathered.
    static var placeholder: Self { get }
}

/// What is wrong with a text; the raw value of its code is what a client sees beside the field's name.
package struct FieldFault: Error, Equatable, Sendable {
    package let code: JSONFieldErrors.Code

    package init(_ code: JSONFieldErrors.Code) { self.code = code }
}

extension FieldText {
    package var description: String { self.text }

    package init?(_ text: String) {
        guard let value = try? Self(checking: text) else { return nil }
        self = value
    }
}

extension JSONRule where Value: FieldText {
    /// A field of a request that holds such a text.
    package static func text(_ type: Value.Type) -> Self {
        Self(schema: .text(.init()), placeholder: Value.placeholder) { json, trace in
            guard case .string(let text) = json else {
                trace.fail(.type)
                return nil
            }
            do throws(FieldFault) {
                return try Value(checking: text)
            } catch {
                trace.fail(error.code)
                return nil
            }
        }
    }
}

/// The scanning that field rules have in common. Lengths are counted in Unicode scalars, as PostgreSQL counts characters.
enum FieldScan {
    /// Without control characters, then without white space around.
    ///
    /// Formatting characters that change what is read (bidirectional overrides) go with the controls: a name that shows as
    /// another is a trick, not a name.
    static func tidied(_ text: String) -> String {
        var kept = String.UnicodeScalarView()
        for scalar in text.unicodeScalars where !self.isControl(scalar) { kept.append(scalar) }
        return self.trimmed(String(kept))
    }

    static func trimmed(_ text: String) -> String {
        let scalars = text.unicodeScalars.drop { $0.properties.isWhitespace }
        guard let last = scalars.lastIndex(where: { !$0.properties.isWhitespace }) else { return "" }
        return String(scalars[...last])
    }

    static func length(_ text: String, in range: ClosedRange<Int>) throws(FieldFault) {
        guard range.contains(text.unicodeScalars.count) else { throw FieldFault(.length) }
    }

    /// Every byte passes.
    static func format(_ text: String, _ passes: (UInt8) -> Bool) throws(FieldFault) {
        guard text.utf8.allSatisfy(passes) else { throw FieldFault(.format) }
    }

    static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F...0x9F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF: true
        default: false
        }
    }

    static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
    static func isLower(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }
    static func isUpper(_ byte: UInt8) -> Bool { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) }
    static func isLetter(_ byte: UInt8) -> Bool { self.isLower(byte) || self.isUpper(byte) }
    static func isAlphanumeric(_ byte: UInt8) -> Bool { self.isLetter(byte) || self.isDigit(byte) }
    static func isSlug(_ byte: UInt8) -> Bool { self.isLower(byte) || self.isDigit(byte) || byte == UInt8(ascii: "-") }
}
