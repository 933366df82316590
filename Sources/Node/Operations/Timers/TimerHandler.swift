package import Ports
internal import Shared

/// What became of a timer's work.
package enum TimerOutcome: Equatable, Sendable {
    /// It is done, and harmless if it is done again: the runner finishes the timer.
    case done
    /// The transaction that had the effect has finished the timer, or set it anew.
    case settled
    /// Nothing is wrong, it is only too early: to be asked again after a while.
    case later(Duration)
}

/// Does the work of one kind of timers. Its effect must be idempotent: a timer whose claim ended is done by another node.
package struct TimerHandler: Sendable {
    package let kind: TimerKind
    let work: @Sendable (ClaimedTimer) async throws -> TimerOutcome

    /// - Parameter work: does what is due, and ends soon when its task is cancelled: then the claim is about to end. What it
    ///   throws is logged, so it holds no personal data; the timer is tried again later.
    package init(_ kind: TimerKind, work: @escaping @Sendable (ClaimedTimer) async throws -> TimerOutcome) {
        self.kind = kind
        self.work = work
    }
}

/// How a `TimerRunner` goes about its work.
package struct TimerTerms: Sendable {
    /// Between two looks when nothing is due, a quarter more or less.
    package var interval = Duration.seconds(1)
    /// Between two looks while the store cannot be reached, doubled with each, up to the last.
    package var pauseWithoutStore = Duration.milliseconds(250)
    package var longestPauseWithoutStore = Duration.seconds(10)
    /// Timers that are claimed by one question.
    package var batch = 16
    /// Timers that are worked on at once, and of these the most that may be of one kind.
    package var atOnce = 8
    package var atOnceOfOneKind = 6
    /// How long a claim holds.
    package var lease = Duration.seconds(30)
    /// When the work of a claim is given up and counted as failed: before the claim ends.
    package var workLimit = Duration.seconds(25)
    /// After the first failure; doubled with each, up to the last.
    package var firstPause = Duration.seconds(2)
    package var longestPause = Duration.seconds(3_600)
    /// From this attempt on a failure is an error that someone must look at.
    package var poisonAttempts = 5
    /// Works that were given up and have not ended; at this many nothing more is claimed.
    package var strayLimit = 64
    /// How long `stop` lets work that runs come to its end.
    package var stopLimit = Duration.seconds(10)

    package init() {}

    /// The pause after a failure: it grows with the attempts and is never as long as another's.
    func pause(after attempt: Int) -> Duration {
        let doublings = min(max(attempt, 1) - 1, 30)
        let pause = min(self.firstPause * (1 << doublings), self.longestPause)
        return pause * Double.random(in: 0.75...1.25)
    }
}
