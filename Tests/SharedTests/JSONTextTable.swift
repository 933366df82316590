import Shared
import Testing

/// Texts that are JSON, and texts that are not, for every reader there is.
enum JSONTextTable {
    static let accepted: [String] = [
        "null", "true", "false", "0", "-0", "-1", "10", "1.5", "-0.25e-7", "1E+2", "1e05", "\"\"", "\"a\"", "[]", "{}",
        " \t\r\n[ 1 , 2 ]\n", "{\"a\":1,\"b\":[true,false,null,{}]}", "{ \"a\" : { \"a\" : 1 } , \"b\" : \"\" }",
        "[[[]],[{\"x\":[]}]]", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\u0000\\u001F\\uD7FF\\ue000\\uFFFF\"",
        "\"\\ud83c\\udfe8 \\uDBFF\\uDFFF\"", "\"Zürich 日本語 🏨 \u{7F}\u{80}\u{2028}\u{FEFF}\u{10FFFF}\"",
        "{\"é\":1,\"e\u{301}\":2}", "{\"\":0,\"\\u0000\":1}",
        "\"a long text without anything special in it, which takes several words\"",
        "[123456789012345678901234567890.5,1e400,-0.0]",
    ]

    struct Refused: Sendable, CustomTestStringConvertible {
        let bytes: [UInt8]
        let error: JSONError
        var testDescription: String { String(decoding: self.bytes, as: UTF8.self) }

        init(_ text: String, _ offset: Int, _ reason: JSONError.Reason) {
            self.init(bytes: Array(text.utf8), offset, reason)
        }

        init(bytes: [UInt8], _ offset: Int, _ reason: JSONError.Reason) {
            self.bytes = bytes
            self.error = JSONError(offset: offset, reason: reason)
        }

        /// An unexpected byte, named by its character.
        init(_ text: String, at offset: Int) {
            self.init(text, offset, .unexpectedByte(Array(text.utf8)[offset]))
        }
    }

    static let refused: [Refused] =
        [
            Refused("", 0, .unexpectedEnd), Refused("  ", 2, .unexpectedEnd), Refused("[", 1, .unexpectedEnd),
            Refused("{\"a\"", 4, .unexpectedEnd), Refused("{\"a\":", 5, .unexpectedEnd),
            Refused("-", 1, .unexpectedEnd),
            Refused("1.", 2, .unexpectedEnd), Refused("1e", 2, .unexpectedEnd), Refused("1e+", 3, .unexpectedEnd),
            Refused("tru", 3, .unexpectedEnd), Refused("\"abc", 4, .unexpectedEnd), Refused("\"\\", 2, .unexpectedEnd),
            Refused("\"\\u12", 5, .unexpectedEnd), Refused("\"\\ud800", 7, .unexpectedEnd),
            Refused("\"\\ud800\\", 8, .unexpectedEnd),
            Refused("[1,]", at: 3), Refused("[,1]", at: 1), Refused("[1 2]", at: 3), Refused("[1}", at: 2),
            Refused("{,}", at: 1), Refused("{\"a\":1,}", at: 7), Refused("{a:1}", at: 1), Refused("{\"a\" 1}", at: 5),
            Refused("{\"a\":}", at: 5), Refused("{1:1}", at: 1), Refused("{'a':1}", at: 1), Refused("{\"a\":1]", at: 6),
            Refused("+1", at: 0), Refused(".5", at: 0), Refused("-a", at: 1), Refused("1.e5", at: 2),
            Refused("[01]", at: 2), Refused("[-01]", at: 3), Refused("[1.5.5]", at: 4), Refused("[0x1]", at: 2),
            Refused("1e1.5", 3, .trailingBytes), Refused("NaN", at: 0), Refused("Infinity", at: 0),
            Refused("nulL", at: 3), Refused("True", at: 0), Refused("// c", at: 0), Refused("[1/**/]", at: 2),
            Refused("\u{FEFF}1", at: 0), Refused("\u{A0}1", at: 0), Refused("\u{0C}1", at: 0),
            Refused("1 1", 2, .trailingBytes), Refused("[]]", 2, .trailingBytes), Refused("01", 1, .trailingBytes),
            Refused("{}{}", 2, .trailingBytes), Refused("1\u{0}", 1, .trailingBytes),
            Refused("\"a\u{0}\"", 2, .controlCharacter), Refused("\"\n\"", 1, .controlCharacter),
            Refused("\"\u{1F}\"", 1, .controlCharacter), Refused("\"ab\t\"", 3, .controlCharacter),
            Refused("\"\\a\"", 2, .invalidEscape), Refused("\"\\'\"", 2, .invalidEscape),
            Refused("\"\\u12G4\"", 5, .invalidEscape), Refused("\"\\U0041\"", 2, .invalidEscape),
            Refused("\"\\u\"", 3, .invalidEscape),
            Refused("\"x\\ud800\"", 2, .loneSurrogate), Refused("\"\\udc00\"", 1, .loneSurrogate),
            Refused("\"\\ud800\\ud800\"", 1, .loneSurrogate), Refused("\"\\ud800\\n\"", 1, .loneSurrogate),
            Refused("\"\\ud800\\u0041\"", 1, .loneSurrogate), Refused("\"\\ud83cx\"", 1, .loneSurrogate),
            Refused("{\"a\":1,\"a\":2}", 7, .duplicateKey),
            Refused("[{\"b\":{\"a\":1,\"\\u0061\":2}}]", 13, .duplicateKey),
            Refused("{\"\":1,\"\":2}", 6, .duplicateKey), Refused("{\"\\/\":1,\"/\":2}", 8, .duplicateKey),
        ] + malformedUTF8

    private static let malformedUTF8: [Refused] = [
        Refused(bytes: [0x22, 0xC0, 0x80, 0x22], 1, .invalidUTF8),
        Refused(bytes: [0x22, 0x61, 0xED, 0xA0, 0x80, 0x22], 3, .invalidUTF8),
        Refused(bytes: [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], 2, .invalidUTF8),
        Refused(bytes: [0x22, 0xE2, 0x82, 0x22], 3, .invalidUTF8),
        Refused(bytes: [0x22, 0xFF, 0x22], 1, .invalidUTF8),
        Refused(bytes: [0x22, 0xE2, 0x82], 3, .invalidUTF8),
        Refused(bytes: [0xFE, 0xFF], 0, .invalidUTF8),
        Refused(bytes: [0x22] + [UInt8](repeating: 0x61, count: 700) + [0x80, 0x22], 701, .invalidUTF8),
    ]

    /// What the tree reader says of `bytes`.
    static func tree(_ bytes: [UInt8], _ limits: JSONLimits = JSONLimits()) -> Result<JSONValue, JSONError> {
        Result { () throws(JSONError) in try JSONValue(parsing: bytes, limits: limits) }
    }

    /// What the slicing reader says of `bytes`: its place in them, or why not.
    static func slice(_ bytes: [UInt8], _ limits: JSONLimits = JSONLimits()) -> Result<JSONSlice, JSONError> {
        bytes.withUnsafeBytes { bytes in
            Result { () throws(JSONError) in try JSONReader(bytes, limits: limits).root }
        }
    }

    /// Why both readers refuse `bytes`; `nil` if both accept them. They never differ.
    static func refusal(_ bytes: [UInt8], _ limits: JSONLimits = JSONLimits()) throws -> JSONError? {
        switch (self.tree(bytes, limits), self.slice(bytes, limits)) {
        case (.success, .success): return nil
        case (.failure(let one), .failure(let other)) where one == other: return one
        case (let tree, let slice): throw Disagreement(tree: "\(tree)", slice: "\(slice)")
        }
    }

    struct Disagreement: Error {
        let tree: String
        let slice: String
    }
}
