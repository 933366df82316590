/// The insides of JSON strings: which bytes stand for themselves, and what the others stand for.
enum JSONText {
    /// The first byte from `start` that is a quote, a backslash or a control character; `end` if there is none.
    @inline(__always)
    static func afterPlain(from start: UnsafeRawPointer, to end: UnsafeRawPointer) -> UnsafeRawPointer {
        var next = start
        // Safety: every load lies below `end`, as the loop conditions say.
        while end - next >= 8 {
            let special = self.special(in: UInt64(littleEndian: next.loadUnaligned(as: UInt64.self)))
            if special != 0 { return next + special.trailingZeroBitCount / 8 }
            next += 8
        }
        while next < end {
            let byte = next.load(as: UInt8.self)
            if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { break }
            next += 1
        }
        return next
    }

    /// The lowest bit that is set is the top bit of the first special byte; higher ones may be false.
    ///
    /// A byte is below `n` if subtracting `n` borrows into its top bit and that was clear before; a byte equals another
    /// if their difference is below 1. A borrow only ever disturbs the bytes above the first hit.
    @inline(__always)
    private static func special(in word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quotes = word ^ (ones &* 0x22)
        let backslashes = word ^ (ones &* 0x5C)
        let hits = (quotes &- ones) & ~quotes | (backslashes &- ones) & ~backslashes | (word &- ones &* 0x20) & ~word
        return hits & (ones &* 0x80)
    }

    static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// The text of a string slice that the scanner has accepted in the bytes from `base`.
    @inline(__always)
    static func text(of slice: JSONSlice, in base: UnsafeRawPointer) -> String {
        // Safety: an accepted slice lies inside the bytes and has both its quotes.
        let inside = UnsafeRawBufferPointer(start: base + slice.start + 1, count: slice.end - slice.start - 2)
        guard slice.hasEscapes else { return String(decoding: inside, as: UTF8.self) }
        return String(unsafeUninitializedCapacity: inside.count) { self.unescape(inside, into: $0.baseAddress) }
    }

    /// The same as bytes.
    static func bytes(of slice: JSONSlice, in base: UnsafeRawPointer) -> [UInt8] {
        let inside = UnsafeRawBufferPointer(start: base + slice.start + 1, count: slice.end - slice.start - 2)
        guard slice.hasEscapes else { return Array(inside) }
        return [UInt8](unsafeUninitializedCapacity: inside.count) { buffer, count in
            count = self.unescape(inside, into: buffer.baseAddress)
        }
    }

    /// Writes what `escaped` stands for; that is never longer than `escaped`.
    ///
    /// - Parameter escaped: the inside of an accepted string: no escape in it is cut, unknown or half a pair.
    private static func unescape(_ escaped: UnsafeRawBufferPointer, into target: UnsafeMutablePointer<UInt8>?) -> Int {
        guard var next = escaped.baseAddress, let target else { return 0 }
        let end = next + escaped.count
        var count = 0
        // Safety: `target` holds `escaped.count` bytes and each turn writes at most as many as it reads.
        while next < end {
            let byte = next.load(as: UInt8.self)
            guard byte == UInt8(ascii: "\\") else {
                target[count] = byte
                count += 1
                next += 1
                continue
            }
            let kind = (next + 1).load(as: UInt8.self)
            if kind == UInt8(ascii: "u") {
                let scalar = self.scalar(at: &next)
                for unit in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter {
                    target[count] = unit
                    count += 1
                }
            } else {
                target[count] = self.meaning(of: kind)
                count += 1
                next += 2
            }
        }
        return count
    }

    private static func meaning(of escape: UInt8) -> UInt8 {
        switch escape {
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: escape
        }
    }

    /// One `\uXXXX`, or two that are a pair.
    private static func scalar(at next: inout UnsafeRawPointer) -> Unicode.Scalar {
        let first = self.codeUnit(at: &next)
        guard first & 0xF800 == 0xD800 else { return Unicode.Scalar(first) ?? "\u{FFFD}" }
        let second = self.codeUnit(at: &next)
        return Unicode.Scalar(0x10000 + (first & 0x3FF) << 10 + second & 0x3FF) ?? "\u{FFFD}"
    }

    private static func codeUnit(at next: inout UnsafeRawPointer) -> UInt32 {
        var unit: UInt32 = 0
        for index in 2..<6 {
            unit = unit << 4 | UInt32(self.hexDigit((next + index).load(as: UInt8.self)) ?? 0)
        }
        next += 6
        return unit
    }
}
