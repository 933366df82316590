/// A moment of the civil calendar in UTC, counted in milliseconds: what logs, events and REST show.
///
/// It says when something happened, never how long something took: for that there is ``SystemClock/monotonicNanoseconds``.
public struct Timestamp: Hashable, Comparable, Sendable {
    /// Milliseconds since 1970-01-01T00:00:00Z; negative before.
    public let milliseconds: Int64

    /// The moment so many milliseconds after the start of 1970.
    public init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    /// Orders by time.
    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.milliseconds < right.milliseconds
    }
}

/// The proleptic Gregorian calendar of RFC 3339: days counted from 1970-01-01 and what they are called.
///
/// The year is taken to start on 1 March, so that the leap day is the last of its year and needs no special case.
struct CivilDay: Equatable {
    var year: Int
    var month: Int
    var day: Int

    private static let daysPer400Years = 146_097
    /// Days from 0000-03-01 to 1970-01-01.
    private static let daysToEpoch = 719_468

    /// The day that lies `days` after 1970-01-01.
    init(daysSinceEpoch days: Int) {
        let shifted = days + Self.daysToEpoch
        let cycle = (shifted >= 0 ? shifted : shifted - (Self.daysPer400Years - 1)) / Self.daysPer400Years
        let dayOfCycle = shifted - cycle * Self.daysPer400Years
        let yearOfCycle = (dayOfCycle - dayOfCycle / 1_460 + dayOfCycle / 36_524 - dayOfCycle / 146_096) / 365
        let dayOfYear = dayOfCycle - (365 * yearOfCycle + yearOfCycle / 4 - yearOfCycle / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        self.day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        self.month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        self.year = cycle * 400 + yearOfCycle + (self.month <= 2 ? 1 : 0)
    }

    /// A day by its name, or `nil` if the calendar has no such day.
    init?(year: Int, month: Int, day: Int) {
        guard (0...9_999).contains(year), (1...12).contains(month) else { return nil }
        guard (1...Self.length(ofMonth: month, in: year)).contains(day) else { return nil }
        self.year = year
        self.month = month
        self.day = day
    }

    /// Days since 1970-01-01; negative before.
    var daysSinceEpoch: Int {
        let marchYear = self.month <= 2 ? self.year - 1 : self.year
        let cycle = (marchYear >= 0 ? marchYear : marchYear - 399) / 400
        let yearOfCycle = marchYear - cycle * 400
        let monthFromMarch = self.month > 2 ? self.month - 3 : self.month + 9
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + self.day - 1
        let dayOfCycle = yearOfCycle * 365 + yearOfCycle / 4 - yearOfCycle / 100 + dayOfYear
        return cycle * Self.daysPer400Years + dayOfCycle - Self.daysToEpoch
    }

    private static func length(ofMonth month: Int, in year: Int) -> Int {
        switch month {
        case 4, 6, 9, 11: 30
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        default: 31
        }
    }
}
