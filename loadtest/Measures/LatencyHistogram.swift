internal import Glibc

/// Durations in nanoseconds, counted so that every percentile is right to three significant digits.
///
/// The buckets are log-linear: values below 2,048 have one each, and above that every doubling is cut into 1,024 equal
/// parts, so that a bucket is never wider than a thousandth of its values. Histograms of several processes are merged
/// by adding their counts; nothing is lost by that, unlike with averaged percentiles.
struct LatencyHistogram: Equatable, Sendable {
    private static let exactBits = 11
    private static let partsPerDoubling = 1 << (exactBits - 1)
    /// What is longer (73 minutes) is counted as this long; `maximum` stays exact.
    static let longest: UInt64 = (1 << 42) - 1
    static let bucketLimit = bucket(of: longest) + 1

    /// As many buckets as the largest value needed.
    private(set) var counts: [UInt64] = []
    private(set) var count: UInt64 = 0
    private(set) var sum: UInt64 = 0
    private(set) var maximum: UInt64 = 0
    private(set) var minimum = UInt64.max

    init() {}

    /// Restores a histogram; `nil` if the counts cannot have these extremes.
    init?(counts: [UInt64], sum: UInt64, minimum: UInt64, maximum: UInt64) {
        guard counts.count <= Self.bucketLimit else { return nil }
        var count: UInt64 = 0
        for each in counts {
            let (total, overflow) = count.addingReportingOverflow(each)
            guard !overflow else { return nil }
            count = total
        }
        if let first = counts.firstIndex(where: { $0 > 0 }), let last = counts.lastIndex(where: { $0 > 0 }) {
            guard Self.bucket(of: minimum) == first, Self.bucket(of: maximum) == last else { return nil }
            self.counts = Array(counts[...last])
        } else {
            guard sum == 0, minimum == .max, maximum == 0 else { return nil }
        }
        (self.count, self.sum, self.minimum, self.maximum) = (count, sum, minimum, maximum)
    }

    mutating func record(_ nanoseconds: UInt64) {
        let bucket = Self.bucket(of: nanoseconds)
        if bucket >= self.counts.count { self.grow(to: bucket + 1) }
        self.counts[bucket] &+= 1
        self.count &+= 1
        self.sum &+= nanoseconds
        if nanoseconds > self.maximum { self.maximum = nanoseconds }
        if nanoseconds < self.minimum { self.minimum = nanoseconds }
    }

    mutating func merge(_ other: LatencyHistogram) {
        if other.counts.count > self.counts.count { self.grow(to: other.counts.count) }
        for (bucket, count) in other.counts.enumerated() { self.counts[bucket] &+= count }
        self.count &+= other.count
        self.sum &+= other.sum
        self.maximum = max(self.maximum, other.maximum)
        self.minimum = min(self.minimum, other.minimum)
    }

    /// The smallest recorded length that at least this share of all does not exceed, rounded up within its bucket.
    ///
    /// - Parameter quantile: 0.99 for the 99th percentile; 1 is the maximum.
    /// - Returns: nanoseconds, or `nil` if nothing was recorded.
    func value(at quantile: Double) -> UInt64? {
        guard self.count > 0 else { return nil }
        // The small subtraction keeps 0.999 × 1000 at 999, which in binary is a little more.
        let exact = (quantile * Double(self.count) - 1e-6).rounded(.up)
        let rank = min(max(UInt64(max(exact, 1)), 1), self.count)
        var passed: UInt64 = 0
        for (bucket, count) in self.counts.enumerated() {
            passed &+= count
            if passed >= rank { return min(Self.upperEnd(of: bucket), self.maximum) }
        }
        return self.maximum
    }

    /// Nanoseconds; 0 if nothing was recorded.
    var mean: Double { self.count == 0 ? 0 : Double(self.sum) / Double(self.count) }

    private mutating func grow(to size: Int) {
        self.counts.append(contentsOf: repeatElement(0, count: size - self.counts.count))
    }

    @inline(__always)
    static func bucket(of nanoseconds: UInt64) -> Int {
        let value = min(nanoseconds, Self.longest)
        let shift = max(0, UInt64.bitWidth - value.leadingZeroBitCount - Self.exactBits)
        return shift * Self.partsPerDoubling + Int(value >> UInt64(shift))
    }

    /// The largest value that falls into a bucket.
    static func upperEnd(of bucket: Int) -> UInt64 {
        guard bucket >= 2 * Self.partsPerDoubling else { return UInt64(bucket) }
        let shift = UInt64(bucket / Self.partsPerDoubling - 1)
        let part = UInt64(bucket % Self.partsPerDoubling + Self.partsPerDoubling)
        return ((part + 1) << shift) - 1
    }
}
