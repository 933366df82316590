import Shared
import Testing

@testable import Realtime

@Suite struct RecentEventsTests {
    private let source = RecentEvents.Source(stream: .system, epoch: Epoch(raw: 1))
    private let other = RecentEvents.Source(stream: .system, epoch: Epoch(raw: 2))

    private func seqs(_ events: [LoggedEvent]?) -> ClosedRange<Int64>? {
        guard let first = events?.first, let last = events?.last else { return nil }
        return first.seq...last.seq
    }

    @Test func `what was delivered is found, page by page`() {
        var recent = RecentEvents(budget: 1 << 30)
        recent.append(LoggedEvent.samples(100...600), of: self.source)
        #expect(recent.pageCount == 3)
        #expect(self.seqs(recent.events(of: self.source, after: 99, through: 600)) == 100...256)
        #expect(self.seqs(recent.events(of: self.source, after: 256, through: 300)) == 257...300)
        #expect(self.seqs(recent.events(of: self.source, after: 599, through: 600)) == 600...600)
        #expect(recent.events(of: self.source, after: 98, through: 600) == nil)
        #expect(recent.events(of: self.source, after: 600, through: 600) == nil)
        #expect(recent.events(of: self.other, after: 200, through: 600) == nil)
        // A client may claim any position.
        for after in [Int64.max, Int64.max - 1, 601] {
            #expect(RecentEvents.run(LoggedEvent.samples(100...600), after: after, through: .max) == nil)
        }
    }

    @Test func `a gap in what is delivered starts a page anew, and what is there is not added twice`() {
        var recent = RecentEvents(budget: 1 << 30)
        recent.append(LoggedEvent.samples(1...5), of: self.source)
        let bytes = recent.bytes
        recent.append(LoggedEvent.samples(3...5), of: self.source)
        #expect(recent.bytes == bytes)
        recent.append(LoggedEvent.samples(8...9), of: self.source)
        #expect(recent.events(of: self.source, after: 0, through: 9) == nil)
        #expect(self.seqs(recent.events(of: self.source, after: 7, through: 9)) == 8...9)
        #expect(recent.bytes == LoggedEvent.samples(8...9).reduce(0) { $0 + $1.byteCount })
    }

    @Test func `a page that was read takes the place of a shorter one, and goes on growing`() {
        var recent = RecentEvents(budget: 1 << 30)
        let key = RecentEvents.PageKey(self.source, after: 0)
        recent.append(LoggedEvent.samples(9...10), of: self.source)
        recent.insert(LoggedEvent.samples(1...10), as: key)
        recent.insert(LoggedEvent.samples(1...2), as: key)
        recent.append(LoggedEvent.samples(11...12), of: self.source)
        #expect(self.seqs(recent.events(of: self.source, after: 0, through: 100)) == 1...12)
        #expect(recent.bytes == LoggedEvent.samples(1...12).reduce(0) { $0 + $1.byteCount })
    }

    @Test func `the budget holds, and what was used longest ago gives way`() {
        let pageBytes = LoggedEvent.samples(1...256).reduce(0) { $0 + $1.byteCount }
        var recent = RecentEvents(budget: pageBytes * 4)
        recent.append(LoggedEvent.samples(1...256), of: self.other)
        for page in Int64(0)..<20 {
            recent.append(LoggedEvent.samples((page * 256 + 1)...(page * 256 + 256)), of: self.source)
            #expect(recent.bytes <= pageBytes * 4)
            // Somebody comes back again and again.
            #expect(recent.events(of: self.other, after: 0, through: 256) != nil)
        }
        #expect(recent.events(of: self.source, after: 0, through: 256) == nil)
        #expect(recent.events(of: self.source, after: 19 * 256, through: 20 * 256) != nil)
        #expect((2...4).contains(recent.pageCount))
    }

    @Test func `random use keeps the sum right and finds only what was put in`() {
        var random = SeededGenerator(seed: 5)
        var recent = RecentEvents(budget: 300_000)
        var seq: Int64 = 0
        for _ in 0..<3000 {
            switch Int.random(in: 0..<4, using: &random) {
            case 0:
                if Int.random(in: 0..<10, using: &random) == 0 { seq += Int64.random(in: 1...400, using: &random) }
                let count = Int64.random(in: 1...20, using: &random)
                recent.append(LoggedEvent.samples((seq + 1)...(seq + count)), of: self.source)
                seq += count
            case 1 where seq > 0:
                let key = RecentEvents.PageKey(self.source, after: Int64.random(in: 0..<seq, using: &random))
                recent.insert(LoggedEvent.samples((key.after + 1)...min(key.through, seq)), as: key)
            default:
                let after = Int64.random(in: 0...seq, using: &random)
                guard let found = recent.events(of: self.source, after: after, through: seq) else { continue }
                #expect(found == LoggedEvent.samples((after + 1)...(after + Int64(found.count))))
            }
            #expect(recent.bytes >= 0 && recent.bytes <= 300_000)
        }
    }
}

@Suite struct ReplayTailTests {
    @Test func `the tail is bounded and says what it does not reach back to`() {
        var tail = ReplayTail()
        #expect(tail.events(after: 0) == nil)
        for seq in 1...Int64(ReplayTail.mostEvents) { tail.append(.sample(seq)) }
        #expect(tail.events(after: 0)?.count == ReplayTail.mostEvents)
        tail.append(.sample(Int64(ReplayTail.mostEvents) + 1))
        #expect(tail.events(after: 0) == nil)
        #expect(tail.events(after: 1000)?.first?.seq == 1001)
        tail.clear()
        #expect(tail.events(after: 1000) == nil)
    }

    @Test func `what is done next depends on where the replay is`() {
        let stream = HubStream(.system, number: 1)
        func step(_ cursor: Int64, cut: Int64, position: Int64, tail: Bool) -> Replay.Step {
            Replay(number: 1, stream: stream, cursor: cursor, cut: cut).step(position: position, isTailComplete: tail)
        }
        for tail in [false, true] {
            #expect(step(5, cut: 10, position: 10, tail: tail) == .fetch)
            #expect(step(5, cut: 10, position: 20, tail: tail) == .fetch)
            #expect(step(10, cut: 10, position: 10, tail: tail) == .finish)
            #expect(step(10, cut: 10, position: 12, tail: tail) == (tail ? .takeTail : .fetch))
            #expect(step(12, cut: 10, position: 12, tail: tail) == .finish)
            #expect(step(12, cut: 12, position: 11, tail: tail) == .wait)
            #expect(step(12, cut: 12, position: 13, tail: tail) == (tail ? .takeTail : .fetch))
        }
    }
}
