internal import Shared

/// PostgreSQL counts microseconds and days from 2000-01-01, and keeps the ends of the range for infinity.
enum PGTime {
    /// From 1970-01-01 to 2000-01-01.
    static let epochMilliseconds: Int64 = 946_684_800_000
    static let epochDays = 10_957

    /// A moment beyond what 64 bits of microseconds can say becomes one that the server refuses, never infinity.
    static func microseconds(of time: Timestamp) -> Int64 {
        let (sinceEpoch, isBelow) = time.milliseconds.subtractingReportingOverflow(Self.epochMilliseconds)
        let (value, isBeyond) = sinceEpoch.multipliedReportingOverflow(by: 1_000)
        guard isBelow || isBeyond else { return value }
        return time.milliseconds < 0 ? Int64.min + 1 : Int64.max - 1
    }

    /// The millisecond in which the moment lies; `nil` for infinity.
    static func timestamp(microseconds: Int64) -> Timestamp? {
        guard microseconds != .min, microseconds != .max else { return nil }
        let (quotient, remainder) = microseconds.quotientAndRemainder(dividingBy: 1_000)
        return Timestamp(milliseconds: (remainder < 0 ? quotient - 1 : quotient) + Self.epochMilliseconds)
    }
}

extension CalendarDate {
    /// A day beyond the server's range becomes one that it refuses, never infinity.
    var daysSince2000: Int32 {
        let (days, isBeyond) = self.daysSince1970.subtractingReportingOverflow(PGTime.epochDays)
        guard !isBeyond, let value = Int32(exactly: days), value != .min, value != .max else {
            return self.daysSince1970 < 0 ? Int32.min + 1 : Int32.max - 1
        }
        return value
    }
}
