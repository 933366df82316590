/// A `Date` field's value (RFC 9110 5.6.7), made once per second and copied into every answer.
package struct HTTPDate: Sendable {
    /// Always this many bytes: `Sun, 06 Nov 1994 08:49:37 GMT`.
    package static let byteCount = 29

    /// The formatted value.
    package let bytes: [UInt8]

    /// - Parameter unixSeconds: seconds since 1970, of the years 1970 to 9999; others are clamped.
    package init(unixSeconds: Int64) {
        let seconds = min(max(unixSeconds, 0), 253_402_300_799)
        let days = seconds / 86_400
        let time = Int(seconds % 86_400)
        let (year, month, day) = HTTPDate.civilDate(daysSinceEpoch: Int(days))
        let names: StaticString = "ThuFriSatSunMonTueWedJanFebMarAprMayJunJulAugSepOctNovDec"
        var bytes: [UInt8] = []
        bytes.reserveCapacity(HTTPDate.byteCount)
        func append(name index: Int) {
            for offset in 0..<3 { bytes.append(names.utf8Start[index * 3 + offset]) }
        }
        func append(number: Int, digits: Int, then separator: Unicode.Scalar) {
            var divisor = digits == 4 ? 1_000 : 10
            while divisor > 0 {
                bytes.append(UInt8(ascii: "0") + UInt8(number / divisor % 10))
                divisor /= 10
            }
            bytes.append(UInt8(ascii: separator))
        }
        append(name: Int(days % 7))  // the first day of 1970 was a Thursday
        bytes += [UInt8(ascii: ","), .space]
        append(number: day, digits: 2, then: " ")
        append(name: 7 + month - 1)
        bytes.append(.space)
        append(number: year, digits: 4, then: " ")
        append(number: time / 3_600, digits: 2, then: ":")
        append(number: time / 60 % 60, digits: 2, then: ":")
        append(number: time % 60, digits: 2, then: " ")
        bytes += [UInt8(ascii: "G"), UInt8(ascii: "M"), UInt8(ascii: "T")]
        self.bytes = bytes
    }

    /// The Gregorian date of a day; years are counted from March, so that the leap day is a year's last.
    private static func civilDate(daysSinceEpoch: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = daysSinceEpoch + 719_468  // days since 1 March of the year 0
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * marchMonth + 2) / 5 + 1)
    }
}
