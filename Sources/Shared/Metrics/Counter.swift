public import Synchronization

/// A count that only grows: one series of a family, found through ``MetricsRegistry/counter(_:help:labels:)``.
///
/// Any thread may add to it. What one event loop counts often it counts in a ``shard()`` of its own; the series shows the
/// sum.
public final class Counter: Sendable {
    private let shared = MetricCell()
    private let shards = Locked<[MetricCell]>([])

    init() {}

    /// Adds one; from any thread.
    public func increment() { self.add(1) }

    /// Adds `amount`; from any thread.
    public func add(_ amount: UInt64) {
        self.shared.value.wrappingAdd(amount, ordering: .relaxed)
    }

    /// A part of this count that one thread writes alone, with a load and a store instead of a locked instruction.
    ///
    /// It lives as long as the counter: made once per loop, not per event.
    public func shard() -> CounterShard {
        CounterShard(self.shards.addCell())
    }

    /// The sum of all parts. Parts are read one after the other while others count on.
    public var total: UInt64 {
        self.shards.withLock { cells in cells.reduce(self.shared.current) { $0 &+ $1.current } }
    }
}

/// One thread's part of a ``Counter``. Not `Sendable`: it is made on the thread that uses it.
public struct CounterShard {
    @usableFromInline let cell: MetricCell

    init(_ cell: MetricCell) {
        self.cell = cell
    }

    /// Adds one.
    @inlinable
    public func increment() { self.add(1) }

    /// Adds `amount`.
    @inlinable
    public func add(_ amount: UInt64) { self.cell.addAlone(amount) }
}

@available(*, unavailable)
extension CounterShard: Sendable {}

/// The memory of one count. Relaxed order is enough: a figure publishes no other data.
@usableFromInline
final class MetricCell: Sendable {
    @usableFromInline let value = Atomic<UInt64>(0)

    init() {}

    var current: UInt64 { self.value.load(ordering: .relaxed) }

    /// For the only thread that writes this cell.
    @inlinable
    func addAlone(_ amount: UInt64) {
        self.value.store(self.value.load(ordering: .relaxed) &+ amount, ordering: .relaxed)
    }
}

extension Locked where State == [MetricCell] {
    func addCell() -> MetricCell {
        self.withLock { cells in
            let cell = MetricCell()
            cells.append(cell)
            return cell
        }
    }
}
