import Testing

@testable import Shared

@Suite struct TimestampTests {
    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (1_767_323_045_678, "2026-01-02T03:04:05.678Z"),
        (951_782_399_999, "2000-02-28T23:59:59.999Z"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        (4_107_542_399_999, "2100-02-28T23:59:59.999Z"),
        (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        (-62_167_219_200_000, "0000-01-01T00:00:00.000Z"),
    ])
    func `a moment is written in UTC with milliseconds and read back`(milliseconds: Int64, text: String) {
        #expect(Timestamp(milliseconds: milliseconds).description == text)
        #expect(Timestamp(rfc3339: text) == Timestamp(milliseconds: milliseconds))
    }

    @Test func `what four digits cannot show is written as the nearest moment they can`() {
        #expect(Timestamp(milliseconds: .max).description == "9999-12-31T23:59:59.999Z")
        #expect(Timestamp(milliseconds: 253_402_300_800_000).description == "9999-12-31T23:59:59.999Z")
        #expect(Timestamp(milliseconds: .min).description == "0000-01-01T00:00:00.000Z")
        #expect(Timestamp(milliseconds: -62_167_219_200_001).description == "0000-01-01T00:00:00.000Z")
    }

    @Test func `days follow each other without a gap through two cycles of the calendar`() throws {
        var previous = try #require(CivilDay(year: 1_600, month: 12, day: 31))
        let first = previous.daysSinceEpoch
        for days in (first + 1)...(first + 2 * 146_097) {
            let day = CivilDay(daysSinceEpoch: days)
            #expect(day.daysSinceEpoch == days)
            let isNextDay = day.year == previous.year && day.month == previous.month && day.day == previous.day + 1
            let isNextMonth = day.year == previous.year && day.month == previous.month + 1 && day.day == 1
            let isNextYear = day.year == previous.year + 1 && day.month == 1 && day.day == 1 && previous.month == 12
            guard isNextDay || isNextMonth || isNextYear else {
                Issue.record("\(previous) is followed by \(day)")
                return
            }
            previous = day
        }
    }

    @Test(arguments: [
        ("2026-01-02T03:04:05Z", 1_767_323_045_000),
        ("2026-01-02T03:04:05.6Z", 1_767_323_045_600),
        ("2026-01-02T03:04:05.67Z", 1_767_323_045_670),
        ("2026-01-02T03:04:05.678999999Z", 1_767_323_045_678),
        ("1969-12-31T23:59:59.9999Z", -1),
    ])
    func `a fraction may have up to nine digits, of which milliseconds are kept`(text: String, milliseconds: Int64) {
        #expect(Timestamp(rfc3339: text) == Timestamp(milliseconds: milliseconds))
    }

    @Test(arguments: [
        "", "2026-01-02", "2026-01-02T03:04Z", "2026-01-02T03:04:05", "2026-01-02T03:04:05.678",
        "2026-01-02 03:04:05.678Z",
        "2026-01-02t03:04:05.678Z", "2026-01-02T03:04:05.678z", "2026-01-02T03:04:05.678+00:00",
        "2026-01-02T03:04:05.Z",
        "2026-01-02T03:04:05.6789999999Z", "2026-01-02T03:04:05,678Z", "2026-01-02T24:00:00.000Z",
        "2026-01-02T03:60:00.000Z", "2026-12-31T23:59:60.000Z", "2026-13-01T00:00:00.000Z", "2026-00-01T00:00:00.000Z",
        "2026-01-00T00:00:00.000Z", "2026-04-31T00:00:00.000Z", "2026-02-29T00:00:00.000Z", "2100-02-29T00:00:00.000Z",
        "+026-01-02T03:04:05.678Z", "-026-01-02T03:04:05.678Z", "12026-01-02T03:04:05.678Z",
        " 2026-01-02T03:04:05.678Z",
        "2026-01-02T03:04:05.678Z ", "2026-01-02T03:04:05.678Z\n", "2026-01-02T03:04:05.678ZZ",
        "２０26-01-02T03:04:05.678Z",
        "2026-1-02T03:04:05.678Z", "2026-01-02T03:04:05.678Z\0",
    ])
    func `anything else is refused`(text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test func `no beginning of a timestamp is a timestamp`() {
        let text = "2026-01-02T03:04:05.678Z"
        for length in 0..<text.count { #expect(Timestamp(rfc3339: text.prefix(length)) == nil) }
    }

    @Test func `moments are ordered by time and the monotonic clock does not run backwards`() {
        #expect(Timestamp(milliseconds: -1) < Timestamp(milliseconds: 0))
        #expect(SystemClock.now > Timestamp(milliseconds: 1_700_000_000_000))
        let earlier = SystemClock.monotonicNanoseconds
        #expect(SystemClock.monotonicNanoseconds >= earlier)
    }
}
