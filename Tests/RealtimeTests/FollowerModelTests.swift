import Shared
import Testing

@testable import Realtime

/// A small generator that gives the same numbers for the same seed on every machine.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { self.state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

    mutating func next() -> UInt64 {
        self.state ^= self.state >> 12
        self.state ^= self.state << 25
        self.state ^= self.state >> 27
        return self.state &* 0x2545_F491_4F6C_DD1D
    }
}

/// Random histories of one stream: commits, hints that are lost, doubled and overtaken, reads and heads that are
/// slow and fail, a bus that comes and goes, and databases that go back in time.
private struct FollowerModel {
    private var random: SeededGenerator
    private var state: FollowerState
    private var now: UInt64 = 0

    // The truth.
    private var epoch: Int64 = 1
    private var log: [LoggedEvent] = []

    private struct Answer {
        let events: [LoggedEvent]
        let head: StreamHead
    }

    // What is on its way.
    private var hints: [(epoch: Epoch, events: [LoggedEvent])] = []
    private var heads: [(question: HeadQuestion, head: StreamHead?)] = []
    private var reads: [(read: FollowerActions.GapRead, answer: Answer?)] = []

    // What was seen.
    private var position: StreamHead?
    private(set) var deliveries = 0
    private(set) var resets = 0
    private(set) var repairs = 0

    init(seed: UInt64) {
        self.random = SeededGenerator(seed: seed)
        var terms = FollowerTerms()
        terms.eventsPerRead = Int.random(in: 1...7, using: &self.random)
        terms.mostWaiting = Int.random(in: 1...12, using: &self.random)
        self.state = FollowerState(terms: terms, now: 0, isBusHealthy: Bool.random(using: &self.random))
        for _ in 0..<Int.random(in: 0...20, using: &self.random) { self.commit() }
        self.hints = []
    }

    mutating func run(steps: Int) {
        for _ in 0..<steps { self.step() }
        self.calmDown()
    }

    /// From now on everything works: the follower must come to know all.
    private mutating func calmDown() {
        self.hints = []
        if !self.state.takesHeads { self.check(self.state.subscribed()) }
        for _ in 0..<2000 {
            if let index = self.reads.indices.first {
                let read = self.reads.remove(at: index).read
                let answer = self.answer(to: read)
                self.check(self.state.eventsRead(read.number, answer.events, head: answer.head, now: self.now))
            } else if let head = self.heads.popLast() {
                self.check(self.state.headRead(head.head, asked: head.question, now: self.now))
            } else if let deadline = self.state.deadline {
                self.now = max(self.now, deadline)
                self.check(self.state.timePassed(now: self.now))
            } else if self.position == self.head {
                return
            } else {
                self.heads.append((self.state.question, self.head))
            }
        }
        Issue.record("it never caught up: \(self.state.phase) at \(String(describing: self.position)) of \(self.head)")
    }

    private var head: StreamHead {
        StreamHead(epoch: Epoch(raw: self.epoch), seq: Int64(self.log.count), lastAt: self.log.last?.recordedAt)
    }

    private func answer(to read: FollowerActions.GapRead) -> Answer {
        // What is not looked for because of its time must not be missing.
        let notBefore = read.notBefore ?? Timestamp(milliseconds: 0)
        let events = self.log.filter { $0.seq > read.after && $0.seq <= read.through && $0.recordedAt >= notBefore }
        return Answer(events: Array(events.prefix(read.limit)), head: self.head)
    }

    private mutating func commit() {
        let count = Int64.random(in: 1...3, using: &self.random)
        let first = Int64(self.log.count) + 1
        let events = LoggedEvent.samples(first...(first + count - 1), of: self.epoch)
        self.log += events
        let copies = [0, 1, 1, 1, 1, 2].randomElement(using: &self.random) ?? 1
        for _ in 0..<copies { self.hints.append((Epoch(raw: self.epoch), events)) }
    }

    /// The database comes back as it was some time ago, with a new epoch.
    private mutating func restore() {
        self.epoch += 1
        let kept = Int.random(in: 0...self.log.count, using: &self.random)
        self.log = kept == 0 ? [] : LoggedEvent.samples(1...Int64(kept), of: self.epoch)
    }

    private mutating func step() {
        self.now += UInt64.random(in: 0...12, using: &self.random)
        switch Int.random(in: 0..<100, using: &self.random) {
        case 0..<30: self.commit()
        case 30..<60:
            guard let index = self.hints.indices.randomElement(using: &self.random) else { return }
            // Mostly in order, sometimes an old one first.
            let chosen = Bool.random(using: &self.random) ? 0 : index
            let hint = self.hints.remove(at: chosen)
            self.check(self.state.hint(epoch: hint.epoch, hint.events, now: self.now))
        case 60..<70: self.check(self.state.timePassed(now: self.now))
        case 70..<78:
            if self.state.takesHeads { self.heads.append((self.state.question, self.head)) }
        case 78..<86:
            guard let index = self.heads.indices.randomElement(using: &self.random) else { return }
            let answer = self.heads.remove(at: index)
            guard Int.random(in: 0..<4, using: &self.random) > 0 else { return }
            self.check(self.state.headRead(answer.head, asked: answer.question, now: self.now))
        case 86..<94: self.answerRead()
        case 94..<96: self.check(self.state.subscribed())
        case 96..<98: self.state.isBusHealthy.toggle()
        case 98:
            // A message far ahead of any commit: it must not be believed before the log has come so far.
            let seq = Int64(self.log.count) + Int64.random(in: 5...500, using: &self.random)
            let early = LoggedEvent.sample(seq, of: self.epoch)
            self.check(self.state.hint(epoch: Epoch(raw: self.epoch), [early], now: self.now))
        default: if Int.random(in: 0..<4, using: &self.random) == 0 { self.restore() }
        }
    }

    private mutating func answerRead() {
        guard let index = self.reads.indices.randomElement(using: &self.random) else { return }
        let entry = self.reads.remove(at: index)
        let answer = entry.answer ?? self.answer(to: entry.read)
        if Int.random(in: 0..<4, using: &self.random) > 0 {
            self.check(
                self.state.eventsRead(entry.read.number, answer.events, head: answer.head, now: self.now))
        } else {
            self.check(self.state.readFailed(entry.read.number, now: self.now))
        }
    }

    /// The invariant: from a start or a reset on, what is delivered is the log, gap-free, in order, each once.
    private mutating func check(_ actions: FollowerActions) {
        if let started = actions.started {
            #expect(self.position == nil, "started twice")
            self.position = started
        }
        if let reset = actions.reset {
            #expect(self.position != nil && actions.started == nil, "reset before the start")
            self.position = reset
            self.resets += 1
        }
        for event in actions.deliver {
            guard let position = self.position else {
                Issue.record("delivered before the start")
                return
            }
            #expect(event.seq == position.seq + 1, "delivered \(event.seq) behind \(position.seq)")
            #expect(event == .sample(event.seq, of: position.epoch.raw), "invented")
            if position.epoch.raw == self.epoch { #expect(event.seq <= self.log.count, "not committed yet") }
            self.position = StreamHead(epoch: position.epoch, seq: event.seq)
            self.deliveries += 1
        }
        if let head = self.state.head { #expect(head == self.position) }
        if let read = actions.read {
            #expect(read.after < read.through && read.limit > 0, "an empty read")
            #expect(read.after == self.position?.seq, "a read that does not begin at the gap")
            // Sometimes it is answered at once, sometimes as things are when it is.
            self.reads.append((read, Bool.random(using: &self.random) ? self.answer(to: read) : nil))
            self.repairs += 1
        }
    }
}

@Suite(.timeLimit(.minutes(5))) struct FollowerModelTests {
    @Test func `whatever gets lost, doubled or overtaken: gap-free, in order, each once`() {
        var totals = (deliveries: 0, resets: 0, repairs: 0)
        for seed in UInt64(1)...1000 {
            var model = FollowerModel(seed: seed)
            model.run(steps: 300)
            totals.deliveries += model.deliveries
            totals.resets += model.resets
            totals.repairs += model.repairs
        }
        // A model in which nothing happens proves nothing.
        #expect(totals.deliveries > 50_000 && totals.resets > 500 && totals.repairs > 5_000, "\(totals)")
    }
}
