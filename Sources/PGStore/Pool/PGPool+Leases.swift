internal import CPQ
internal import Reactor
internal import Shared
internal import Synchronization

extension PGPool {
    // MARK: Requests

    /// Runs statements of a transaction: at once, or when a connection is free.
    func submit(_ request: PoolRequest) {
        guard !request.reply.isCancelled else { return self.refuse(request, .timedOut) }
        guard request.isFirst else { return self.goOn(request) }
        guard !self.isClosing else { return self.refuse(request, .turnedAway) }
        guard request.deadline > self.loop.now else { return self.refuse(request, .timedOut) }
        guard self.idle.isEmpty || self.line.count > 0 else {
            let connection = self.idle.removeLast()
            self.grant(request, connection, self.timer(of: request))
            return self.count()
        }
        guard self.line.count < self.options.waitingLimit else {
            self.counters.turnedAway.count()
            return self.refuse(request, .turnedAway)
        }
        self.line.append((request, self.timer(of: request)), ticket: request.ticket)
        self.count()
    }

    private func refuse(_ request: PoolRequest, _ failure: PoolFailure) { request.reply.give(.failure(failure)) }

    private func timer(of request: PoolRequest) -> ScheduledAction {
        let ticket = request.ticket
        return self.loop.schedule(after: request.deadline - self.loop.now) { [weak self] in self?.abandon(ticket) }
    }

    private func goOn(_ request: PoolRequest) {
        // It ended between two statements: at its deadline, or with its connection.
        guard let lease = self.leases[request.ticket] else { return self.refuse(request, .timedOut) }
        guard lease.connection.state == .open else { return self.refuse(request, .lost) }
        guard lease.running == nil else {
            let message = "two tasks use one transaction"
            return self.refuse(request, .refused(PGServerError(code: "55000", message: message)))
        }
        self.run(request)
    }

    func grant(_ request: PoolRequest, _ connection: PGConnection, _ timer: ScheduledAction) {
        self.leases[request.ticket] = Lease(connection: connection, timer: timer)
        self.run(request)
    }

    private func run(_ request: PoolRequest) {
        guard let connection = self.leases[request.ticket]?.connection else { return }
        self.leases[request.ticket]?.running = (request.reply, request.ending)
        let ticket = request.ticket
        connection.send(request.queries) { [weak self] outcome in self?.finished(ticket, outcome) }
    }

    /// The answers have come, or never will. A lease that is gone was abandoned, and its connection is being closed.
    private func finished(_ ticket: UInt64, _ outcome: BatchOutcome) {
        guard let lease = self.leases[ticket], let (reply, ending) = lease.running else { return }
        self.leases[ticket]?.running = nil
        switch outcome {
        case .finished(let rows):
            // The caller goes on while the connection already serves the next.
            if ending != .none { self.release(ticket) }
            reply.give(.success(rows))
        case .refused(let error, _):
            reply.give(.failure(.refused(error)))
        case .lost(let rows):
            self.leases[ticket] = nil
            self.loop.cancel(lease.timer)
            if ending == .commit, rows.last?.command == "COMMIT" { return reply.give(.success(rows)) }
            if ending == .commit { self.counters.unknownOutcomes.count() }
            reply.give(.failure(ending == .commit ? .outcomeUnknown : .lost))
        }
    }

    // MARK: The end of a transaction

    /// The transaction is over: what is left of it is rolled back, and the connection serves the next.
    func release(_ ticket: UInt64) {
        guard let lease = self.leases.removeValue(forKey: ticket) else { return }
        self.loop.cancel(lease.timer)
        guard lease.running == nil else { return self.giveUp(lease.connection) }
        self.giveBack(lease.connection)
    }

    private func giveBack(_ connection: PGConnection) {
        guard connection.state == .open else { return }
        switch connection.transactionStatus {
        case PQTRANS_IDLE: self.makeAvailable(connection)
        case PQTRANS_INTRANS, PQTRANS_INERROR: self.rollBack(connection)
        default: connection.close()
        }
    }

    private func rollBack(_ connection: PGConnection) {
        let limit = self.loop.schedule(after: Self.rollbackMilliseconds) { [weak connection] in connection?.close() }
        connection.send([PGQuery("ROLLBACK")]) { [weak self, weak connection] outcome in
            guard let self, let connection else { return }
            self.loop.cancel(limit)
            guard case .finished = outcome, connection.transactionStatus == PQTRANS_IDLE else {
                return connection.close()
            }
            self.makeAvailable(connection)
        }
    }

    /// How long a rollback may take before the session is given up.
    private static var rollbackMilliseconds: UInt64 { 2_000 }

    /// The deadline has come, or the task was cancelled.
    func abandon(_ ticket: UInt64, isCancelled: Bool = false) {
        if let (request, timer) = self.line.remove(ticket) {
            self.loop.cancel(timer)
            self.counters.abandoned.count()
            self.count()
            let isReachable = isCancelled || self.connections.values.contains { $0.state == .open }
            return self.refuse(request, isReachable ? .timedOut : .unreachable)
        }
        guard let lease = self.leases[ticket] else { return }
        guard let (reply, ending) = lease.running else {
            // Between two statements; the next will find no lease.
            self.counters.abandoned.count()
            return self.release(ticket)
        }
        // A commit cannot be taken back: who asked for it is told what came of it, or that nobody knows.
        if ending == .commit, isCancelled { return }
        self.counters.abandoned.count()
        self.leases[ticket] = nil
        self.loop.cancel(lease.timer)
        if ending == .commit {
            self.counters.unknownOutcomes.count()
            reply.give(.failure(.outcomeUnknown))
            lease.connection.close()
        } else {
            reply.give(.failure(.timedOut))
            self.giveUp(lease.connection)
        }
    }

    /// Ends a session whose statement nobody waits for any more. It is not used again: the cancellation might arrive late and
    /// hit somebody else's statement.
    private func giveUp(_ connection: PGConnection) {
        let (handle, pool, number) = (self.loop.handle, self.number, connection.number)
        connection.cancelAndClose {
            handle.post { loop in PoolRegistry.pool(pool, on: loop)?.connections[number]?.close() }
        }
    }
}
