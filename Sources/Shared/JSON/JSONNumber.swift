/// A JSON number as it was written. It converts without loss or not at all.
///
/// Two numbers are equal when their texts are: `1`, `1.0` and `1e0` are three.
package struct JSONNumber: Equatable, Hashable, Sendable {
    /// The number as RFC 8259 6 spells it.
    package let text: String

    /// - Parameter text: must follow the grammar; the scanner and the writers of numbers know that it does.
    init(unchecked text: String) {
        self.text = text
    }

    /// Takes exactly what JSON calls a number, of any length.
    package init?(_ text: String) {
        var text = text
        let isNumber = text.withUTF8 { bytes in
            let limits = JSONLimits(bytes: bytes.count, depth: 0, numberBytes: max(1, bytes.count))
            let value = try? JSONReader(UnsafeRawBufferPointer(bytes), limits: limits).root
            return value?.kind == .number && value?.range == 0..<bytes.count
        }
        guard isNumber else { return nil }
        self.text = text
    }

    /// An integer.
    package init(_ integer: Int64) {
        self.text = String(integer)
    }

    /// An integer.
    package init(_ integer: UInt64) {
        self.text = String(integer)
    }

    /// The shortest text that reads back as `double`; `nil` for what JSON has no number for.
    package init?(_ double: Double) {
        guard double.isFinite else { return nil }
        self.text = double.description
    }
}

extension JSONNumber {
    /// Whether the value is an integer of any size, however it was written.
    package var isInteger: Bool { DecimalParts(self.text).exponent >= 0 }

    /// The value if it is an integer within the type, however it was written: `1e3` and `1000.0` are 1000.
    package var int64: Int64? {
        let parts = DecimalParts(self.text)
        guard let magnitude = parts.integer else { return nil }
        guard parts.isNegative else { return Int64(exactly: magnitude) }
        return magnitude == Int64.min.magnitude ? .min : Int64(exactly: magnitude).map { -$0 }
    }

    /// The value if it is an integer within the type, however it was written.
    package var uint64: UInt64? {
        let parts = DecimalParts(self.text)
        return parts.isNegative && !parts.digits.isEmpty ? nil : parts.integer
    }

    /// The value if no digit is lost: the `Double` is exactly that integer, or its shortest decimal is this number.
    ///
    /// So 0.1 converts, 0.1000000000000000055 and 9007199254740993 do not.
    package var double: Double? {
        guard let nearest = self.nearestDouble else { return nil }
        if DecimalParts(nearest.description) == DecimalParts(self.text) { return nearest }
        if let integer = self.int64 { return Double(exactly: integer) }
        if let integer = self.uint64 { return Double(exactly: integer) }
        return nil
    }

    /// The closest `Double`, for figures that are approximate anyway; `nil` if that would be infinite.
    package var nearestDouble: Double? {
        Double(self.text).flatMap { $0.isFinite ? $0 : nil }
    }

    /// The value without exponent and needless zeros (`12.50` is `12.5`, `1e2` is `100`), as a decimal column takes it.
    ///
    /// - Returns: `nil` if it needs more digits than these before or after the point.
    package func decimal(integerDigits: Int, fractionDigits: Int) -> String? {
        let parts = DecimalParts(self.text)
        guard !parts.digits.isEmpty else { return "0" }
        // Neither sum overflows: an exponent is bounded where it is read.
        let before = max(0, parts.digits.count + parts.exponent)
        let after = max(0, -parts.exponent)
        guard before <= integerDigits, after <= fractionDigits else { return nil }
        var digits = parts.digits
        if parts.exponent > 0 { digits += [UInt8](repeating: UInt8(ascii: "0"), count: parts.exponent) }
        if after >= digits.count {
            digits.insert(contentsOf: repeatElement(UInt8(ascii: "0"), count: after - digits.count + 1), at: 0)
        }
        if after > 0 { digits.insert(UInt8(ascii: "."), at: digits.count - after) }
        return (parts.isNegative ? "-" : "") + String(decoding: digits, as: UTF8.self)
    }
}

/// A number as sign, digits and power of ten: equal for all spellings of one value.
private struct DecimalParts: Equatable {
    private(set) var isNegative = false
    /// ASCII, without zeros at either end; none for zero.
    private(set) var digits: [UInt8] = []
    private(set) var exponent = 0

    /// Far beyond every type we convert to, and far from overflow.
    private static let largestExponent = 1_000_000_000

    /// - Parameter text: in the grammar of RFC 8259 6.
    init(_ text: String) {
        var fraction = 0
        var written = 0
        var hasPoint = false
        var rest = Substring(text).utf8
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "-"): self.isNegative = true
            case UInt8(ascii: "."): hasPoint = true
            case UInt8(ascii: "e"), UInt8(ascii: "E"):
                written = Self.exponent(&rest)
            default:
                fraction += hasPoint ? 1 : 0
                if byte != UInt8(ascii: "0") || !self.digits.isEmpty { self.digits.append(byte) }
            }
        }
        guard !self.digits.isEmpty else { return }
        self.exponent = written - fraction
        while self.digits.last == UInt8(ascii: "0") {
            self.digits.removeLast()
            self.exponent += 1
        }
    }

    private static func exponent(_ rest: inout Substring.UTF8View) -> Int {
        var exponent = 0
        var isNegative = false
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "-"): isNegative = true
            case UInt8(ascii: "+"): break
            default: exponent = min(exponent * 10 + Int(byte - UInt8(ascii: "0")), Self.largestExponent)
            }
        }
        return isNegative ? -exponent : exponent
    }

    /// The magnitude if it is an integer that fits.
    var integer: UInt64? {
        guard !self.digits.isEmpty else { return 0 }
        guard self.exponent >= 0, self.digits.count + self.exponent <= 20 else { return nil }
        var magnitude: UInt64 = 0
        for index in 0..<self.digits.count + self.exponent {
            let digit = index < self.digits.count ? self.digits[index] - UInt8(ascii: "0") : 0
            let (tenfold, isTooLarge) = magnitude.multipliedReportingOverflow(by: 10)
            let (sum, isStillTooLarge) = tenfold.addingReportingOverflow(UInt64(digit))
            if isTooLarge || isStillTooLarge { return nil }
            magnitude = sum
        }
        return magnitude
    }
}
