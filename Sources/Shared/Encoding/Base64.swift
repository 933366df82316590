/// Base 64 (RFC 4648) in both alphabets, with one spelling for each value.
package enum Base64 {
    /// Which two characters stand beside letters and digits, and whether the end is padded.
    package enum Alphabet: Sendable {
        /// `+` and `/`, padded with `=` (RFC 4648 4).
        case standard
        /// `-` and `_`, without padding (RFC 4648 5, as RFC 7515 uses it).
        case url
    }

    /// Characters that `encode` makes of `count` bytes in the standard alphabet.
    package static func encodedCount(_ count: Int) -> Int { (count + 2) / 3 * 4 }

    /// The characters of `bytes`.
    package static func encode(_ bytes: UnsafeRawBufferPointer, as alphabet: Alphabet = .standard) -> [UInt8] {
        let digits = self.digits(of: alphabet).utf8Start
        return [UInt8](unsafeUninitializedCapacity: self.encodedCount(bytes.count)) { text, count in
            for index in stride(from: 0, to: bytes.count, by: 3) {
                let rest = bytes.count - index
                let second = rest > 1 ? UInt32(bytes[index + 1]) << 8 : 0
                let group = UInt32(bytes[index]) << 16 | second | (rest > 2 ? UInt32(bytes[index + 2]) : 0)
                text[count] = digits[Int(group >> 18 & 63)]
                text[count + 1] = digits[Int(group >> 12 & 63)]
                text[count + 2] = rest > 1 ? digits[Int(group >> 6 & 63)] : UInt8(ascii: "=")
                text[count + 3] = rest > 2 ? digits[Int(group & 63)] : UInt8(ascii: "=")
                count += 4
            }
            if alphabet == .url { count -= (3 - bytes.count % 3) % 3 }
        }
    }

    /// The bytes behind `text`, or `nil` where the alphabet, the padding or an unused bit is wrong.
    ///
    /// RFC 4648 3.5: unused bits must be zero, otherwise two spellings of one secret would both pass.
    package static func decode(_ text: UnsafeRawBufferPointer, as alphabet: Alphabet = .standard) -> [UInt8]? {
        guard let digits = self.withoutPadding(text, alphabet), digits.count % 4 != 1 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count * 3 / 4)
        var group: UInt32 = 0
        var bits = 0
        for character in digits {
            guard let value = self.value(character, alphabet) else { return nil }
            group = group << 6 | value
            bits += 6
            guard bits >= 8 else { continue }
            bits -= 8
            bytes.append(UInt8(truncatingIfNeeded: group >> UInt32(bits)))
            group &= (1 << UInt32(bits)) - 1
        }
        return group == 0 ? bytes : nil
    }

    /// The bytes behind text that a person wrote: either alphabet, with padding or without, and still one spelling of the bits.
    package static func decode(either text: some StringProtocol) -> [UInt8]? {
        let isPadded = text.hasSuffix("=")
        let spelled = text.utf8.map { character in
            switch character {
            case UInt8(ascii: "+"), UInt8(ascii: "-"): isPadded ? UInt8(ascii: "+") : UInt8(ascii: "-")
            case UInt8(ascii: "/"), UInt8(ascii: "_"): isPadded ? UInt8(ascii: "/") : UInt8(ascii: "_")
            default: character
            }
        }
        return spelled.withUnsafeBytes { self.decode($0, as: isPadded ? .standard : .url) }
    }

    private static func withoutPadding(
        _ text: UnsafeRawBufferPointer, _ alphabet: Alphabet
    ) -> Slice<UnsafeRawBufferPointer>? {
        guard alphabet == .standard else { return text[...] }
        guard text.count.isMultiple(of: 4) else { return nil }
        let padding = text.suffix(2).reversed().prefix { $0 == UInt8(ascii: "=") }.count
        return text.dropLast(padding)
    }

    private static func digits(of alphabet: Alphabet) -> StaticString {
        switch alphabet {
        case .standard: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        case .url: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        }
    }

    private static func value(_ character: UInt8, _ alphabet: Alphabet) -> UInt32? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+") where alphabet == .standard: 62
        case UInt8(ascii: "/") where alphabet == .standard: 63
        case UInt8(ascii: "-") where alphabet == .url: 62
        case UInt8(ascii: "_") where alphabet == .url: 63
        default: nil
        }
    }
}
