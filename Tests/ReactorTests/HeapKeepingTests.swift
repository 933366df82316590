import Testing

@testable import Reactor

@Suite struct HeapKeepingTests {
    private static let used = 4 << 20
    private static let idle = 10 << 20

    /// Looks in turn at pairs of resident and used bytes, in MiB, of a process that starts calm; whether each was due.
    private func looks(_ figures: [(resident: Int, used: Int)]) -> [Bool] {
        var heap = HeapKeeping()
        _ = heap.isDue(residentBytes: Self.idle, inUseBytes: Self.used)
        return figures.map { heap.isDue(residentBytes: $0.resident << 20, inUseBytes: $0.used << 20) }
    }

    @Test func `a process that stays as it is needs nothing`() {
        #expect(self.looks([(10, 4), (10, 4), (10, 4)]) == [false, false, false])
    }

    @Test func `memory that is in use is left alone, however much it is`() {
        #expect(self.looks([(50, 44), (300, 294), (300, 294)]) == [false, false, false])
    }

    @Test func `what a burst leaves is due as soon as it grows no more`() {
        #expect(self.looks([(80, 60), (80, 4), (80, 4)]) == [false, false, true])
    }

    @Test func `what a burst between two looks leaves is due at the second look after it`() {
        #expect(self.looks([(80, 4), (80, 4)]) == [false, true])
    }

    @Test func `a long burst of memory in use is forgotten once it is freed`() {
        #expect(self.looks([(300, 294), (300, 294), (120, 4), (120, 4)]) == [false, false, false, true])
    }

    @Test func `what remains after trimming is not due again`() {
        var heap = HeapKeeping()
        _ = heap.isDue(residentBytes: Self.idle, inUseBytes: Self.used)
        heap.trimmed(residentBytes: 80 << 20, inUseBytes: Self.used)
        for _ in 0..<3 {
            let isDue = heap.isDue(residentBytes: 80 << 20, inUseBytes: Self.used)
            #expect(!isDue)
        }
    }

    @Test(arguments: [(0, true), (1, false)])
    func `what is freed after the heap was trimmed is due too, if it is enough`(
        missing: Int, expected: Bool
    ) {
        let freed = HeapKeeping.leastBytes / 2 - missing
        let resident = 4 << 20
        var heap = HeapKeeping()
        _ = heap.isDue(residentBytes: resident, inUseBytes: 2 << 20)
        heap.trimmed(residentBytes: resident, inUseBytes: 2 << 20)
        let isDue = heap.isDue(residentBytes: resident, inUseBytes: (2 << 20) - freed)
        #expect(isDue == expected)
        heap.trimmed(residentBytes: resident, inUseBytes: (2 << 20) - freed)
        let isDueAgain = heap.isDue(residentBytes: resident, inUseBytes: (2 << 20) - freed)
        #expect(!isDueAgain)
    }

    @Test(arguments: [(0, true), (-1, false)]) func `growth counts from the least that is worth it`(
        offset: Int, expected: Bool
    ) {
        let resident = Self.idle / 2
        var heap = HeapKeeping()
        _ = heap.isDue(residentBytes: resident, inUseBytes: 0)
        let grown = resident + HeapKeeping.leastBytes + offset
        _ = heap.isDue(residentBytes: grown, inUseBytes: 0)
        let isDue = heap.isDue(residentBytes: grown, inUseBytes: 0)
        #expect(isDue == expected)
    }

    @Test func `of a large process a larger part counts`() {
        var heap = HeapKeeping()
        _ = heap.isDue(residentBytes: 1 << 30, inUseBytes: 0)
        for _ in 0..<2 {
            let isDue = heap.isDue(residentBytes: (1 << 30) + 4 * HeapKeeping.leastBytes, inUseBytes: 0)
            #expect(!isDue)
        }
    }
}
