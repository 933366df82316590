internal import Shared

/// Follows one stream: takes hints, heads and reads in whatever order they come, and says what is to be delivered.
///
/// What always holds: within one epoch everything that is delivered is `delivered + 1, delivered + 2, …`, each once, as the
/// log or a hint of this epoch gave it. It does no I/O and knows no clock: it is told the time, and says in `deadline` when
/// it wants to be told again.
///
/// The start is in this order: the subscription is confirmed, then the head is asked for, then `delivered` is the head. A
/// commit before that answer is in the head, one after it in a hint that comes, or in a later head.
struct FollowerState {
    enum Phase: Equatable {
        /// The bus has not confirmed yet; hints would be missed.
        case subscribing(since: UInt64)
        /// The head is asked for: at the start, or because the log is not what was followed.
        case readingHead(isReset: Bool)
        /// Nothing is known to be missing.
        case following
        /// A later event is known of; the one before it may be on its way.
        case waiting(since: UInt64)
        /// What is missing is being read.
        case repairing(FollowerActions.GapRead)
        /// The last read failed.
        case resting(until: UInt64)
    }

    private let terms: FollowerTerms
    private(set) var phase: Phase
    private(set) var epoch: Epoch?
    private(set) var delivered: Int64 = 0
    /// No event behind `delivered` was recorded before this, if it is known: the log never runs backwards in time.
    private(set) var notBefore: Timestamp?
    /// The latest event that a hint or a head told of.
    private var known: Int64 = 0
    /// The latest event that a head told of: the log has it for certain.
    private var confirmed: Int64 = 0
    /// Events behind a gap.
    private var waiting: [Int64: LoggedEvent] = [:]
    private var waitingBytes = 0
    /// The epoch of the hints that wait while the head is being read.
    private var waitingEpoch: Epoch?
    private var lastRead: UInt64 = 0
    private var failures: UInt64 = 0
    /// Raised whenever positions of before lose their meaning.
    private var generation: UInt64 = 0
    /// Without a healthy bus there is nothing to wait for.
    var isBusHealthy: Bool

    init(terms: FollowerTerms, now: UInt64, isBusHealthy: Bool) {
        self.terms = terms
        self.phase = .subscribing(since: now)
        self.isBusHealthy = isBusHealthy
    }

    /// When `timePassed` is wanted; being told earlier or more often does no harm.
    var deadline: UInt64? {
        switch self.phase {
        case .subscribing(let since): self.isBusHealthy ? since + self.terms.confirmMilliseconds : since
        case .waiting(let since): self.isBusHealthy ? since + self.terms.reorderMilliseconds : since
        case .resting(let until): until
        case .readingHead, .following, .repairing: nil
        }
    }

    /// Whether it has a position.
    var isStarted: Bool {
        switch self.phase {
        case .subscribing, .readingHead: false
        case .following, .waiting, .repairing, .resting: true
        }
    }

    /// How many events are known of and have not been delivered.
    var behind: Int64 { self.isStarted ? self.known - self.delivered : 0 }

    /// Whether a head is of use to it now.
    var takesHeads: Bool {
        if case .subscribing = self.phase { return false }
        return true
    }

    var head: StreamHead? {
        guard self.isStarted, let epoch = self.epoch else { return nil }
        return StreamHead(epoch: epoch, seq: self.delivered)
    }

    /// Whether this hint proves that the log went back behind what was delivered, even if it has come further again meanwhile.
    ///
    /// Within an epoch the log never runs backwards in time: what has the number of a delivered event, or a lower one, was
    /// recorded no later than the latest that was delivered. Otherwise another event bears a number that was given before.
    func isContradicted(by hint: Hint) -> Bool {
        guard self.isStarted, hint.epoch == self.epoch, hint.firstSeq <= self.delivered, let notBefore = self.notBefore
        else { return false }
        return hint.recordedAt > notBefore
    }

    // MARK: Inputs

    /// The bus has confirmed: for the first time, or again after a loss.
    mutating func subscribed() -> FollowerActions {
        if case .subscribing = self.phase { self.phase = .readingHead(isReset: false) }
        var actions = FollowerActions()
        // After a loss whatever was said meanwhile is in the head.
        actions.wantsHead = true
        return actions
    }

    /// The time that `deadline` named has come, or not yet.
    mutating func timePassed(now: UInt64) -> FollowerActions {
        var actions = FollowerActions()
        guard let deadline = self.deadline, deadline <= now else { return actions }
        switch self.phase {
        case .subscribing:
            self.phase = .readingHead(isReset: false)
            actions.wantsHead = true
        case .waiting, .resting:
            self.readGap(&actions)
        case .readingHead, .following, .repairing: break
        }
        return actions
    }

    /// To be taken along with a question about the head, and given back with its answer.
    var question: HeadQuestion { HeadQuestion(generation: self.generation, delivered: self.delivered) }

    /// The head as the store had it some time after `question` was taken; `nil` if the store knows no such stream.
    mutating func headRead(_ head: StreamHead?, asked question: HeadQuestion, now: UInt64) -> FollowerActions {
        var actions = FollowerActions()
        // The answer to a question from before a reset says nothing about what is followed since.
        guard self.takesHeads, question.generation == self.generation else { return actions }
        guard let head else {
            // A stream that has been followed does not cease to be; if it does, there is nothing more to tell of it.
            actions.isMissing = !self.isStarted
            return actions
        }
        if case .readingHead(let isReset) = self.phase {
            self.begin(at: head)
            if isReset { actions.reset = head } else { actions.started = head }
        } else if head.epoch != self.epoch || head.seq < question.delivered {
            self.forgetWaiting()
            self.begin(at: head)
            actions.reset = head
        } else {
            self.confirmed = max(self.confirmed, head.seq)
            self.known = max(self.known, head.seq)
        }
        self.settle(now: now, &actions)
        return actions
    }

    /// A hint of these events; they may be fewer than it had, if those at the front have been delivered.
    mutating func hint(epoch: Epoch, _ events: [LoggedEvent], now: UInt64) -> FollowerActions {
        var actions = FollowerActions()
        switch self.phase {
        case .subscribing: return actions
        case .readingHead:
            // Which epoch is the right one, the head will say.
            if epoch != self.waitingEpoch { self.forgetWaiting() }
            self.waitingEpoch = epoch
            for event in events { self.keep(event, &actions) }
        case .following, .waiting, .repairing, .resting:
            guard epoch == self.epoch else {
                // Either the news is old, or what we know is: the head decides.
                actions.wantsHead = true
                return actions
            }
            self.take(events, &actions)
            self.settle(now: now, &actions)
        }
        return actions
    }

    /// What the log gave for a `GapRead`, and the head as it was **after** that: only if the epoch is still the same are these
    /// the events that were missing, and not those of a database that has gone back meanwhile.
    mutating func eventsRead(
        _ number: UInt64, _ events: [LoggedEvent], head: StreamHead, now: UInt64
    ) -> FollowerActions {
        var actions = FollowerActions()
        guard case .repairing(let read) = self.phase, read.number == number else { return actions }
        self.failures = 0
        self.phase = .following
        guard head.epoch == self.epoch, head.seq >= read.after else {
            self.forgetWaiting()
            self.begin(at: head)
            actions.reset = head
            return actions
        }
        let end = read.after + Int64(events.count)
        let isWhole = end >= read.through || events.count >= read.limit
        guard self.isGapless(events, in: read), isWhole || end >= self.confirmed else {
            // The log is not what was followed: it has been cut or replaced.
            self.lose(&actions)
            return actions
        }
        self.take(events, &actions)
        if !isWhole {
            // Only a hint said that there is more, and it was wrong: what it brought is not believed either.
            self.forgetWaiting()
            self.known = max(self.delivered, self.confirmed)
        }
        self.confirmed = max(self.confirmed, head.seq)
        self.known = max(self.known, head.seq)
        if isWhole, self.delivered < read.through {
            self.readGap(&actions)
        } else {
            self.settle(now: now, &actions)
        }
        return actions
    }

    /// A `GapRead` failed: it is repeated, more calmly each time.
    mutating func readFailed(_ number: UInt64, now: UInt64) -> FollowerActions {
        guard case .repairing(let read) = self.phase, read.number == number else { return FollowerActions() }
        let pause = self.terms.firstRestMilliseconds << min(self.failures, 10)
        self.failures += 1
        self.phase = .resting(until: now + min(pause, self.terms.longestRestMilliseconds))
        var actions = FollowerActions()
        self.settle(now: now, &actions)
        return actions
    }
}

extension FollowerState {
    // MARK: Positions

    private mutating func begin(at head: StreamHead) {
        self.generation += 1
        self.phase = .following
        self.failures = 0
        self.epoch = head.epoch
        self.delivered = head.seq
        self.notBefore = head.lastAt
        self.confirmed = head.seq
        self.known = head.seq
        if self.waitingEpoch == head.epoch {
            for seq in self.waiting.keys where seq <= head.seq { self.drop(seq) }
            self.known = max(self.known, self.waiting.keys.max() ?? 0)
        } else {
            self.forgetWaiting()
        }
        self.waitingEpoch = nil
    }

    /// What was delivered cannot be gone on from: the head is asked for anew, and those who listen start there.
    private mutating func lose(_ actions: inout FollowerActions) {
        self.forgetWaiting()
        self.generation += 1
        self.epoch = nil
        self.delivered = 0
        self.notBefore = nil
        self.phase = .readingHead(isReset: true)
        actions.wantsHead = true
    }

    private func isGapless(_ events: [LoggedEvent], in read: FollowerActions.GapRead) -> Bool {
        events.indices.allSatisfy { events[$0].seq == read.after + 1 + Int64($0) }
            && Int64(events.count) <= read.through - read.after
    }

    // MARK: Events

    private mutating func take(_ events: [LoggedEvent], _ actions: inout FollowerActions) {
        for event in events {
            if event.seq == self.delivered + 1 {
                if self.waiting[event.seq] != nil { self.drop(event.seq) }
                self.deliver(event, &actions)
            } else {
                self.keep(event, &actions)
            }
        }
        while let next = self.waiting[self.delivered + 1] {
            self.drop(next.seq)
            self.deliver(next, &actions)
        }
        self.known = max(self.known, self.delivered)
    }

    private mutating func deliver(_ event: LoggedEvent, _ actions: inout FollowerActions) {
        self.delivered = event.seq
        self.notBefore = event.recordedAt
        actions.deliver.append(event)
    }

    private mutating func keep(_ event: LoggedEvent, _ actions: inout FollowerActions) {
        guard event.seq > self.delivered || !self.isStarted, self.waiting[event.seq] == nil else {
            actions.duplicates += 1
            return
        }
        self.known = max(self.known, event.seq)
        guard self.waiting.count < self.terms.mostWaiting, self.waitingBytes < self.terms.mostWaitingBytes else {
            return
        }
        self.waiting[event.seq] = event
        self.waitingBytes += event.byteCount
    }

    private mutating func drop(_ seq: Int64) {
        if let event = self.waiting.removeValue(forKey: seq) { self.waitingBytes -= event.byteCount }
    }

    private mutating func forgetWaiting() {
        self.waiting.removeAll()
        self.waitingBytes = 0
    }

    // MARK: Gaps

    /// Brings the phase into agreement with what is known after an input.
    private mutating func settle(now: UInt64, _ actions: inout FollowerActions) {
        // What waited for the head may follow on it.
        self.take([], &actions)
        let isComplete = self.delivered >= self.known
        switch self.phase {
        case .subscribing, .readingHead, .repairing: break
        case .following:
            if !isComplete { self.phase = .waiting(since: now) }
        case .waiting:
            if isComplete {
                self.phase = .following
            } else if !actions.deliver.isEmpty {
                // The gap that was waited for has closed; this is another one.
                self.phase = .waiting(since: now)
            }
        case .resting: if isComplete { self.phase = .following }
        }
        if case .waiting = self.phase, !self.isBusHealthy { self.readGap(&actions) }
    }

    private mutating func readGap(_ actions: inout FollowerActions) {
        let end = self.waiting.keys.min().map { $0 - 1 } ?? self.known
        self.lastRead += 1
        let read = FollowerActions.GapRead(
            number: self.lastRead, after: self.delivered, through: end, limit: self.terms.eventsPerRead,
            notBefore: self.notBefore)
        self.phase = .repairing(read)
        actions.read = read
    }
}
