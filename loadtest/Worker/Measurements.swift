/// Where everything on a worker's loop writes what it measures. Not `Sendable`: it belongs to the loop.
final class Measurements {
    var result = WorkerResult()
    var window = Window(begin: .max, from: .max, end: .max)

    /// A socket is open whose connect was due at `due`.
    func noteOpened(due: UInt64, at now: UInt64) {
        self.result.figures[.opened] &+= 1
        self.result.connectTimes.record(now > due ? now - due : 0)
        let first = min(self.result.ramp?.lowerBound ?? due, due)
        self.result.ramp = first...max(now, first)
    }

    func noteFailed(_ failure: ConnectFailure) {
        self.result.figures[.failed] &+= 1
        self.result.failures.add(failure)
    }
}

/// Judges the messages of all sockets of a worker: which are news, which came twice, late, or from somebody else.
final class MessageJudge {
    let form: MessageForm
    private let measurements: Measurements
    private var trackers: [SequenceTracker]

    init(_ form: MessageForm, sockets: Int, measurements: Measurements) {
        self.form = form
        self.measurements = measurements
        self.trackers = Array(repeating: SequenceTracker(), count: sockets)
    }

    /// A message came on a socket. Only what is due within the window is counted; strangers always are.
    ///
    /// - Parameter lane: what the stamp must say.
    func judge(_ socket: Int, _ message: UnsafeRawBufferPointer, lane: UInt32, at now: UInt64) {
        guard let stamp = self.form.stamp(of: message), stamp.lane == lane else {
            self.measurements.result.figures[.strangers] &+= 1
            return
        }
        let arrival = self.trackers[socket].arrived(stamp.sequence)
        guard self.measurements.window.counts(stamp.due) else { return }
        switch arrival {
        case .inOrder: break
        case .late: self.measurements.result.figures[.disorder] &+= 1
        case .duplicate:
            self.measurements.result.figures[.duplicates] &+= 1
            return
        }
        self.measurements.result.figures[.deliveries] &+= 1
        self.measurements.result.latency.record(now > stamp.due ? now - stamp.due : 0)
    }
}
