import Testing

@testable import LoadTest

@Suite struct RampTests {
    @Test func `the first socket goes alone, then as many as may be in flight`() {
        var ramp = Ramp(count: 10, perSecond: nil, inFlight: 3, start: 0)
        #expect(ramp.next(at: 5)?.socket == 0)
        #expect(ramp.next(at: 5) == nil)
        ramp.answered()
        #expect((0..<4).map { _ in ramp.next(at: 9)?.socket } == [1, 2, 3, nil])
        ramp.answered()
        #expect(ramp.next(at: 9)?.socket == 4)
    }

    @Test func `a steady ramp measures from when each was due`() {
        var ramp = Ramp(count: 3, perSecond: 10, inFlight: 100, start: 1000)
        #expect(ramp.next(at: 999) == nil)
        #expect(ramp.nextDue == 1000)
        #expect(ramp.next(at: 1500)?.due == 1000)
        ramp.answered()
        #expect(ramp.next(at: 100_000_999) == nil)
        #expect(ramp.next(at: 900_000_000)?.due == 100_001_000)
        #expect(ramp.next(at: 900_000_000)?.due == 200_001_000)
        #expect(ramp.nextDue == nil)
    }

    @Test func `it is done when the last has been answered`() {
        var ramp = Ramp(count: 2, perSecond: nil, inFlight: 5, start: 0)
        for _ in 0..<2 {
            #expect(!ramp.isDone)
            _ = ramp.next(at: 0)
            ramp.answered()
        }
        #expect(ramp.isDone)
        #expect(ramp.next(at: 0) == nil)
    }
}
