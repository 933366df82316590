/// The times of a run in monotonic nanoseconds: traffic flows in `begin..<end`, figures are taken of what is due in
/// `from..<end`; what lies before is the warm-up.
struct Window: Equatable, Sendable {
    var begin: UInt64
    var from: UInt64
    var end: UInt64

    /// Whether something that is due then counts.
    @inline(__always)
    func counts(_ due: UInt64) -> Bool { due >= self.from && due < self.end }

    /// Ends earlier; what is left of a warm-up that never ended is measured as nothing.
    mutating func cut(at instant: UInt64) {
        self.end = min(self.end, max(instant, self.begin))
        self.from = min(self.from, self.end)
    }
}
