/// How long to wait before the next try: the first at once, then longer and longer up to a bound, with jitter so that
/// the nodes of a cluster do not come back in step.
struct Backoff: Equatable, Sendable {
    let firstMilliseconds: UInt64
    let longestMilliseconds: UInt64
    private(set) var failures = 0

    init(firstMilliseconds: UInt64, longestMilliseconds: UInt64) {
        self.firstMilliseconds = max(1, firstMilliseconds)
        self.longestMilliseconds = max(self.firstMilliseconds, longestMilliseconds)
    }

    /// The wait before the next try: none at first, then between a half and the whole of a span that doubles.
    mutating func next(using random: inout some RandomNumberGenerator) -> UInt64 {
        defer { self.failures += 1 }
        guard self.failures > 0 else { return 0 }
        let doublings = min(self.failures - 1, 32)
        let span = min(self.firstMilliseconds << UInt64(doublings), self.longestMilliseconds)
        return UInt64.random(in: span / 2...span, using: &random)
    }

    /// The connection has proved good: the next try is a first one again.
    mutating func reset() { self.failures = 0 }
}
