package import Synchronization

/// What one loop tells the outside about itself; written by the loop once per turn, read by anyone.
package final class LoopStatistics: Sendable {
    /// Upper bounds of the turn histogram in microseconds; one bucket more holds what took longer.
    package static let turnBounds: [UInt64] = [
        100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100_000, 250_000, 1_000_000,
    ]

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
    private let turnBuckets: [TurnBucket] = (0...turnBounds.count).map { _ in TurnBucket() }

    private final class TurnBucket: Sendable {
        let count = Atomic<UInt64>(0)
    }

    package init() {}

    /// How many turns fell into each bucket of `turnBounds`, then those above.
    package var turnHistogram: [UInt64] { self.turnBuckets.map { $0.count.load(ordering: .relaxed) } }

    func recordTurn(microseconds: UInt64) {
        let index = Self.turnBounds.firstIndex { microseconds <= $0 } ?? Self.turnBounds.count
        Self.add(1, to: self.turnBuckets[index].count)
        Self.add(1, to: self.turns)
        Self.add(microseconds, to: self.turnMicroseconds)
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
