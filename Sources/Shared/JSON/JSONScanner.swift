/// The grammar of RFC 8259 over bytes; the tree and the slicing reader both stand on it, so they accept the same texts.
///
/// It lives no longer than the bytes. Every pointer it reads from was compared with `end` before.
struct JSONScanner {
    // Safety: the caller of `init` keeps the bytes in place for as long as the scanner is used.
    let start: UnsafeRawPointer
    let end: UnsafeRawPointer
    var next: UnsafeRawPointer
    let limits: JSONLimits
    private var names = JSONNames()

    /// Checks size and UTF-8 of the whole text at once, so that the rest only looks at ASCII.
    init(_ bytes: UnsafeRawBufferPointer, limits: JSONLimits) throws(JSONError) {
        guard bytes.count <= limits.bytes else {
            throw JSONError(offset: limits.bytes, reason: .tooLarge(limit: limits.bytes))
        }
        guard let start = bytes.baseAddress, bytes.count > 0 else { throw JSONError(offset: 0, reason: .unexpectedEnd) }
        // RFC 8259 8.1: UTF-8, and no byte order mark (which no value begins with).
        guard UTF8Validator.isValid(bytes) else {
            throw JSONError(offset: bytes.firstOffsetThatIsNotUTF8, reason: .invalidUTF8)
        }
        self.start = start
        self.end = start + bytes.count
        self.next = start
        self.limits = limits
    }

    /// Reads one value with `read` and refuses anything but white space after it.
    @inline(__always)
    mutating func document<Value>(
        _ read: (inout JSONScanner) throws(JSONError) -> Value
    ) throws(JSONError) -> Value {
        let value = try read(&self)
        self.skipSpace()
        if self.next < self.end { throw self.error(.trailingBytes) }
        return value
    }

    /// Checks the next value and everything in it.
    mutating func value(depth: Int) throws(JSONError) -> JSONSlice {
        let first = try self.peek()
        let start = self.next - self.start
        switch first {
        case UInt8(ascii: "\""):
            return try self.string()
        case UInt8(ascii: "{"):
            try self.object(depth: depth) { (scanner, _) throws(JSONError) in
                _ = try scanner.value(depth: depth + 1)
            }
            return self.slice(.object, from: start)
        case UInt8(ascii: "["):
            try self.array(depth: depth) { (scanner) throws(JSONError) in
                _ = try scanner.value(depth: depth + 1)
            }
            return self.slice(.array, from: start)
        default:
            return try self.scalar(first)
        }
    }

    /// Reads an object at its brace; `member` gets each name and must read the value. No name comes twice.
    @inline(__always)
    mutating func object(
        depth: Int, _ member: (inout JSONScanner, JSONSlice) throws(JSONError) -> Void
    ) throws(JSONError) {
        try self.open(depth: depth)
        let firstName = self.names.count
        if try self.peek() == UInt8(ascii: "}") {
            self.next += 1
            return
        }
        while true {
            guard try self.peek() == UInt8(ascii: "\"") else { throw self.unexpected() }
            let name = try self.string()
            self.names.append(name, of: self.start)
            guard try self.peek() == UInt8(ascii: ":") else { throw self.unexpected() }
            self.next += 1
            try member(&self, name)
            if try self.isLast(before: UInt8(ascii: "}")) { break }
        }
        // RFC 8259 4: what a repeated name means is anyone's guess; two readers that guess differently are a hole.
        if let repeated = self.names.close(from: firstName, of: self.start) {
            throw JSONError(offset: repeated, reason: .duplicateKey)
        }
    }

    /// Reads an array at its bracket; `element` must read one value each time.
    @inline(__always)
    mutating func array(
        depth: Int, _ element: (inout JSONScanner) throws(JSONError) -> Void
    ) throws(JSONError) {
        try self.open(depth: depth)
        if try self.peek() == UInt8(ascii: "]") {
            self.next += 1
            return
        }
        repeat {
            try element(&self)
        } while try !self.isLast(before: UInt8(ascii: "]"))
    }

    /// Reads a number or one of the three words.
    @inline(__always)
    mutating func scalar(_ first: UInt8) throws(JSONError) -> JSONSlice {
        switch first {
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try self.number()
        case UInt8(ascii: "t"): try self.word("true", .bool)
        case UInt8(ascii: "f"): try self.word("false", .bool)
        case UInt8(ascii: "n"): try self.word("null", .null)
        default: throw self.unexpected()
        }
    }

    /// The next byte after white space, which stays unread.
    @inline(__always)
    mutating func peek() throws(JSONError) -> UInt8 {
        self.skipSpace()
        guard self.next < self.end else { throw self.error(.unexpectedEnd) }
        return self.next.load(as: UInt8.self)
    }

    /// The value from `start` to the next unread byte.
    @inline(__always)
    func slice(_ kind: JSONKind, from start: Int, hasEscapes: Bool = false) -> JSONSlice {
        JSONSlice(kind: kind, hasEscapes: hasEscapes, start: start, end: self.next - self.start)
    }

    /// The next unread byte is where it goes wrong.
    func error(_ reason: JSONError.Reason) -> JSONError {
        JSONError(offset: self.next - self.start, reason: reason)
    }

    /// The next unread byte cannot stand here, or there is none.
    func unexpected() -> JSONError {
        self.next < self.end ? self.error(.unexpectedByte(self.next.load(as: UInt8.self))) : self.error(.unexpectedEnd)
    }

    @inline(__always)
    private mutating func skipSpace() {
        // Anything above a space is a token: one comparison for text that was written without spaces.
        while self.next < self.end {
            switch self.next.load(as: UInt8.self) {
            case 0x20, 0x09, 0x0A, 0x0D: self.next += 1
            default: return
            }
        }
    }

    @inline(__always)
    private mutating func open(depth: Int) throws(JSONError) {
        guard depth < self.limits.depth else { throw self.error(.tooDeep(limit: self.limits.depth)) }
        self.next += 1
    }

    /// After a value inside a container: reads the comma or the closing byte.
    @inline(__always)
    private mutating func isLast(before closing: UInt8) throws(JSONError) -> Bool {
        let byte = try self.peek()
        guard byte == UInt8(ascii: ",") || byte == closing else { throw self.unexpected() }
        self.next += 1
        return byte == closing
    }

    private mutating func word(_ word: StaticString, _ kind: JSONKind) throws(JSONError) -> JSONSlice {
        let start = self.next - self.start
        for index in 0..<word.utf8CodeUnitCount {
            // Safety: a static string is valid for its count, for ever.
            guard self.next < self.end, self.next.load(as: UInt8.self) == word.utf8Start[index] else {
                throw self.unexpected()
            }
            self.next += 1
        }
        return self.slice(kind, from: start)
    }

    /// RFC 8259 6: `-`? then `0` or digits that do not begin with it, fraction, exponent.
    private mutating func number() throws(JSONError) -> JSONSlice {
        let start = self.next - self.start
        if self.next.load(as: UInt8.self) == UInt8(ascii: "-") { self.next += 1 }
        if self.next < self.end, self.next.load(as: UInt8.self) == UInt8(ascii: "0") {
            self.next += 1
        } else {
            try self.digits()
        }
        if self.skip(UInt8(ascii: "."), or: UInt8(ascii: ".")) { try self.digits() }
        if self.skip(UInt8(ascii: "e"), or: UInt8(ascii: "E")) {
            _ = self.skip(UInt8(ascii: "+"), or: UInt8(ascii: "-"))
            try self.digits()
        }
        guard self.next - self.start - start <= self.limits.numberBytes else {
            throw JSONError(
                offset: start + self.limits.numberBytes, reason: .numberTooLong(limit: self.limits.numberBytes))
        }
        return self.slice(.number, from: start)
    }

    /// At least one digit.
    @inline(__always)
    private mutating func digits() throws(JSONError) {
        let first = self.next
        while self.next < self.end, self.next.load(as: UInt8.self) &- UInt8(ascii: "0") < 10 { self.next += 1 }
        if self.next == first { throw self.unexpected() }
    }

    @inline(__always)
    private mutating func skip(_ one: UInt8, or other: UInt8) -> Bool {
        guard self.next < self.end else { return false }
        let byte = self.next.load(as: UInt8.self)
        guard byte == one || byte == other else { return false }
        self.next += 1
        return true
    }
}

extension UnsafeRawBufferPointer {
    /// For the message of a refusal: the first impossible byte, or the count if the text ends inside a character.
    fileprivate var firstOffsetThatIsNotUTF8: Int {
        var validator = UTF8Validator()
        var offset = 0
        while offset < self.count {
            var ahead = validator
            let block = offset..<Swift.min(offset + 256, self.count)
            if ahead.feed(UnsafeRawBufferPointer(rebasing: self[block])) {
                validator = ahead
                offset = block.upperBound
            } else {
                while validator.feed(UnsafeRawBufferPointer(rebasing: self[offset..<offset + 1])) { offset += 1 }
                return offset
            }
        }
        return self.count
    }
}
