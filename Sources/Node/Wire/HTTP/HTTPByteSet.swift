/// A set of ASCII bytes: one bit in a table of all bytes, so that a test is one load.
struct HTTPByteSet: Sendable {
    private let bit: UInt8

    @inline(__always)
    func contains(_ byte: UInt8) -> Bool {
        HTTPByteSet.table.utf8Start[Int(byte)] & self.bit != 0
    }

    /// RFC 9110 5.6.2: the characters of a token (methods, field names).
    static var token: HTTPByteSet { HTTPByteSet(bit: 1) }
    /// RFC 3986 3.3: `pchar` and `/`, without `%`, which needs a look at what follows.
    static var path: HTTPByteSet { HTTPByteSet(bit: 2) }
    /// What browsers leave bare in a query: every printable ASCII character but `#`.
    static var query: HTTPByteSet { HTTPByteSet(bit: 4) }
    /// Letters, digits, `-`, `.`, `_`: the host names and IPv4 addresses that exist.
    static var host: HTTPByteSet { HTTPByteSet(bit: 8) }
    /// RFC 3986 2.3: the characters that never need to be escaped.
    static var unreserved: HTTPByteSet { HTTPByteSet(bit: 16) }

    /// For each byte the bits of its sets, plus 64: a literal of 256 printable characters needs no set-up at run time.
    private static var table: StaticString {
        """
        @@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@GDAGEGGFFGGF__F__________FFDFDD\
        F__________________________DDDE_E__________________________DEDW@\
        @@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\
        @@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
        """
    }
}

extension UInt8 {
    static let tab: UInt8 = 0x09
    static let lineFeed: UInt8 = 0x0A
    static let carriageReturn: UInt8 = 0x0D
    static let space: UInt8 = 0x20

    /// The value of a hexadecimal digit of either case.
    @inline(__always)
    var hexadecimalValue: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self &- UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self &- UInt8(ascii: "a") &+ 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self &- UInt8(ascii: "A") &+ 10
        default: nil
        }
    }

    /// The value of a decimal digit.
    @inline(__always)
    var decimalValue: UInt8? {
        let value = self &- UInt8(ascii: "0")
        return value < 10 ? value : nil
    }

    /// The same letter in lower case; other bytes unchanged.
    @inline(__always)
    var lowercased: UInt8 {
        self &- UInt8(ascii: "A") < 26 ? self | 0x20 : self
    }
}

extension UnsafeRawBufferPointer {
    /// Whether these bytes are `text` when the case of ASCII letters does not count; `text` is in lower case.
    @inline(__always)
    func equalsIgnoringCase(_ text: StaticString) -> Bool {
        guard self.count == text.utf8CodeUnitCount else { return false }
        for index in 0..<self.count where self[index].lowercased != text.utf8Start[index] { return false }
        return true
    }

    /// The bytes without spaces and tabs at either end.
    func trimmingWhitespace() -> UnsafeRawBufferPointer {
        var start = 0
        var end = self.count
        while start < end, self[start] == .space || self[start] == .tab { start &+= 1 }
        while end > start, self[end &- 1] == .space || self[end &- 1] == .tab { end &-= 1 }
        return UnsafeRawBufferPointer(rebasing: self[start..<end])
    }

    /// Calls `body` with each item of a comma-separated list, trimmed; empty items are skipped (RFC 9110 5.6.1.2).
    func forEachListItem(_ body: (UnsafeRawBufferPointer) -> Void) {
        var start = 0
        while start <= self.count {
            let end = self[start...].firstIndex(of: UInt8(ascii: ",")) ?? self.count
            let item = UnsafeRawBufferPointer(rebasing: self[start..<end]).trimmingWhitespace()
            if !item.isEmpty { body(item) }
            start = end &+ 1
        }
    }
}
