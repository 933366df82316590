/// A day of the calendar without a time or a zone.
package struct CalendarDate: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Days from 1970-01-01; negative before.
    package let daysSince1970: Int

    package init(daysSince1970: Int) { self.daysSince1970 = daysSince1970 }

    /// Reads `YYYY-MM-DD`, of a day that exists.
    package init?(_ text: some StringProtocol) {
        // The whole day's first moment: one reader of dates, as strict as the other.
        guard text.utf8.count == 10, let start = Timestamp(rfc3339: "\(text)T00:00:00Z") else { return nil }
        self.daysSince1970 = Int(start.milliseconds / Self.millisecondsPerDay)
    }

    /// `YYYY-MM-DD`; what lies outside the years 0000 to 9999 is written as the nearest day that can be written.
    package var description: String {
        let (start, isBeyond) = Int64(self.daysSince1970).multipliedReportingOverflow(by: Self.millisecondsPerDay)
        let moment = isBeyond ? (self.daysSince1970 < 0 ? Int64.min : Int64.max) : start
        return String(Timestamp(milliseconds: moment).description.prefix(10))
    }

    package static func < (left: CalendarDate, right: CalendarDate) -> Bool {
        left.daysSince1970 < right.daysSince1970
    }

    private static let millisecondsPerDay: Int64 = 86_400_000
}

extension JSONRule where Value == CalendarDate {
    /// A day, `2026-03-08`.
    package static var date: Self {
        JSONRule<String>.string(10...10).parsed(placeholder: CalendarDate(daysSince1970: 0), format: "date") {
            CalendarDate($0)
        }
    }
}

extension JSONShape where Value == CalendarDate {
    /// A day, `2026-03-08`.
    package static var date: Self { Self(JSONShape<String>.text(format: "date").schema) { $1.string($0.description) } }
}
