import Shared
import Testing

@Suite struct CalendarDateTests {
    @Test(arguments: [
        ("1970-01-01", 0), ("1969-12-31", -1), ("2000-02-29", 11_016), ("2026-11-21", 20_778), ("0000-01-01", -719_528),
        ("9999-12-31", 2_932_896),
    ])
    func `a day has one name`(text: String, days: Int) {
        #expect(CalendarDate(text)?.daysSince1970 == days)
        #expect(CalendarDate(daysSince1970: days).description == text)
    }

    @Test(arguments: [
        "", "2026-2-3", "2026-02-30", "2025-02-29", "2026-13-01", "2026-00-10", "20260101", "2026-01-01 ", "-026-01-01",
        "2026-01-0１", "2026-01-01T",
    ])
    func `what names no day is none`(text: String) {
        #expect(CalendarDate(text) == nil)
    }

    @Test(arguments: [Int.min, Int.max, -1_000_000_000])
    func `days that nobody can write do not trap`(days: Int) {
        #expect(CalendarDate(daysSince1970: days).description.utf8.count == 10)
    }
}
