/// Writes outside text into a log line so that it can neither end the line, nor add a field, nor steer a terminal.
///
/// Both formats share the escapes of JSON (RFC 8259 7), so a line of either can be read back with the same rules.
enum LogText {
    private static let hexadecimal = Array("0123456789abcdef".utf8)

    static func appendQuoted(_ text: String, to line: inout [UInt8]) {
        line.append(UInt8(ascii: "\""))
        var room = LogValue.maximumBytes
        for scalar in text.unicodeScalars {
            let width = UTF8.width(scalar)
            if room < width {
                line += "…".utf8
                break
            }
            room -= width
            self.append(scalar, to: &line)
        }
        line.append(UInt8(ascii: "\""))
    }

    /// Bare when every byte is a visible ASCII character that means nothing in logfmt.
    static func appendBareOrQuoted(_ text: String, to line: inout [UInt8]) {
        let isBare = !text.isEmpty && text.utf8.count <= LogValue.maximumBytes && text.utf8.allSatisfy(self.isPlain)
        if isBare { line += text.utf8 } else { self.appendQuoted(text, to: &line) }
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "="), UInt8(ascii: "\\"): false
        case 0x21...0x7E: true
        default: false
        }
    }

    private static func append(_ scalar: Unicode.Scalar, to line: inout [UInt8]) {
        switch scalar {
        case "\"", "\\": line += [UInt8(ascii: "\\"), UInt8(ascii: scalar)]
        case "\n": line += [UInt8(ascii: "\\"), UInt8(ascii: "n")]
        case "\r": line += [UInt8(ascii: "\\"), UInt8(ascii: "r")]
        case "\t": line += [UInt8(ascii: "\\"), UInt8(ascii: "t")]
        case " "..."~": line.append(UInt8(ascii: scalar))
        default:
            if self.isSteering(scalar) {
                self.appendEscaped(UInt16(truncatingIfNeeded: scalar.value), to: &line)
            } else {
                line += UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
            }
        }
    }

    /// Characters that move the cursor, break the line or turn the direction of reading; all are in the first plane.
    private static func isSteering(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x00...0x1F, 0x7F...0x9F: true  // control characters, C1 (which holds an 8-bit ESC) included
        case 0x061C, 0x200B...0x200F: true  // marks and joiners without a shape
        case 0x2028...0x202E, 0x2060...0x206F: true  // line and paragraph separators, bidirectional overrides
        case 0xFEFF, 0xFFF9...0xFFFB: true
        default: false
        }
    }

    private static func appendEscaped(_ unit: UInt16, to line: inout [UInt8]) {
        line += [UInt8(ascii: "\\"), UInt8(ascii: "u")]
        for shift in [12, 8, 4, 0] as [UInt16] {
            line.append(self.hexadecimal[Int(unit >> shift & 0xF)])
        }
    }
}
