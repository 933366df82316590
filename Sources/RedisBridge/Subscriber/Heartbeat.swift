/// Whether a server passes on what is published, found out by messages to ourselves (architecture 1.3). It knows no clock:
/// it is told the time in milliseconds, which never runs backwards.
///
/// What always holds: healthy means that the latest beat or the one before it has come back since the connection was
/// made; two that are due and missing mean unhealthy at that very tick.
struct Heartbeat: Equatable, Sendable {
    /// What is to be done at a tick.
    struct Tick: Equatable, Sendable {
        /// Publish this number to ourselves.
        let beat: UInt64
        /// The beat before has not come back.
        let isMiss: Bool
        let healthChanged: Bool
        /// Ask the subscribe connection itself whether it lives.
        let probes: Bool
        let doubt: Doubt?
    }

    /// Why there should be a new subscribe connection.
    enum Doubt: Equatable, Sendable {
        /// Beats are missing and nothing else comes either: the connection is dead.
        case silent
        /// The connection answers, and yet no beat comes back: our subscription may be lost, or nobody publishes.
        case deaf
    }

    static let missesUntilUnhealthy: UInt64 = 2
    static let missesUntilSilent: UInt64 = 10
    static let missesUntilDeaf: UInt64 = 50

    private(set) var isHealthy = false
    private let base: UInt64
    private let intervalMilliseconds: UInt64
    private var sent: UInt64 = 0
    private var returned: UInt64 = 0
    private var lastTick: UInt64?
    /// When something came over the connection last, or when it was made.
    private var lastSign: UInt64 = 0

    /// - Parameter base: a random number, so that no message of another subscriber's, or of an earlier life, is taken for a
    ///   beat.
    init(base: UInt64, intervalMilliseconds: UInt64) {
        self.base = base
        self.intervalMilliseconds = intervalMilliseconds
    }

    /// Beats that are on their way.
    var outstanding: UInt64 { self.sent - self.returned }

    /// Whether the last beat is old enough for another: the first of a connection does not wait for the timer.
    func isDue(now: UInt64) -> Bool { self.lastTick.map { now - $0 > self.intervalMilliseconds / 2 } ?? true }

    /// The next beat is due.
    mutating func tick(now: UInt64) -> Tick {
        // If we were stopped ourselves, what is missing may lie in the socket's buffer: it gets one more tick.
        let wasAsleep = self.lastTick.map { now - $0 > 5 * self.intervalMilliseconds } ?? false
        self.lastTick = now
        let missed = self.outstanding
        let before = self.isHealthy
        if wasAsleep {
            self.lastSign = now
        } else if missed >= Self.missesUntilUnhealthy {
            self.isHealthy = false
        }
        self.sent += 1
        return Tick(
            beat: self.base &+ self.sent, isMiss: missed > 0 && !wasAsleep, healthChanged: before != self.isHealthy,
            probes: missed >= Self.missesUntilUnhealthy, doubt: wasAsleep ? nil : self.doubt(missed, now: now))
    }

    private func doubt(_ missed: UInt64, now: UInt64) -> Doubt? {
        let isSilent = now - min(now, self.lastSign) >= Self.missesUntilSilent * self.intervalMilliseconds
        if isSilent, missed >= Self.missesUntilSilent { return .silent }
        return missed >= Self.missesUntilDeaf ? .deaf : nil
    }

    /// A message came over our own channel.
    ///
    /// - Returns: whether health changed.
    mutating func heard(_ beat: UInt64, now: UInt64) -> Bool {
        let number = beat &- self.base
        guard number > self.returned, number <= self.sent else { return false }
        self.returned = number
        self.lastSign = now
        guard !self.isHealthy, self.outstanding < Self.missesUntilUnhealthy else { return false }
        self.isHealthy = true
        return true
    }

    /// Something came over the connection.
    mutating func sawSign(at time: UInt64) { self.lastSign = max(self.lastSign, time) }

    /// The missing beats were never sent: they still mean that nothing arrives, but not that the connection is at fault.
    mutating func excuse() { self.returned = max(self.returned, self.sent - min(self.sent, Self.missesUntilUnhealthy)) }

    /// A new connection listens: what was on its way before is forgotten.
    mutating func begin(now: UInt64) {
        self.returned = self.sent
        self.lastSign = now
        self.lastTick = nil
    }

    /// The connection is lost.
    ///
    /// - Returns: whether health changed.
    mutating func lost() -> Bool {
        self.returned = self.sent
        defer { self.isHealthy = false }
        return self.isHealthy
    }
}
