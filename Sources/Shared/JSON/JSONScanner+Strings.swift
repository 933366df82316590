extension JSONScanner {
    /// Reads a string at its opening quote: checks every escape, unescapes nothing.
    @inline(__always)
    mutating func string() throws(JSONError) -> JSONSlice {
        let start = self.next - self.start
        self.next += 1
        self.next = JSONText.afterPlain(from: self.next, to: self.end)
        // Nearly every string is one plain run.
        if self.next < self.end, self.next.load(as: UInt8.self) == UInt8(ascii: "\"") {
            self.next += 1
            return self.slice(.string, from: start)
        }
        return try self.restOfString(from: start)
    }

    private mutating func restOfString(from start: Int) throws(JSONError) -> JSONSlice {
        var hasEscapes = false
        while self.next < self.end {
            switch self.next.load(as: UInt8.self) {
            case UInt8(ascii: "\""):
                self.next += 1
                return self.slice(.string, from: start, hasEscapes: hasEscapes)
            case UInt8(ascii: "\\"):
                hasEscapes = true
                try self.escape()
            default:
                throw self.error(.controlCharacter)
            }
            self.next = JSONText.afterPlain(from: self.next, to: self.end)
        }
        throw self.error(.unexpectedEnd)
    }

    private mutating func escape() throws(JSONError) {
        self.next += 1
        guard self.next < self.end else { throw self.error(.unexpectedEnd) }
        switch self.next.load(as: UInt8.self) {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            self.next += 1
        case UInt8(ascii: "u"):
            self.next -= 1
            try self.unicodeEscape()
        default:
            throw self.error(.invalidEscape)
        }
    }

    /// `\uXXXX` at its backslash; RFC 8259 7: beyond the basic plane two of them, a surrogate each.
    private mutating func unicodeEscape() throws(JSONError) {
        let first = self.next
        let unit = try self.codeUnit()
        guard unit & 0xF800 == 0xD800 else { return }
        let lone = JSONError(offset: first - self.start, reason: .loneSurrogate)
        guard unit < 0xDC00 else { throw lone }
        guard self.next < self.end else { throw self.error(.unexpectedEnd) }
        guard self.next.load(as: UInt8.self) == UInt8(ascii: "\\") else { throw lone }
        guard self.end - self.next > 1 else { throw JSONError(offset: self.end - self.start, reason: .unexpectedEnd) }
        guard (self.next + 1).load(as: UInt8.self) == UInt8(ascii: "u") else { throw lone }
        guard try self.codeUnit() & 0xFC00 == 0xDC00 else { throw lone }
    }

    private mutating func codeUnit() throws(JSONError) -> UInt16 {
        self.next += 2
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard self.next < self.end else { throw self.error(.unexpectedEnd) }
            guard let digit = JSONText.hexDigit(self.next.load(as: UInt8.self)) else {
                throw self.error(.invalidEscape)
            }
            unit = unit << 4 | UInt16(digit)
            self.next += 1
        }
        return unit
    }

    /// The text of a string that this scanner has read.
    @inline(__always)
    func text(of slice: JSONSlice) -> String {
        JSONText.text(of: slice, in: self.start)
    }
}
