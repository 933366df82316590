internal import Synchronization

/// How many observations fell below each of a few fixed bounds: one series, found through
/// ``MetricsRegistry/histogram(_:help:scale:labels:)``.
///
/// Observations are whole numbers (nanoseconds, bytes), so nothing is lost in sums; the scale says how they are shown.
public final class Histogram: Sendable {
    let scale: HistogramScale
    private let shared: HistogramCells
    private let shards = Locked<[HistogramCells]>([])

    init(_ scale: HistogramScale) {
        self.scale = scale
        self.shared = HistogramCells(bounds: scale.bounds)
    }

    /// Counts one observation, in the scale's raw unit; from any thread.
    public func observe(_ value: UInt64) {
        self.shared.observe(value)
    }

    /// A part that one thread writes alone. Made once per loop.
    public func shard() -> HistogramShard {
        let cells = HistogramCells(bounds: self.scale.bounds)
        self.shards.withLock { $0.append(cells) }
        return HistogramShard(cells)
    }

    /// Observations per bucket, not cumulated, the last without a bound; and the sum of all values in the raw unit.
    var snapshot: (buckets: [UInt64], sum: UInt64) {
        self.shards.withLock { shards in
            var buckets = [UInt64](repeating: 0, count: self.scale.bounds.count + 1)
            var sum: UInt64 = 0
            for cells in shards + [self.shared] {
                for index in buckets.indices { buckets[index] &+= cells.buckets[index].current }
                sum &+= cells.sum.current
            }
            return (buckets, sum)
        }
    }
}

/// One thread's part of a ``Histogram``. Not `Sendable`: it is made on the thread that uses it.
public struct HistogramShard {
    private let cells: HistogramCells

    init(_ cells: HistogramCells) {
        self.cells = cells
    }

    /// Counts one observation, in the scale's raw unit.
    public func observe(_ value: UInt64) { self.cells.observeAlone(value) }
}

@available(*, unavailable)
extension HistogramShard: Sendable {}

final class HistogramCells: Sendable {
    let bounds: [UInt64]
    let buckets: [MetricCell]
    let sum = MetricCell()

    init(bounds: [UInt64]) {
        self.bounds = bounds
        self.buckets = (0...bounds.count).map { _ in MetricCell() }
    }

    func observe(_ value: UInt64) {
        self.buckets[self.bucket(of: value)].value.wrappingAdd(1, ordering: .relaxed)
        self.sum.value.wrappingAdd(value, ordering: .relaxed)
    }

    func observeAlone(_ value: UInt64) {
        self.buckets[self.bucket(of: value)].addAlone(1)
        self.sum.addAlone(value)
    }

    /// Most observations are small and there are few bounds: the plain search is the fast one.
    private func bucket(of value: UInt64) -> Int {
        self.bounds.firstIndex { value <= $0 } ?? self.bounds.count
    }
}

/// The bounds of a histogram and the unit in which it is shown.
public struct HistogramScale: Equatable, Sendable {
    let bounds: [UInt64]
    /// Raw units per shown unit, as a power of ten: 9 shows nanoseconds as seconds.
    let decimals: Int

    private init(_ bounds: [UInt64], decimals: Int) {
        precondition(!bounds.isEmpty && zip(bounds, bounds.dropFirst()).allSatisfy(<), "bounds must rise")
        self.bounds = bounds
        self.decimals = decimals
    }

    /// Observed in nanoseconds, shown in seconds.
    public static func nanoseconds(bounds: [UInt64]) -> HistogramScale {
        HistogramScale(bounds, decimals: 9)
    }

    /// Observed in microseconds, shown in seconds.
    public static func microseconds(bounds: [UInt64]) -> HistogramScale {
        HistogramScale(bounds, decimals: 6)
    }

    /// Observed and shown as it is: bytes or items.
    public static func plain(bounds: [UInt64]) -> HistogramScale {
        HistogramScale(bounds, decimals: 0)
    }

    /// From 100 µs to 10 s, observed in nanoseconds: how long requests take.
    public static let latency = HistogramScale.nanoseconds(
        bounds: [
            100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000,
            5_000_000, 10_000_000,
        ].map { $0 * 1_000 })
}
