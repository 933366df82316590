/// The small grammar that handshake headers share: lists, tokens and quoted strings (RFC 9110 5.6).
enum HeaderTokens {
    /// The parts between commas, without the white space around them; empty parts are left out (RFC 9110 5.6.1.2).
    ///
    /// - Parameter separator: never looked for inside a quoted string.
    static func split(_ value: ArraySlice<UInt8>, at separator: UInt8) -> [ArraySlice<UInt8>] {
        self.splitKeepingEmpty(value, at: separator).filter { !$0.isEmpty }
    }

    /// As `split`, with the empty parts.
    static func splitKeepingEmpty(_ value: ArraySlice<UInt8>, at separator: UInt8) -> [ArraySlice<UInt8>] {
        var parts: [ArraySlice<UInt8>] = []
        var start = value.startIndex
        var isQuoted = false
        var isEscaped = false
        for index in value.indices {
            let byte = value[index]
            if isEscaped {
                isEscaped = false
            } else if isQuoted && byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                isQuoted.toggle()
            } else if byte == separator && !isQuoted {
                parts.append(self.trimmed(value[start..<index]))
                start = index + 1
            }
        }
        parts.append(self.trimmed(value[start...]))
        return parts
    }

    static func trimmed(_ value: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let isBlank = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        let front = value.drop(while: isBlank)
        guard let last = front.lastIndex(where: { !isBlank($0) }) else { return front.prefix(0) }
        return front[...last]
    }

    /// Whether `value` is one token (RFC 9110 5.6.2).
    static func isToken(_ value: some Collection<UInt8>) -> Bool {
        !value.isEmpty && value.allSatisfy(self.isTokenByte)
    }

    static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        case UInt8(ascii: "!"), UInt8(ascii: "#")...UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"),
            UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"),
            UInt8(ascii: "|"), UInt8(ascii: "~"):
            true
        default: false
        }
    }

    /// Whether `value` is `name`, which is in lower case, in any case.
    static func isEqual(_ value: some Collection<UInt8>, ignoringCase name: StaticString) -> Bool {
        guard value.count == name.utf8CodeUnitCount else { return false }
        return name.withUTF8Buffer { name in
            zip(value, name).allSatisfy { byte, expected in
                byte == expected || (byte | 0x20 == expected && expected >= UInt8(ascii: "a"))
            }
        }
    }

    /// Whether a list of tokens names `token`, which is in lower case.
    static func list(_ value: [UInt8], contains token: StaticString) -> Bool {
        // Nearly every client names just this one token.
        self.isEqual(value, ignoringCase: token)
            || self.split(value[...], at: UInt8(ascii: ",")).contains { self.isEqual($0, ignoringCase: token) }
    }
}
