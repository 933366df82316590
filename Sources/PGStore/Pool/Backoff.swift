/// Pauses between attempts that grow with each failure, and differ from node to node so that they do not come back together.
struct Backoff {
    private let first: UInt64
    private let longest: UInt64
    private var failures: UInt64 = 0

    /// - Parameters: milliseconds.
    init(first: UInt64, longest: UInt64) {
        self.first = max(1, first)
        self.longest = max(self.first, longest)
    }

    /// The pause before the next attempt: from half of its length to the whole.
    mutating func next(using random: inout some RandomNumberGenerator) -> UInt64 {
        let pause = min(self.longest, self.first << min(self.failures, 20))
        self.failures += 1
        return UInt64.random(in: (pause + 1) / 2...pause, using: &random)
    }

    /// An attempt went well.
    mutating func reset() { self.failures = 0 }
}
