/// What one socket has seen of a numbered stream: tells news from repetitions and order from disorder, in 16 bytes.
///
/// It remembers the newest 64 numbers exactly. What is older than those counts as a repetition: that can make a run look
/// worse than it was, never better.
struct SequenceTracker: Equatable, Sendable {
    enum Arrival: Equatable, Sendable {
        /// Newer than all before.
        case inOrder
        /// New, but a newer one came before it.
        case late
        /// Seen before, or too old to know.
        case duplicate
    }

    private static let depth: UInt64 = 64
    /// The smallest number that is newer than all that came.
    private(set) var next: UInt64 = 0
    /// Bit `k` says that number `next - 1 - k` came.
    private var seen: UInt64 = 0

    mutating func arrived(_ number: UInt64) -> Arrival {
        if number >= self.next {
            let advance = number &- self.next &+ 1
            self.seen = advance < Self.depth && advance != 0 ? self.seen << advance | 1 : 1
            self.next = number &+ 1
            return .inOrder
        }
        let age = self.next &- 1 &- number
        guard age < Self.depth, self.seen & (1 << age) == 0 else { return .duplicate }
        self.seen |= 1 << age
        return .late
    }
}
