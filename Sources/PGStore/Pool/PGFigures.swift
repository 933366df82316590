internal import Synchronization

/// What a pool tells about itself, as it was when somebody asked.
package struct PGFigures: Equatable, Sendable {
    /// Sessions that are open, in use or not.
    package var open = 0
    /// Open sessions that nobody uses.
    package var idle = 0
    /// Transactions that wait for a session.
    package var waiting = 0
    /// Sessions opened since the start.
    package var opened = 0
    /// Sessions that the server or the network ended.
    package var broken = 0
    /// Attempts to connect that failed.
    package var connectFailures = 0
    /// Transactions that were done again after a conflict or a lost session.
    package var retries = 0
    /// Transactions that were turned away because too many waited.
    package var turnedAway = 0
    /// Transactions that ended at their deadline or with their task.
    package var abandoned = 0
    /// Commits whose answer did not come.
    package var unknownOutcomes = 0
}

/// The pool's own counters, written by its loop and by tasks, read by anybody.
final class PGCounters: Sendable {
    let open = Atomic<Int>(0)
    let idle = Atomic<Int>(0)
    let waiting = Atomic<Int>(0)
    let opened = Atomic<Int>(0)
    let broken = Atomic<Int>(0)
    let connectFailures = Atomic<Int>(0)
    let retries = Atomic<Int>(0)
    let turnedAway = Atomic<Int>(0)
    let abandoned = Atomic<Int>(0)
    let unknownOutcomes = Atomic<Int>(0)

    var figures: PGFigures {
        var figures = PGFigures()
        figures.open = self.open.load(ordering: .relaxed)
        figures.idle = self.idle.load(ordering: .relaxed)
        figures.waiting = self.waiting.load(ordering: .relaxed)
        figures.opened = self.opened.load(ordering: .relaxed)
        figures.broken = self.broken.load(ordering: .relaxed)
        figures.connectFailures = self.connectFailures.load(ordering: .relaxed)
        figures.retries = self.retries.load(ordering: .relaxed)
        figures.turnedAway = self.turnedAway.load(ordering: .relaxed)
        figures.abandoned = self.abandoned.load(ordering: .relaxed)
        figures.unknownOutcomes = self.unknownOutcomes.load(ordering: .relaxed)
        return figures
    }
}

extension Atomic<Int> {
    func count() { self.wrappingAdd(1, ordering: .relaxed) }
}
