/// When things are due, fixed in advance: what was delayed does not delay what follows.
///
/// Latencies are measured from the due time, so that a server which stalls is charged for everything that should have
/// happened meanwhile (no coordinated omission).
struct Timetable: Equatable, Sendable {
    /// Monotonic nanoseconds of the first turn.
    let start: UInt64
    let perSecond: Double
    /// How many are due at the same instant; the rate stays what it is.
    let burst: UInt64
    /// The number of the next turn.
    private(set) var next: UInt64 = 0

    init(start: UInt64, perSecond: Double, burst: Int = 1) {
        self.start = start
        self.perSecond = perSecond
        self.burst = UInt64(max(burst, 1))
    }

    func due(_ turn: UInt64) -> UInt64 {
        self.start + UInt64(Double(turn - turn % self.burst) * 1e9 / self.perSecond)
    }

    var nextDue: UInt64 { self.due(self.next) }

    /// The due time of the next turn, if that has come; the turn is then over.
    mutating func take(at now: UInt64) -> UInt64? {
        let due = self.nextDue
        guard due <= now else { return nil }
        self.next += 1
        return due
    }
}
