public import Synchronization

/// A whole number that rises and falls: one series, found through ``MetricsRegistry/gauge(_:help:labels:)``.
///
/// Any thread may change it; a loop changes a ``shard()`` of its own, and the series shows the sum. A figure that must be
/// computed is sampled by a collector instead.
public final class Gauge: Sendable {
    // Numbers are kept in two's complement, so that the sum of shards wraps to the right value, negative ones included.
    private let shared = MetricCell()
    private let shards = Locked<[MetricCell]>([])

    init() {}

    /// Adds `amount`, which may be negative; from any thread.
    public func add(_ amount: Int64) {
        self.shared.value.wrappingAdd(UInt64(bitPattern: amount), ordering: .relaxed)
    }

    /// Replaces what threads without a shard have added up; from any thread.
    public func set(_ value: Int64) {
        self.shared.value.store(UInt64(bitPattern: value), ordering: .relaxed)
    }

    /// A part of this number that one thread writes alone. Made once per loop.
    public func shard() -> GaugeShard {
        GaugeShard(self.shards.addCell())
    }

    /// The sum of all parts.
    public var current: Int64 {
        Int64(bitPattern: self.shards.withLock { cells in cells.reduce(self.shared.current) { $0 &+ $1.current } })
    }
}

/// One thread's part of a ``Gauge``. Not `Sendable`: it is made on the thread that uses it.
public struct GaugeShard {
    @usableFromInline let cell: MetricCell

    init(_ cell: MetricCell) {
        self.cell = cell
    }

    /// Adds `amount`, which may be negative.
    @inlinable
    public func add(_ amount: Int64) { self.cell.addAlone(UInt64(bitPattern: amount)) }

    /// Replaces this thread's part.
    @inlinable
    public func set(_ value: Int64) { self.cell.value.store(UInt64(bitPattern: value), ordering: .relaxed) }
}

@available(*, unavailable)
extension GaugeShard: Sendable {}
