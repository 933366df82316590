/// Judges what all sockets of a worker hear of the changes that were made: whether each that was accepted arrived at every socket
/// that listens to its tenant, once, in the order of the stream, and nowhere else.
///
/// What is owed is known when the command's answer is: until then arrivals are kept, and counted as deliveries then. A change
/// that nobody answered for is neither owed nor delivered.
final class ChangeJudge {
    /// What is known of one command.
    private struct Change {
        /// Of the event: the same for everybody who hears it.
        var seq: Int64?
        /// Arrivals before the answer was known, in monotonic nanoseconds.
        var early: [UInt64] = []
        var answer: Confirmation?
        /// Who heard of it first.
        var audience: Int?

        /// Whether the answer allows that this audience is told of it there: the change is visible from that place on, so it
        /// cannot be told behind it.
        func isPlausible(_ seq: Int64, for audience: Int) -> Bool {
            guard let answer = self.answer else { return true }
            return audience == answer.audience && seq <= answer.seq
        }
    }

    private let run: UInt32
    private let channels: [String]
    private let measurements: Measurements
    private var trackers: [SequenceTracker]
    private var changes: [UInt32: Change] = [:]
    private var watching: [UInt64]

    /// - Parameters:
    ///   - run: marks the commands of this run.
    ///   - channels: of the audiences.
    ///   - sockets: how many there will be.
    init(run: UInt64, channels: [String], sockets: Int, measurements: Measurements) {
        self.run = UInt32(truncatingIfNeeded: run)
        (self.channels, self.measurements) = (channels, measurements)
        self.trackers = Array(repeating: SequenceTracker(), count: sockets)
        self.watching = Array(repeating: 0, count: channels.count)
    }

    /// From now on a socket of this audience is owed what is told to it.
    func watches(_ audience: Int) { self.watching[audience] += 1 }

    /// A socket of this audience heard an event.
    func heard(_ socket: Int, of audience: Int, _ event: HotelEvent, at now: UInt64) {
        guard event.channel == self.channels[audience], event.seq > 0 else { return self.count(.strangers) }
        let arrival = self.trackers[socket].arrived(UInt64(event.seq))
        guard let stamp = event.stamp, stamp.run == self.run else {
            // Somebody else works in the hotel; order and once hold for that, too.
            if self.measurements.window.counts(now) { self.note(arrival) }
            return self.count(.foreign)
        }
        guard self.measurements.window.counts(stamp.due) else { return }
        guard self.note(arrival), event.name == HotelEvent.change else { return }
        var change = self.changes[stamp.number] ?? Change()
        if let seq = change.seq, seq != event.seq { return self.count(.duplicates) }
        guard change.audience ?? audience == audience, change.isPlausible(event.seq, for: audience) else {
            return self.count(.strangers)
        }
        (change.seq, change.audience) = (event.seq, audience)
        if let answer = change.answer {
            self.deliver(answer, at: now)
        } else {
            change.early.append(now)
        }
        self.changes[stamp.number] = change
    }

    /// The cluster has accepted a command.
    func confirmed(_ confirmation: Confirmation) {
        guard self.measurements.window.counts(confirmation.due), self.watching.indices.contains(confirmation.audience)
        else { return }
        self.count(.confirmed)
        self.count(.owed, self.watching[confirmation.audience])
        var change = self.changes[confirmation.number] ?? Change()
        let early = change.early
        (change.answer, change.early) = (confirmation, [])
        let (seq, audience) = (change.seq ?? confirmation.seq, change.audience ?? confirmation.audience)
        let isPlausible = change.isPlausible(seq, for: audience)
        if !isPlausible { (change.seq, change.audience) = (nil, nil) }
        self.changes[confirmation.number] = change
        guard isPlausible else { return self.count(.strangers, UInt64(early.count)) }
        for instant in early { self.deliver(confirmation, at: instant) }
    }

    private func deliver(_ answer: Confirmation, at instant: UInt64) {
        let (due, answered) = (answer.due, answer.answered)
        self.count(.deliveries)
        self.measurements.result.latency.record(instant > due ? instant - due : 0)
        // Who hears of it before its author does has waited for nothing.
        self.measurements.result.answerLatency.record(instant > answered ? instant - answered : 0)
    }

    /// - Returns: whether it is news.
    @discardableResult
    private func note(_ arrival: SequenceTracker.Arrival) -> Bool {
        switch arrival {
        case .inOrder: return true
        case .late:
            self.count(.disorder)
            return true
        case .duplicate:
            self.count(.duplicates)
            return false
        }
    }

    private func count(_ figure: Figure, _ number: UInt64 = 1) {
        self.measurements.result.figures[figure] &+= number
    }
}
