/// Decides when the next socket is opened: at a steady rate, or as fast as answers come, and never more than so many at once.
struct Ramp: Equatable, Sendable {
    private let count: Int
    private let inFlightLimit: Int
    private var timetable: Timetable?
    private var started = 0
    private var done = 0

    /// - Parameters:
    ///   - count: how many sockets there will be.
    ///   - perSecond: `nil`: as fast as answers come.
    init(count: Int, perSecond: Double?, inFlight: Int, start: UInt64) {
        self.count = count
        self.inFlightLimit = max(inFlight, 1)
        self.timetable = perSecond.map { Timetable(start: start, perSecond: $0) }
    }

    /// The next socket to open now, and since when it is due.
    ///
    /// The first one goes alone: when it fails, all would, and the server is told apart from a storm.
    mutating func next(at now: UInt64) -> (socket: Int, due: UInt64)? {
        guard self.hasRoom else { return nil }
        var due = now
        if self.timetable != nil {
            guard let planned = self.timetable?.take(at: now) else { return nil }
            due = planned
        }
        self.started += 1
        return (self.started - 1, due)
    }

    /// One that was started has opened or failed.
    mutating func answered() { self.done += 1 }

    var isDone: Bool { self.done == self.count }

    /// When to ask again although nothing was answered; `nil`: not before the next answer.
    var nextDue: UInt64? { self.hasRoom ? self.timetable?.nextDue : nil }

    private var hasRoom: Bool {
        let limit = self.done == 0 ? 1 : self.inFlightLimit
        return self.started < self.count && self.started - self.done < limit
    }
}
