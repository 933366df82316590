/// A set of ASCII bytes as two words of bits: a test is a shift, and no table has to be in the cache.
struct HTTPByteSet: Sendable {
    private let low: UInt64
    private let high: UInt64

    /// Bit `n` of `low` stands for byte `n`, bit `n` of `high` for byte `64 + n`.
    init(low: UInt64, high: UInt64) {
        self.low = low
        self.high = high
    }

    @inline(__always)
    func contains(_ byte: UInt8) -> Bool {
        let word = byte & 64 == 0 ? self.low : self.high
        return byte < 128 && word &>> UInt64(byte & 63) & 1 == 1
    }

    /// RFC 9110 5.6.2: the characters of a token (methods, field names).
    static let token = HTTPByteSet(low: 0x03ff_6cfa_0000_0000, high: 0x57ff_ffff_c7ff_fffe)
    /// RFC 3986 3.3: `pchar` and `/`, without `%`, which needs a look at what follows.
    static let path = HTTPByteSet(low: 0x2fff_ffd2_0000_0000, high: 0x47ff_fffe_87ff_ffff)
    /// What browsers leave bare in a query: every printable ASCII character but `#`.
    static let query = HTTPByteSet(low: 0xffff_fff6_0000_0000, high: 0x7fff_ffff_ffff_ffff)
    /// Letters, digits, `-`, `.`, `_`: the host names and IPv4 addresses that exist.
    static let host = HTTPByteSet(low: 0x03ff_6000_0000_0000, high: 0x07ff_fffe_87ff_fffe)
    /// Lower case letters, digits, `-`.
    static let slug = HTTPByteSet(low: 0x03ff_2000_0000_0000, high: 0x07ff_fffe_0000_0000)
    /// RFC 3986 2.3: the characters that never need to be escaped.
    static let unreserved = HTTPByteSet(low: 0x03ff_6000_0000_0000, high: 0x47ff_fffe_87ff_fffe)
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
