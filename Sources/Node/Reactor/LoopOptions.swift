internal import Synchronization

/// What a loop may use. One value for all loops of a process.
package struct LoopOptions: Sendable {
    /// Bytes read from one socket at once; one such buffer per loop.
    package var readBufferBytes = 64 << 10
    /// Events taken from the kernel in one turn.
    package var eventsPerTurn = 512
    /// Connections accepted from one listener in one turn, so that a storm of newcomers does not starve those who are in.
    package var acceptsPerTurn = 128
    /// Bytes queued for one connection beyond which it is closed as a slow consumer; checked before bytes are added, so
    /// that one large answer is always possible.
    package var outboxBytes = 1 << 20
    /// Bytes queued in all outboxes of one loop; beyond it whoever would have to queue more is closed.
    package var outboxBytesTotal = 256 << 20
    /// Milliseconds after which a connection for which bytes wait is closed if it has taken none of them.
    package var stallMilliseconds: UInt64 = 30_000
    /// Milliseconds that a connection whose end we decided may take to read the rest and close its side.
    package var lingerMilliseconds: UInt64 = 5000
    /// How silent peers are found out.
    package var liveness = TCPLiveness()

    package init() {}
}

/// How many connections all loops of a process may have together.
package final class ConnectionBudget: Sendable {
    package let limit: Int
    private let taken = Atomic<Int>(0)

    package init(limit: Int) { self.limit = limit }

    func claim() -> Bool {
        if self.taken.wrappingAdd(1, ordering: .relaxed).newValue <= self.limit { return true }
        self.release()
        return false
    }

    func release() { self.taken.wrappingSubtract(1, ordering: .relaxed) }
}
