internal import Shared
package import Synchronization

/// What one loop tells the outside about itself; written by the loop once per turn, read by anyone.
package final class LoopStatistics: Sendable {
    package let connections = Atomic<Int>(0)
    package let accepted = Atomic<UInt64>(0)
    /// Connections turned away because descriptors or places ran out.
    package let refused = Atomic<UInt64>(0)
    package let acceptErrors = Atomic<UInt64>(0)
    package let bytesReceived = Atomic<UInt64>(0)
    package let bytesSent = Atomic<UInt64>(0)
    package let sends = Atomic<UInt64>(0)
    /// Bytes that wait in outboxes now.
    package let outboxBytes = Atomic<Int>(0)
    package let slowConsumers = Atomic<UInt64>(0)
    /// Closings that had to be cut off because the peer did not finish in time.
    package let slowCloses = Atomic<UInt64>(0)
    package let turns = Atomic<UInt64>(0)
    package let turnMicroseconds = Atomic<UInt64>(0)
    /// Monotonic milliseconds at the start of the last turn; a loop turns at least once a second.
    package let heartbeat = Atomic<UInt64>(0)
    private let turnBuckets: [TurnBucket] = (0...LoopFigures.turnBounds.count).map { _ in TurnBucket() }

    private final class TurnBucket: Sendable {
        let count = Atomic<UInt64>(0)
    }

    package init() {}

    func recordTurn(microseconds: UInt64) {
        let bounds = LoopFigures.turnBounds
        let index = bounds.firstIndex { microseconds <= $0 } ?? bounds.count
        Self.add(1, to: self.turnBuckets[index].count)
        Self.add(1, to: self.turns)
        Self.add(microseconds, to: self.turnMicroseconds)
    }

    /// All figures as they are now.
    func figures(of loop: Int) -> LoopFigures {
        var figures = LoopFigures()
        figures.loop = loop
        figures.connections = self.connections.load(ordering: .relaxed)
        figures.accepted = self.accepted.load(ordering: .relaxed)
        figures.refused = self.refused.load(ordering: .relaxed)
        figures.acceptErrors = self.acceptErrors.load(ordering: .relaxed)
        figures.bytesReceived = self.bytesReceived.load(ordering: .relaxed)
        figures.bytesSent = self.bytesSent.load(ordering: .relaxed)
        figures.sends = self.sends.load(ordering: .relaxed)
        figures.outboxBytes = self.outboxBytes.load(ordering: .relaxed)
        figures.slowConsumers = self.slowConsumers.load(ordering: .relaxed)
        figures.slowCloses = self.slowCloses.load(ordering: .relaxed)
        figures.turns = self.turnBuckets.map { $0.count.load(ordering: .relaxed) }
        figures.turnMicroseconds = self.turnMicroseconds.load(ordering: .relaxed)
        return figures
    }

    /// One writer, so a load and a store do; an atomic addition would lock the bus for nothing.
    private static func add(_ amount: UInt64, to counter: borrowing Atomic<UInt64>) {
        counter.store(counter.load(ordering: .relaxed) &+ amount, ordering: .relaxed)
    }
}

/// The same figures while a turn runs: plain numbers, published at its end.
struct LoopTally {
    var accepted: UInt64 = 0
    var refused: UInt64 = 0
    var acceptErrors: UInt64 = 0
    var bytesReceived: UInt64 = 0
    var bytesSent: UInt64 = 0
    var sends: UInt64 = 0
    var outboxBytes = 0
    var slowConsumers: UInt64 = 0
    var slowCloses: UInt64 = 0

    func publish(to statistics: LoopStatistics, connections: Int) {
        statistics.connections.store(connections, ordering: .relaxed)
        statistics.accepted.store(self.accepted, ordering: .relaxed)
        statistics.refused.store(self.refused, ordering: .relaxed)
        statistics.acceptErrors.store(self.acceptErrors, ordering: .relaxed)
        statistics.bytesReceived.store(self.bytesReceived, ordering: .relaxed)
        statistics.bytesSent.store(self.bytesSent, ordering: .relaxed)
        statistics.sends.store(self.sends, ordering: .relaxed)
        statistics.outboxBytes.store(self.outboxBytes, ordering: .relaxed)
        statistics.slowConsumers.store(self.slowConsumers, ordering: .relaxed)
        statistics.slowCloses.store(self.slowCloses, ordering: .relaxed)
    }
}
