internal import CPQ
internal import Reactor
internal import Shared
internal import Synchronization

/// Some statements of one transaction, on their way to the loop.
struct PoolRequest: Sendable {
    enum Ending: Sendable {
        /// More will follow.
        case none
        /// The last statement commits what may have changed something.
        case commit
        /// The last statement ends what only read.
        case readOnly
    }

    /// Names the transaction; never used again.
    let ticket: UInt64
    /// Whether the transaction begins with it, and a connection must be had.
    let isFirst: Bool
    let queries: [PGQuery]
    let ending: Ending
    /// For the whole transaction, in the loop's milliseconds.
    let deadline: UInt64
    let reply: Reply
}

/// The connections to one database, and who may use them: confined to a loop.
///
/// What always holds:
/// - Connections are given in the order in which they were asked for; who has left the line gets none.
/// - A connection belongs to one transaction from its first statement to its end, and is given to the next one only when the
///   server says that it is outside a transaction and nothing is on its way. Else it is closed.
/// - Each request is answered once, at the latest at its deadline.
/// - There are never more sessions than allowed; one whose statement was abandoned counts until it is closed.
/// - After a failure one connection tries alone; the others follow when it has come through.
final class PGPool: PGConnectionOwner {
    /// A transaction that has a connection.
    struct Lease {
        let connection: PGConnection
        let timer: ScheduledAction
        var running: (reply: Reply, ending: PoolRequest.Ending)?
    }

    let number: UInt64
    let address: DatabaseAddress
    let options: PGOptions
    let counters: PGCounters
    let log: Logger
    unowned let loop: EventLoop

    var connections: [UInt64: PGConnection] = [:]
    /// The one that was used last is used first: the others' caches may grow cold.
    var idle: [PGConnection] = []
    var line = WaitingLine<(request: PoolRequest, timer: ScheduledAction)>()
    var leases: [UInt64: Lease] = [:]
    var isClosing = false
    private var closed: [@Sendable () -> Void] = []

    private var lastConnection: UInt64 = 0
    private var backoff: Backoff
    private var isPausing = false
    /// Whether the last attempt to connect, if any, came through.
    private var isReachable = false
    private var random = SystemRandomNumberGenerator()

    init(
        number: UInt64, address: DatabaseAddress, options: PGOptions, counters: PGCounters, log: Logger, loop: EventLoop
    ) {
        self.number = number
        self.address = address
        self.options = options
        self.counters = counters
        self.log = log
        self.loop = loop
        self.backoff = Backoff(
            first: options.reconnectPause.wholeMilliseconds, longest: options.longestReconnectPause.wholeMilliseconds)
    }

    // MARK: Connections

    /// Opens what may be open: one that tries, then the others.
    func fill() {
        while !self.isClosing, !self.isPausing, self.connections.count < max(1, self.options.connections),
            self.isReachable || self.connections.allSatisfy({ $0.value.state == .open })
        { self.openOne() }
    }

    private func openOne() {
        self.lastConnection += 1
        let connection = PGConnection(number: self.lastConnection, options: self.options, loop: self.loop)
        connection.owner = self
        self.connections[connection.number] = connection
        let (handle, pool, number) = (self.loop.handle, self.number, connection.number)
        do throws(SystemError) {
            try StartedConnection.start(self.address.uri, applicationName: self.options.applicationName) { started in
                handle.post { loop in PoolRegistry.pool(pool, on: loop)?.connections[number]?.adopt(started) }
            }
        } catch {
            connection.end(.failed(error.description))
            return
        }
        self.loop.schedule(after: self.options.connectTimeout.wholeMilliseconds) { [weak connection] in
            guard let connection, connection.state != .open else { return }
            connection.end(.failed("no session within \(self.options.connectTimeout)"))
        }
    }

    func connectionOpened(_ connection: PGConnection) {
        self.isReachable = true
        self.backoff.reset()
        self.counters.opened.count()
        self.counters.open.count()
        self.log.info("pg.connected", ["connection": .int(Int(connection.number))])
        self.makeAvailable(connection)
        self.fill()
    }

    func connectionClosed(_ connection: PGConnection, _ reason: PGConnection.End) {
        let wasOpen = connection.wasOpen
        self.connections[connection.number] = nil
        self.idle.removeAll { $0 === connection }
        if wasOpen { self.counters.open.wrappingSubtract(1, ordering: .relaxed) }
        self.count()
        switch reason {
        case .closed: self.fill()
        case .failed(let message):
            self.counters.connectFailures.count()
            self.log.warning("pg.connect_failed", ["reason": .string(message)])
            self.pause()
        case .lost(let message):
            self.counters.broken.count()
            self.log.warning("pg.lost", ["connection": .int(Int(connection.number)), "reason": .string(message)])
            self.pause()
        }
        self.closeIfEmpty()
    }

    /// Waits a little before the next attempt, which will be a single one.
    private func pause() {
        self.isReachable = false
        guard !self.isPausing, !self.isClosing else { return }
        self.isPausing = true
        self.loop.schedule(after: self.backoff.next(using: &self.random)) { [weak self] in
            self?.isPausing = false
            self?.fill()
        }
    }

    /// A connection that may serve the next.
    func makeAvailable(_ connection: PGConnection) {
        defer { self.count() }
        guard !self.isClosing, !connection.isStale else { return connection.close() }
        guard let (request, timer) = self.line.popFirst() else { return self.idle.append(connection) }
        self.grant(request, connection, timer)
    }

    func count() {
        self.counters.idle.store(self.idle.count, ordering: .relaxed)
        self.counters.waiting.store(self.line.count, ordering: .relaxed)
    }

    // MARK: Closing

    /// Turns away who waits and who comes, closes what is idle, lets transactions finish, and then says so.
    func close(_ closed: @escaping @Sendable () -> Void) {
        self.isClosing = true
        self.closed.append(closed)
        while let (request, timer) = self.line.popFirst() {
            self.loop.cancel(timer)
            request.reply.give(.failure(.turnedAway))
        }
        self.count()
        let leased = Set(self.leases.values.map(\.connection.number))
        for connection in Array(self.connections.values) where !leased.contains(connection.number) {
            connection.close()
        }
        self.closeIfEmpty()
    }

    private func closeIfEmpty() {
        guard self.isClosing, self.connections.isEmpty else { return }
        PoolRegistry.remove(self.number, from: self.loop)
        for closed in self.closed { closed() }
        self.closed = []
    }
}

/// The pools of a loop, where what is posted to the loop finds them.
final class PoolRegistry {
    private var pools: [UInt64: PGPool] = [:]

    static func add(_ pool: PGPool, to loop: EventLoop) {
        let registry = loop.attachment(PoolRegistry.self) ?? PoolRegistry()
        loop.attach(registry)
        registry.pools[pool.number] = pool
    }

    static func pool(_ number: UInt64, on loop: EventLoop) -> PGPool? {
        loop.attachment(PoolRegistry.self)?.pools[number]
    }

    static func remove(_ number: UInt64, from loop: EventLoop) {
        loop.attachment(PoolRegistry.self)?.pools[number] = nil
    }
}
