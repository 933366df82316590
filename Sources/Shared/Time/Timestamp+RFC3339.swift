extension Timestamp: CustomStringConvertible {
    private static let millisecondsPerDay: Int64 = 86_400_000
    /// RFC 3339 5.6: a year has four digits, so these are the first and the last moment that can be written.
    private static let writable: ClosedRange<Int64> = -62_167_219_200_000...253_402_300_799_999

    /// RFC 3339 in UTC with milliseconds: `2026-01-02T03:04:05.678Z`.
    ///
    /// What lies outside the years 0000 to 9999 is written as the nearest moment that can be written.
    public var description: String {
        var bytes: [UInt8] = []
        self.append(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends the 24 bytes of ``description``.
    package func append(to bytes: inout [UInt8]) {
        let clamped = min(max(self.milliseconds, Self.writable.lowerBound), Self.writable.upperBound)
        let (quotient, remainder) = clamped.quotientAndRemainder(dividingBy: Self.millisecondsPerDay)
        let days = remainder < 0 ? quotient - 1 : quotient
        let rest = Int(remainder < 0 ? remainder + Self.millisecondsPerDay : remainder)
        let date = CivilDay(daysSinceEpoch: Int(days))
        bytes.appendTwoDigits(date.year / 100)
        bytes.appendTwoDigits(date.year % 100)
        bytes.append(UInt8(ascii: "-"))
        bytes.appendTwoDigits(date.month)
        bytes.append(UInt8(ascii: "-"))
        bytes.appendTwoDigits(date.day)
        bytes.append(UInt8(ascii: "T"))
        bytes.appendTwoDigits(rest / 3_600_000)
        bytes.append(UInt8(ascii: ":"))
        bytes.appendTwoDigits(rest / 60_000 % 60)
        bytes.append(UInt8(ascii: ":"))
        bytes.appendTwoDigits(rest / 1_000 % 60)
        bytes.append(UInt8(ascii: "."))
        bytes.append(UInt8(ascii: "0") + UInt8(rest % 1_000 / 100))
        bytes.appendTwoDigits(rest % 100)
        bytes.append(UInt8(ascii: "Z"))
    }

    /// Reads `YYYY-MM-DDTHH:MM:SS[.f…]Z`, with at most nine digits of fraction, of which milliseconds are kept.
    ///
    /// Strict: capital letters, UTC only (no offset, no `-00:00`), a day that exists, no leap second, nothing around it.
    public init?(rfc3339 text: some StringProtocol) {
        var digits = DigitCursor(text.utf8)
        guard let year = digits.number(width: 4), digits.skip("-"),
            let month = digits.number(width: 2), digits.skip("-"),
            let day = digits.number(width: 2), digits.skip("T"),
            let hour = digits.number(width: 2), hour < 24, digits.skip(":"),
            let minute = digits.number(width: 2), minute < 60, digits.skip(":"),
            let second = digits.number(width: 2), second < 60,
            let fraction = digits.milliseconds(), digits.skip("Z"), digits.isAtEnd,
            let date = CivilDay(year: year, month: month, day: day)
        else { return nil }
        let time = ((hour * 60 + minute) * 60 + second) * 1_000 + fraction
        self.init(milliseconds: Int64(date.daysSinceEpoch) * Self.millisecondsPerDay + Int64(time))
    }
}

/// Reads fixed-width numbers from the front of some text.
private struct DigitCursor {
    private let bytes: [UInt8]
    private var position = 0

    /// No timestamp is longer than 30 bytes, so no more than that and one is looked at.
    init(_ text: some Sequence<UInt8>) {
        self.bytes = Array(text.prefix(31))
    }

    var isAtEnd: Bool { self.position == self.bytes.count }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard self.position < self.bytes.count, self.bytes[self.position] == UInt8(ascii: character) else {
            return false
        }
        self.position += 1
        return true
    }

    mutating func number(width: Int) -> Int? {
        var value = 0
        for _ in 0..<width {
            guard let digit = self.digit() else { return nil }
            value = value * 10 + digit
        }
        return value
    }

    /// The optional fraction of a second; `nil` if there is a dot without digits or with more than nine.
    mutating func milliseconds() -> Int? {
        guard self.skip(".") else { return 0 }
        var value = 0
        var count = 0
        while let digit = self.digit() {
            if count < 3 { value = value * 10 + digit }
            count += 1
        }
        guard (1...9).contains(count) else { return nil }
        for _ in count..<max(count, 3) { value *= 10 }
        return value
    }

    private mutating func digit() -> Int? {
        guard self.position < self.bytes.count else { return nil }
        let byte = self.bytes[self.position]
        guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
        self.position += 1
        return Int(byte - UInt8(ascii: "0"))
    }
}

extension [UInt8] {
    /// Appends a number from 0 to 99 as two digits.
    fileprivate mutating func appendTwoDigits(_ value: Int) {
        self.append(UInt8(ascii: "0") + UInt8(value / 10))
        self.append(UInt8(ascii: "0") + UInt8(value % 10))
    }
}
