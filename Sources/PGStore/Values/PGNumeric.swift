/// A decimal number of any length as text, exactly as it was written or as PostgreSQL writes it.
package struct PGNumeric: Hashable, Sendable, CustomStringConvertible {
    package let text: String

    package var description: String { self.text }

    /// Takes digits with an optional sign, point and exponent, or `NaN`, `Infinity`, `-Infinity`; anything else is `nil`.
    package init?(_ text: String) {
        guard ["NaN", "Infinity", "-Infinity"].contains(text) || Self.isDecimal(text.utf8) else { return nil }
        self.text = text
    }

    private static func isDecimal(_ text: String.UTF8View) -> Bool {
        var rest = text[...]
        if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
        let whole = Self.skipDigits(&rest)
        var fraction = 0
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            fraction = Self.skipDigits(&rest)
        }
        guard whole + fraction > 0 else { return false }
        if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
            rest.removeFirst()
            if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
            guard Self.skipDigits(&rest) > 0 else { return false }
        }
        return rest.isEmpty
    }

    private static func skipDigits(_ rest: inout Substring.UTF8View) -> Int {
        let count = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }.count
        rest.removeFirst(count)
        return count
    }

    /// Reads the binary form (`numeric_send`): digits of base 10,000, the weight of the first, the sign, and how many decimal
    /// places are shown.
    init?(binary bytes: ArraySlice<UInt8>) {
        let words = stride(from: bytes.startIndex, to: bytes.endIndex - 1, by: 2).map { index in
            UInt16(bytes[index]) << 8 | UInt16(bytes[index + 1])
        }
        guard bytes.count % 2 == 0, words.count >= 4, words.count == 4 + Int(words[0]) else { return nil }
        switch words[2] {
        case 0xC000: self.text = "NaN"
        case 0xD000: self.text = "Infinity"
        case 0xF000: self.text = "-Infinity"
        case 0x0000, 0x4000:
            let (weight, scale) = (Int(Int16(bitPattern: words[1])), Int(words[3]))
            guard scale <= 16_383, words[4...].allSatisfy({ $0 < 10_000 }) else { return nil }
            let digits = Self.decimal(Array(words[4...]), weight: weight, scale: scale)
            self.text = words[2] == 0x4000 ? "-" + digits : digits
        default: return nil
        }
    }

    private static func decimal(_ digits: [UInt16], weight: Int, scale: Int) -> String {
        /// Four decimal digits of the group that counts 10,000 to the power of `power`.
        func group(_ power: Int) -> [UInt8] {
            let index = weight - power
            let value = digits.indices.contains(index) ? digits[index] : 0
            return [1_000, 100, 10, 1].map { UInt8(ascii: "0") + UInt8(value / $0 % 10) }
        }
        var text: [UInt8] = []
        for power in stride(from: max(weight, 0), through: 0, by: -1) { text += group(power) }
        text.removeFirst(min(text.prefix { $0 == UInt8(ascii: "0") }.count, text.count - 1))
        guard scale > 0 else { return String(decoding: text, as: UTF8.self) }
        var fraction: [UInt8] = []
        for power in 1...(scale + 3) / 4 { fraction += group(-power) }
        return String(decoding: text + [UInt8(ascii: ".")] + fraction.prefix(scale), as: UTF8.self)
    }
}
