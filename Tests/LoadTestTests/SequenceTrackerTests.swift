import Testing

@testable import LoadTest

@Suite struct SequenceTrackerTests {
    private static func arrivals(_ numbers: [UInt64]) -> [SequenceTracker.Arrival] {
        var tracker = SequenceTracker()
        return numbers.map { tracker.arrived($0) }
    }

    @Test func `a stream in order is in order`() {
        #expect(Self.arrivals(Array(0...200)).allSatisfy { $0 == .inOrder })
    }

    @Test func `a repetition is told from a late arrival`() {
        #expect(
            Self.arrivals([0, 2, 1, 1, 2, 0, 3])
                == [.inOrder, .inOrder, .late, .duplicate, .duplicate, .duplicate, .inOrder])
    }

    @Test func `a gap is no fault of those that came`() {
        #expect(Self.arrivals([5, 9, 8, 5]) == [.inOrder, .inOrder, .late, .duplicate])
    }

    @Test(
        arguments: [
            (63, SequenceTracker.Arrival.late), (64, .duplicate), (65, .duplicate),
        ] as [(UInt64, SequenceTracker.Arrival)])
    func `memory reaches back 64 numbers`(age: UInt64, expected: SequenceTracker.Arrival) {
        #expect(Self.arrivals([100, 100 - age]) == [.inOrder, expected])
    }

    @Test(arguments: [62, 63, 64, 65, 1000] as [UInt64]) func `a jump keeps what is still within memory`(jump: UInt64) {
        let again: SequenceTracker.Arrival = .duplicate
        #expect(Self.arrivals([10, 10 + jump, 10]) == [.inOrder, .inOrder, again])
        let between: SequenceTracker.Arrival = jump <= 64 ? .late : .duplicate
        #expect(Self.arrivals([10, 10 + jump, 11]) == [.inOrder, .inOrder, between])
    }

    @Test func `the largest number does not trap`() {
        #expect(Self.arrivals([.max, .max - 1, .max]).first == .inOrder)
    }
}
