/// First come, first served; who leaves from the middle costs nothing.
struct WaitingLine<Waiter> {
    private var tickets: [UInt64] = []
    private var start = 0
    private var waiters: [UInt64: Waiter] = [:]

    var count: Int { self.waiters.count }

    mutating func append(_ waiter: Waiter, ticket: UInt64) {
        self.waiters[ticket] = waiter
        self.tickets.append(ticket)
    }

    /// Whoever has waited longest.
    mutating func popFirst() -> Waiter? {
        while self.start < self.tickets.count {
            let waiter = self.waiters.removeValue(forKey: self.tickets[self.start])
            self.start += 1
            self.compact()
            if let waiter { return waiter }
        }
        return nil
    }

    mutating func remove(_ ticket: UInt64) -> Waiter? {
        let waiter = self.waiters.removeValue(forKey: ticket)
        // Those who left are passed over; when they are the most, the line closes up.
        if self.tickets.count - self.start > 2 * self.waiters.count + 64 {
            self.tickets = self.tickets[self.start...].filter { self.waiters[$0] != nil }
            self.start = 0
        }
        return waiter
    }

    private mutating func compact() {
        guard self.start == self.tickets.count || self.start >= 1_024 else { return }
        self.tickets.removeFirst(self.start)
        self.start = 0
    }
}
