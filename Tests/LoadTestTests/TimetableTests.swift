import Testing

@testable import LoadTest

@Suite struct TimetableTests {
    @Test func `turns are due at the rate, without drift`() {
        let table = Timetable(start: 1000, perSecond: 3)
        #expect((0...3).map { table.due($0) } == [1000, 333_334_333, 666_667_666, 1_000_001_000])
        #expect(table.due(3_000_000) == 1000 + 1_000_000_000_000_000)
    }

    @Test func `what was late keeps its due time and delays nothing`() {
        var table = Timetable(start: 0, perSecond: 10)
        #expect(table.take(at: 0) == 0)
        #expect(table.take(at: 99_999_999) == nil)
        #expect([1, 2, 3].map { _ in table.take(at: 350_000_000) } == [100_000_000, 200_000_000, 300_000_000])
        #expect(table.take(at: 350_000_000) == nil)
        #expect(table.nextDue == 400_000_000)
    }

    @Test func `a burst is due at once and keeps the rate`() {
        let table = Timetable(start: 0, perSecond: 100, burst: 4)
        #expect((0..<9).map { table.due($0) / 1_000_000 } == [0, 0, 0, 0, 40, 40, 40, 40, 80])
    }

    @Test func `a window counts from its beginning to before its end`() {
        let window = Window(begin: 0, from: 10, end: 20)
        #expect([9, 10, 19, 20].map { window.counts($0) } == [false, true, true, false])
    }

    @Test func `a window that is cut counts nothing beyond`() {
        var window = Window(begin: 5, from: 10, end: 20)
        window.cut(at: 15)
        #expect(window == Window(begin: 5, from: 10, end: 15))
        window.cut(at: 18)
        #expect(window.end == 15)
        window.cut(at: 7)
        #expect(window == Window(begin: 5, from: 7, end: 7))
        window.cut(at: 1)
        #expect(window == Window(begin: 5, from: 5, end: 5))
    }
}
