package import Reactor
package import Shared
internal import Synchronization
internal import Wire

/// The node's front: event loops that listen on the clients' port and, on the first loop, on the operators' port.
package final class ClientServer: Sendable {
    /// What is served on one port.
    package struct Port: Sendable {
        package var address: SocketAddress
        package var terms: SessionTerms
        package var service: any HTTPService
        /// Adds the WebSocket endpoints to each loop's host, in the order in which `HTTPAnswer.upgrade` numbers them.
        package var addEndpoints: @Sendable (SessionHost) -> Void

        package init(
            address: SocketAddress, terms: SessionTerms = SessionTerms(), service: any HTTPService,
            addEndpoints: @escaping @Sendable (SessionHost) -> Void = { _ in }
        ) {
            self.address = address
            self.terms = terms
            self.service = service
            self.addEndpoints = addEndpoints
        }
    }

    private let group: LoopGroup
    private let listening: Locked<[Listening]>
    private let clientCount = SessionCount()

    /// Connections on the operators' port, besides those of the clients.
    package static let adminConnections = 32

    private struct Listening: Sendable {
        let loop: LoopHandle
        let listener: ListenerID
        let isAdmin: Bool
    }

    /// Makes loops and starts them; when this returns, every port listens on every loop that serves it.
    package convenience init(
        loops: Int, options: LoopOptions = LoopOptions(), connectionLimit: Int, clients: Port, admin: Port? = nil,
        metrics: NodeMetrics, log: Logger = .silent
    ) throws(SystemError) {
        try self.init(
            on: try LoopGroup(count: loops), clientLoops: loops, options: options, connectionLimit: connectionLimit,
            clients: clients, admin: admin, metrics: metrics, log: log)
    }

    /// Starts loops that have been made before, because others need to know them; ends them, too.
    ///
    /// - Parameters:
    ///   - group: loops that have not been started.
    ///   - clientLoops: how many of them, from the first on, serve clients. The others turn for whoever posts to them.
    ///   - otherPlaces: connections that others than clients and operators may have on one loop.
    ///   - connectionLimit: of all loops together; who comes when they are taken is answered 503.
    package init(
        on group: LoopGroup, clientLoops: Int, otherPlaces: Int = 0, options: LoopOptions = LoopOptions(),
        connectionLimit: Int, clients: Port, admin: Port? = nil, metrics: NodeMetrics, log: Logger = .silent
    ) throws(SystemError) {
        WebSocketHandshake.prepare()
        try EventLoop.claim(clients.address)
        if let admin { try EventLoop.claim(admin.address) }
        let listening = Locked<[Listening]>([])
        let refusal = SessionHost.refusal
        let clientAddress = Locked(clients.address)
        let counts = (clients: self.clientCount, admins: SessionCount())
        // Operators have places of their own: a node full of clients must still say that it lives.
        let budgets = (
            clients: ConnectionBudget(limit: connectionLimit), admins: ConnectionBudget(limit: Self.adminConnections)
        )
        let places = connectionLimit + Self.adminConnections
        self.listening = listening
        self.group = group
        try group.start(options, places: places + otherPlaces) { loop throws(SystemError) in
            guard loop.handle.index < clientLoops else { return }
            func open(_ port: Port, at address: SocketAddress, isAdmin: Bool) throws(SystemError) -> SocketAddress {
                let host = try SessionHost(
                    loop: loop, places: places + otherPlaces, terms: port.terms, service: port.service,
                    statistics: SessionStatistics(metrics),
                    count: isAdmin ? counts.admins : counts.clients, log: log)
                port.addEndpoints(host)
                let handler = loop.register(host, budget: isAdmin ? budgets.admins : budgets.clients)
                host.handler = handler
                let listener = try loop.listen(at: address, handler: handler, refusal: refusal)
                listening.withLock {
                    $0.append(Listening(loop: loop.handle, listener: listener, isAdmin: isAdmin))
                }
                return listener.address
            }
            // A port that the kernel chooses is chosen by the first loop; the others share it.
            let bound = try open(clients, at: clientAddress.withLock { $0 }, isAdmin: false)
            clientAddress.withLock { $0 = bound }
            if let admin, loop.handle.index == 0 { _ = try open(admin, at: admin.address, isAdmin: true) }
        }
    }

    package var loops: [LoopHandle] { self.group.handles }

    /// Where clients are served.
    package var address: SocketAddress? { self.bound(isAdmin: false) }

    /// Where operators are served, if that is a port of its own.
    package var adminAddress: SocketAddress? { self.bound(isAdmin: true) }

    private func bound(isAdmin: Bool) -> SocketAddress? {
        self.listening.withLock { $0.first { $0.isAdmin == isAdmin }?.listener.address }
    }

    /// How many clients are connected now; operators do not count.
    package var connectionCount: Int { self.clientCount.value.load(ordering: .relaxed) }

    /// For how long each loop has not turned.
    package var loopSilences: [Duration] {
        let now = SystemClock.monotonicNanoseconds / 1_000_000
        return self.group.handles.map { loop in
            let heartbeat = loop.statistics.heartbeat.load(ordering: .relaxed)
            return heartbeat == 0 ? .zero : .milliseconds(now > heartbeat ? now - heartbeat : 0)
        }
    }

    /// Takes no new clients, and closes those who are here one after the other over the given time; requests that are
    /// being answered get their answer. The operators' port stays until `stop`.
    package func leave(over milliseconds: UInt64) {
        for entry in self.listening.withLock({ $0 }) where !entry.isAdmin {
            entry.loop.post { loop in
                guard let host = loop.handler(of: entry.listener) as? SessionHost else { return }
                loop.stopListening(entry.listener)
                host.leave(over: milliseconds)
            }
        }
    }

    /// Ends the loops at once.
    package func stop() { self.group.stop() }
}

/// How many sessions a port has, over all loops.
final class SessionCount: Sendable {
    let value = Atomic<Int>(0)
}
