/// The canonical text of a UUID (RFC 9562 4): 8-4-4-4-12 hexadecimal digits, written in lower case, read in either.
package enum UUIDText {
    package static let count = 36

    /// The value of a UUID in its canonical form, its first digit in the highest bits; `nil` for anything else.
    package static func parse(_ text: UnsafeRawBufferPointer) -> UInt128? {
        guard text.count == Self.count else { return nil }
        var halves: (high: UInt64, low: UInt64) = (0, 0)
        for index in 0..<Self.count {
            if Self.isDash(index) {
                guard text[index] == UInt8(ascii: "-") else { return nil }
                continue
            }
            guard let digit = Hexadecimal.value(text[index]) else { return nil }
            if index < 18 {
                halves.high = halves.high &<< 4 | UInt64(digit)
            } else {
                halves.low = halves.low &<< 4 | UInt64(digit)
            }
        }
        return UInt128(halves.high) &<< 64 | UInt128(halves.low)
    }

    /// Appends the canonical form.
    package static func append(_ value: UInt128, to output: inout [UInt8]) {
        var shift: UInt128 = 124
        for index in 0..<Self.count {
            if Self.isDash(index) {
                output.append(UInt8(ascii: "-"))
                continue
            }
            output.append(Hexadecimal.digit(UInt8(truncatingIfNeeded: value &>> shift) & 0xF))
            shift &-= 4
        }
    }

    private static func isDash(_ index: Int) -> Bool { index == 8 || index == 13 || index == 18 || index == 23 }
}
