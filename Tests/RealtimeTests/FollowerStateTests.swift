import Shared
import Testing

@testable import Realtime

extension LoggedEvent {
    /// An event whose content follows from its number, so that an invented one is noticed.
    static func sample(_ seq: Int64, of epoch: Int64 = 1) -> LoggedEvent {
        LoggedEvent(
            seq: seq, recordedAt: Timestamp(milliseconds: 1_772_978_709_000 + seq), id: EventID(raw: UInt128(seq)),
            name: "room:status_changed", targets: [EventTarget(Audience(.tenant), projection: 0)],
            projections: [Array(#"{"n":\#(seq),"meta":{"epoch":\#(epoch)"#.utf8)])
    }

    static func samples(_ seqs: ClosedRange<Int64>, of epoch: Int64 = 1) -> [LoggedEvent] {
        seqs.map { .sample($0, of: epoch) }
    }
}

/// Each state × each input. Every state below has delivered 10 where it has a position, and lives at time 1000.
@Suite struct FollowerStateTests {
    private let epoch = Epoch(raw: 1)
    private let other = Epoch(raw: 2)
    private typealias Phase = FollowerState.Phase

    private func head(_ seq: Int64) -> StreamHead { StreamHead(epoch: self.epoch, seq: seq) }

    private func subscribing(healthy: Bool = true) -> FollowerState {
        FollowerState(terms: FollowerTerms(), now: 1000, isBusHealthy: healthy)
    }

    private func readingHead() -> FollowerState {
        var state = self.subscribing()
        _ = state.subscribed()
        return state
    }

    private func following() -> FollowerState {
        var state = self.readingHead()
        _ = state.headRead(self.head(10), asked: state.question, now: 1000)
        return state
    }

    /// 12 has come, 11 has not.
    private func waiting() -> FollowerState {
        var state = self.following()
        _ = state.hint(epoch: self.epoch, [.sample(12)], now: 1000)
        return state
    }

    private func repairing() -> FollowerState {
        var state = self.waiting()
        _ = state.timePassed(now: 1020)
        return state
    }

    private func resting() -> FollowerState {
        var state = self.repairing()
        _ = state.readFailed(1, now: 1020)
        return state
    }

    private let gap = FollowerActions.GapRead(number: 1, after: 10, through: 11, limit: 500)

    private func actions(_ change: (inout FollowerActions) -> Void) -> FollowerActions {
        var actions = FollowerActions()
        change(&actions)
        return actions
    }

    // MARK: Subscribing

    @Test func `nothing counts before the subscription is confirmed`() {
        var state = self.subscribing()
        #expect(state.phase == .subscribing(since: 1000) && !state.takesHeads && state.head == nil)
        #expect(state.hint(epoch: self.epoch, [.sample(1)], now: 1000) == FollowerActions())
        #expect(state.headRead(self.head(5), asked: state.question, now: 1000) == FollowerActions())
        #expect(state.headRead(nil, asked: state.question, now: 1000) == FollowerActions())
        #expect(state.eventsRead(0, [.sample(1)], head: self.head(1), now: 1000) == FollowerActions())
        #expect(state.readFailed(0, now: 1000) == FollowerActions())
        #expect(state.timePassed(now: 1499) == FollowerActions())
        #expect(state.phase == .subscribing(since: 1000))
        #expect(state.subscribed() == self.actions { $0.wantsHead = true })
        #expect(state.phase == .readingHead(isReset: false))
    }

    @Test func `a confirmation that does not come is waited for only so long, and not at all without a bus`() {
        var state = self.subscribing()
        #expect(state.deadline == 1500)
        #expect(state.timePassed(now: 1500) == self.actions { $0.wantsHead = true })
        #expect(state.phase == .readingHead(isReset: false))
        state = self.subscribing()
        state.isBusHealthy = false
        #expect(state.deadline == 1000)
        #expect(state.timePassed(now: 1000) == self.actions { $0.wantsHead = true })
    }

    // MARK: Reading the head

    @Test func `the head is the position, and hints that came meanwhile follow on it`() {
        var state = self.readingHead()
        #expect(state.deadline == nil && state.takesHeads && state.head == nil)
        #expect(state.hint(epoch: self.epoch, .init(LoggedEvent.samples(9...12)), now: 1000) == FollowerActions())
        let actions = state.headRead(self.head(10), asked: state.question, now: 1000)
        #expect(
            actions
                == self.actions {
                    $0.started = self.head(10)
                    $0.deliver = LoggedEvent.samples(11...12)
                })
        #expect(state.phase == .following && state.head == self.head(12))
    }

    @Test func `hints that came meanwhile wait if there is a gap, and are forgotten if they are of another epoch`() {
        var state = self.readingHead()
        _ = state.hint(epoch: self.epoch, [.sample(12)], now: 1000)
        #expect(
            state.headRead(self.head(10), asked: state.question, now: 1000)
                == self.actions { $0.started = self.head(10) })
        #expect(state.phase == .waiting(since: 1000))
        for last in [self.epoch, self.other] {
            state = self.readingHead()
            _ = state.hint(epoch: self.other, [.sample(11, of: 2)], now: 1000)
            if last == self.epoch { _ = state.hint(epoch: self.epoch, [.sample(11)], now: 1000) }
            let actions = state.headRead(self.head(10), asked: state.question, now: 1000)
            #expect(actions.deliver == (last == self.epoch ? [.sample(11)] : []))
            #expect(state.phase == .following)
        }
    }

    @Test func `other inputs change nothing while the head is read`() {
        var state = self.readingHead()
        #expect(state.eventsRead(0, [.sample(1)], head: self.head(1), now: 1000) == FollowerActions())
        #expect(state.readFailed(0, now: 1000) == FollowerActions())
        #expect(state.timePassed(now: .max) == FollowerActions())
        #expect(state.subscribed() == self.actions { $0.wantsHead = true })
        #expect(state.headRead(nil, asked: state.question, now: 1000) == self.actions { $0.isMissing = true })
        #expect(state.phase == .readingHead(isReset: false))
    }

    // MARK: Following

    @Test func `the next event is delivered, an old one dropped, and one behind a gap waits`() {
        var state = self.following()
        #expect(
            state.hint(epoch: self.epoch, .init(LoggedEvent.samples(11...13)), now: 1000)
                == self.actions { $0.deliver = LoggedEvent.samples(11...13) })
        #expect(
            state.hint(epoch: self.epoch, .init(LoggedEvent.samples(12...14)), now: 1000)
                == self.actions {
                    $0.deliver = [.sample(14)]
                    $0.duplicates = 2
                })
        #expect(state.hint(epoch: self.epoch, [.sample(16)], now: 1007) == FollowerActions())
        #expect(state.phase == .waiting(since: 1007) && state.deadline == 1027 && state.head == self.head(14))
    }

    @Test func `a head ahead opens a gap, an equal one does nothing`() {
        var state = self.following()
        #expect(state.headRead(self.head(10), asked: state.question, now: 1000) == FollowerActions())
        #expect(state.phase == .following)
        #expect(state.headRead(self.head(12), asked: state.question, now: 1000) == FollowerActions())
        #expect(state.phase == .waiting(since: 1000))
        #expect(
            state.timePassed(now: 1020).read == FollowerActions.GapRead(number: 1, after: 10, through: 12, limit: 500))
    }

    @Test func `without a healthy bus a gap is read at once`() {
        var state = self.following()
        state.isBusHealthy = false
        let read = FollowerActions.GapRead(number: 1, after: 10, through: 12, limit: 500)
        #expect(state.headRead(self.head(12), asked: state.question, now: 1000) == self.actions { $0.read = read })
    }

    @Test func `a head that was true when it was asked for is not behind`() {
        var state = self.following()
        let question = state.question
        _ = state.hint(epoch: self.epoch, [.sample(11)], now: 1000)
        #expect(state.headRead(self.head(10), asked: question, now: 1000) == FollowerActions())
        #expect(state.head == self.head(11))
    }

    @Test func `a head that is behind, or of another epoch, resets`() {
        for head in [self.head(9), StreamHead(epoch: self.other, seq: 3), StreamHead(epoch: self.other, seq: 30)] {
            for var state in [self.following(), self.waiting(), self.repairing(), self.resting()] {
                let old = state.question
                #expect(state.headRead(head, asked: old, now: 1000) == self.actions { $0.reset = head })
                #expect(state.phase == .following && state.head == head)
                #expect(state.headRead(self.head(50), asked: old, now: 1000) == FollowerActions(), "an old answer")
                #expect(
                    state.eventsRead(1, [.sample(11)], head: self.head(12), now: 1000) == FollowerActions(),
                    "an old read")
                #expect(state.readFailed(1, now: 1000) == FollowerActions())
                #expect(state.phase == .following && state.head == head)
            }
        }
    }

    @Test func `a hint of another epoch is not believed, but asked about`() {
        for var state in [self.following(), self.waiting(), self.repairing(), self.resting()] {
            let phase = state.phase
            #expect(
                state.hint(epoch: self.other, [.sample(11, of: 2)], now: 1000) == self.actions { $0.wantsHead = true })
            #expect(state.phase == phase && state.head == self.head(10))
        }
    }

    @Test func `a stream that is followed and then missing, a late timer and a strange answer change nothing`() {
        for var state in [self.following(), self.waiting(), self.repairing(), self.resting()] {
            let phase = state.phase
            #expect(state.headRead(nil, asked: state.question, now: 1000) == FollowerActions())
            #expect(state.timePassed(now: 1000) == FollowerActions())
            #expect(state.eventsRead(99, [.sample(11)], head: self.head(12), now: 1000) == FollowerActions())
            #expect(state.readFailed(99, now: 1000) == FollowerActions())
            #expect(state.subscribed() == self.actions { $0.wantsHead = true })
            #expect(state.phase == phase)
        }
    }

    // MARK: Waiting

    @Test func `what was overtaken closes the gap in time`() {
        var state = self.waiting()
        #expect(
            state.hint(epoch: self.epoch, [.sample(11)], now: 1019)
                == self.actions { $0.deliver = LoggedEvent.samples(11...12) })
        #expect(state.phase == .following && state.deadline == nil)
    }

    @Test func `another gap behind the first has its own time`() {
        var state = self.waiting()
        _ = state.hint(epoch: self.epoch, [.sample(14)], now: 1005)
        #expect(state.phase == .waiting(since: 1000))
        #expect(state.hint(epoch: self.epoch, [.sample(11)], now: 1019).deliver == LoggedEvent.samples(11...12))
        #expect(state.phase == .waiting(since: 1019))
    }

    @Test func `when the time is over the gap is read, up to what waits behind it`() {
        var state = self.waiting()
        #expect(state.timePassed(now: 1019) == FollowerActions())
        #expect(state.timePassed(now: 1020) == self.actions { $0.read = self.gap })
        #expect(state.phase == .repairing(self.gap) && state.deadline == nil)
    }

    @Test func `the same event twice waits once`() {
        var state = self.waiting()
        #expect(state.hint(epoch: self.epoch, [.sample(12)], now: 1001) == self.actions { $0.duplicates = 1 })
    }

    @Test func `a head while waiting does not make the wait longer`() {
        var state = self.waiting()
        _ = state.headRead(self.head(15), asked: state.question, now: 1010)
        #expect(state.phase == .waiting(since: 1000))
    }

    // MARK: Repairing

    @Test func `what was read and what waits behind it is delivered`() {
        var state = self.repairing()
        #expect(
            state.eventsRead(1, [.sample(11)], head: self.head(12), now: 1021)
                == self.actions { $0.deliver = LoggedEvent.samples(11...12) })
        #expect(state.phase == .following && state.head == self.head(12))
    }

    @Test func `hints are delivered also while a read is under way, and what it brings again is dropped`() {
        var state = self.repairing()
        #expect(state.hint(epoch: self.epoch, [.sample(11)], now: 1021).deliver == LoggedEvent.samples(11...12))
        #expect(state.phase == .repairing(self.gap))
        #expect(
            state.eventsRead(1, [.sample(11)], head: self.head(12), now: 1022) == self.actions { $0.duplicates = 1 })
        #expect(state.phase == .following)
    }

    @Test func `a long gap is read in pieces`() {
        var state = self.following()
        _ = state.headRead(self.head(1510), asked: state.question, now: 1000)
        _ = state.timePassed(now: 1020)
        for piece in 0..<3 {
            let start = Int64(10 + piece * 500)
            let actions = state.eventsRead(
                UInt64(piece + 1), LoggedEvent.samples((start + 1)...(start + 500)), head: self.head(1510),
                now: 1020)
            #expect(actions.deliver.count == 500)
            let next = FollowerActions.GapRead(
                number: UInt64(piece + 2), after: start + 500, through: 1510, limit: 500,
                notBefore: LoggedEvent.sample(start + 500).recordedAt)
            #expect(actions.read == (piece < 2 ? next : nil))
        }
        #expect(state.phase == .following && state.head == self.head(1510))
    }

    @Test func `a hint that the log does not bear out is forgotten`() {
        var state = self.following()
        _ = state.hint(epoch: self.epoch, [.sample(1000)], now: 1000)
        _ = state.timePassed(now: 1020)
        #expect(
            state.eventsRead(1, [.sample(11)], head: self.head(11), now: 1021)
                == self.actions { $0.deliver = [.sample(11)] })
        #expect(state.phase == .following && state.head == self.head(11))
    }

    @Test func `what was read of a database that has gone back meanwhile is not delivered`() {
        for head in [self.head(9), StreamHead(epoch: self.other, seq: 30)] {
            var state = self.repairing()
            #expect(
                state.eventsRead(1, [.sample(11, of: 2)], head: head, now: 1021) == self.actions { $0.reset = head })
            #expect(state.phase == .following && state.head == head)
        }
    }

    @Test func `a log that lacks what its head has, or jumps, is not followed on`() {
        for events in [[], LoggedEvent.samples(11...11), [.sample(12)], [.sample(11), .sample(13)], [.sample(10)]] {
            var state = self.following()
            _ = state.headRead(self.head(13), asked: state.question, now: 1000)
            _ = state.timePassed(now: 1020)
            let old = state.question
            #expect(
                state.eventsRead(1, events, head: self.head(13), now: 1021)
                    == self.actions { $0.wantsHead = true })
            #expect(state.phase == .readingHead(isReset: true) && state.head == nil)
            #expect(state.headRead(self.head(13), asked: old, now: 1021) == FollowerActions(), "an old answer")
            #expect(
                state.headRead(self.head(13), asked: state.question, now: 1022)
                    == self.actions { $0.reset = self.head(13) })
            #expect(state.phase == .following)
        }
    }

    // MARK: Resting

    @Test func `reads that fail are repeated more calmly each time, and hints still count`() {
        var state = self.repairing()
        var now: UInt64 = 1020
        for (number, pause) in [100, 200, 400, 800, 1600, 3200, 5000, 5000].enumerated() {
            #expect(state.readFailed(UInt64(number + 1), now: now) == FollowerActions())
            #expect(state.phase == .resting(until: now + UInt64(pause)))
            #expect(state.timePassed(now: now + UInt64(pause) - 1) == FollowerActions())
            now += UInt64(pause)
            #expect(state.timePassed(now: now).read?.after == 10)
        }
        _ = state.readFailed(9, now: now)
        #expect(state.hint(epoch: self.epoch, [.sample(11)], now: now).deliver == LoggedEvent.samples(11...12))
        #expect(state.phase == .following)
        _ = state.hint(epoch: self.epoch, [.sample(14)], now: now)
        _ = state.timePassed(now: now + 20)
        _ = state.eventsRead(10, [.sample(13)], head: self.head(14), now: now + 20)
        _ = state.hint(epoch: self.epoch, [.sample(16)], now: now)
        _ = state.timePassed(now: now + 20)
        _ = state.readFailed(11, now: now)
        #expect(state.phase == .resting(until: now + 100), "a success in between is a new beginning")
    }

    @Test func `what waits is bounded, and what is beyond is read`() {
        var terms = FollowerTerms()
        terms.mostWaiting = 3
        var state = FollowerState(terms: terms, now: 0, isBusHealthy: true)
        _ = state.subscribed()
        _ = state.headRead(self.head(0), asked: state.question, now: 0)
        for seq in Int64(2)...10 { _ = state.hint(epoch: self.epoch, [.sample(seq)], now: 0) }
        #expect(state.timePassed(now: 20).read?.through == 1)
        #expect(state.eventsRead(1, [.sample(1)], head: self.head(10), now: 20).deliver == LoggedEvent.samples(1...4))
        #expect(state.phase == .waiting(since: 20))
        let rest = FollowerActions.GapRead(
            number: 2, after: 4, through: 10, limit: 500, notBefore: LoggedEvent.sample(4).recordedAt)
        #expect(state.timePassed(now: 40).read == rest)
    }

    @Test func `a gap is looked for no earlier than what came before it`() {
        let (first, moment) = (Timestamp(milliseconds: 5), LoggedEvent.sample(11).recordedAt)
        var state = self.readingHead()
        let head = StreamHead(epoch: self.epoch, seq: 10, lastAt: first)
        _ = state.headRead(head, asked: state.question, now: 1000)
        _ = state.hint(epoch: self.epoch, [.sample(12)], now: 1000)
        #expect(state.timePassed(now: 1020).read?.notBefore == first, "the head was the last that is known of")
        _ = state.eventsRead(1, [.sample(11)], head: self.head(12), now: 1020)
        _ = state.hint(epoch: self.epoch, [.sample(14)], now: 1020)
        #expect(state.timePassed(now: 1040).read?.notBefore == LoggedEvent.sample(12).recordedAt && moment > first)
        // The time of a stream that has been lost says nothing about the one in its place.
        let reset = state.eventsRead(2, [], head: StreamHead(epoch: self.other, seq: 20), now: 1040)
        #expect(reset.reset?.seq == 20)
        _ = state.headRead(StreamHead(epoch: self.other, seq: 22), asked: state.question, now: 1040)
        #expect(state.timePassed(now: 1060).read?.notBefore == nil)
    }

    @Test func `it is behind by what it knows of and has not delivered`() {
        #expect(self.readingHead().behind == 0)
        var state = self.following()
        #expect(state.behind == 0)
        _ = state.headRead(self.head(14), asked: state.question, now: 1000)
        #expect(state.behind == 4)
        _ = state.hint(epoch: self.epoch, LoggedEvent.samples(11...13), now: 1000)
        #expect(state.behind == 1)
    }
}
