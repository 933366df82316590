internal import CPQ
internal import Reactor
internal import Shared

/// Who is told of a connection's life: its pool. Each call is made once, the second also without the first.
protocol PGConnectionOwner: AnyObject {
    func connectionOpened(_ connection: PGConnection)
    func connectionClosed(_ connection: PGConnection, _ reason: PGConnection.End)
}

/// What came of statements that were sent together.
enum BatchOutcome {
    case finished([PGRows])
    /// One was refused, those behind it were not run; what those before it gave.
    case refused(PGServerError, after: [PGRows])
    /// The connection ended; what had come until then.
    case lost(after: [PGRows])
}

/// One session with the server, over libpq's non-blocking calls in pipeline mode, confined to its loop.
///
/// What always holds:
/// - Statements are answered in the order in which they were sent; a completion is called exactly once, on the loop.
/// - A completion is called when the connection is ready for the next batch, or closed: it may do anything with it.
/// - A connection on which something went wrong that it cannot name is closed, never used again.
final class PGConnection {
    enum End: Equatable {
        /// It never came about.
        case failed(String)
        /// The server or the network ended it.
        case lost(String)
        /// We did.
        case closed
    }

    enum State: Equatable { case starting, connecting, settling, open, closed }

    /// What the server owes us an answer for, in order.
    enum Expected {
        case prepare(key: UInt, name: String)
        case query
        case sync
    }

    /// Statements that were sent together and their answers.
    struct Flight {
        let completion: (BatchOutcome) -> Void
        var results: [PGRows] = []
        var failure: PGServerError?
    }

    let number: UInt64
    let options: PGOptions
    private(set) var state = State.starting
    /// Whether its owner was told that it is open.
    private(set) var wasOpen = false
    /// To be closed instead of used again.
    var isStale = false
    weak var owner: (any PGConnectionOwner)?

    unowned let loop: EventLoop
    private(set) var raw: OpaquePointer?
    private var watch: WatchID?
    var names = StatementNames()
    var expected: [Expected] = []
    var expectedStart = 0
    /// Whether the first of the expected has had its answer; its end is still to come.
    var isAnswered = false
    var flight: Flight?
    /// Parameters of one statement while libpq copies them.
    var scratch: [UInt8] = []

    init(number: UInt64, options: PGOptions, loop: EventLoop) {
        self.number = number
        self.options = options
        self.loop = loop
    }

    deinit {
        // Only a loop that has stopped lets go of an open connection.
        let flight = self.flight
        PQfinish(self.raw)
        flight?.completion(.lost(after: flight?.results ?? []))
    }

    /// Whether the session is inside a transaction, by what the server said last.
    var transactionStatus: PGTransactionStatusType { PQtransactionStatus(self.raw) }

    // MARK: Connecting

    /// Takes over what a thread has started.
    func adopt(_ started: StartedConnection) {
        guard self.state == .starting else { return }
        guard let raw = started.take() else { return self.end(.failed("out of memory")) }
        self.raw = raw
        self.state = .connecting
        // By default libpq writes notices to standard error.
        PQsetNoticeReceiver(raw, { _, _ in }, nil)
        guard PQstatus(raw) != CONNECTION_BAD else { return self.end(.failed(self.message)) }
        // As if PQconnectPoll had asked for it (libpq 34.2).
        self.await(.writable)
    }

    private func advanceConnecting() {
        // libpq may close the socket and open another with the same number, which epoll would not know.
        self.unwatch()
        switch PQconnectPoll(self.raw) {
        case PGRES_POLLING_READING: self.await(.readable)
        case PGRES_POLLING_WRITING: self.await(.writable)
        case PGRES_POLLING_OK: self.settle()
        default: self.end(.failed(self.message))
        }
    }

    /// Makes the session ours. Behind a pooler that shares sessions between clients nothing may be set for longer than a
    /// transaction.
    private func settle() {
        guard PQsetnonblocking(self.raw, 1) == 0, PQenterPipelineMode(self.raw) == 1 else {
            return self.end(.failed(self.message))
        }
        self.await(.readable)
        guard self.state != .closed else { return }
        guard self.options.isPrepared else { return self.becomeOpen() }
        self.state = .settling
        let settings = PGQuery(
            """
            SELECT set_config('statement_timeout', $1, false), \
            set_config('idle_in_transaction_session_timeout', $2, false)
            """, .text(self.options.statementTimeoutText), .text(self.options.idleTimeoutText))
        self.send([settings]) { [weak self] outcome in
            switch outcome {
            case .finished: self?.becomeOpen()
            case .refused(let error, _): self?.end(.failed(error.message))
            case .lost: break
            }
        }
    }

    private func becomeOpen() {
        self.state = .open
        self.wasOpen = true
        self.owner?.connectionOpened(self)
    }

    private func await(_ readiness: Readiness) {
        do throws(SystemError) {
            if let watch = self.watch {
                try self.loop.change(watch, to: readiness)
            } else {
                self.watch = try self.loop.watch(PQsocket(self.raw), for: readiness) { [weak self] readiness in
                    self?.ready(readiness)
                }
            }
        } catch {
            self.end(self.state == .connecting ? .failed(error.description) : .lost(error.description))
        }
    }

    private func unwatch() {
        if let watch = self.watch { self.loop.unwatch(watch) }
        self.watch = nil
    }

    private func ready(_ readiness: Readiness) {
        switch self.state {
        case .starting, .closed: break
        case .connecting: self.advanceConnecting()
        case .settling, .open:
            // Also when it is only writable: the server may be waiting for us to read before it reads (libpq 34.4).
            self.receive()
            if self.state != .closed { self.flush() }
        }
    }

    // MARK: Input and output

    func flush() {
        switch PQflush(self.raw) {
        case 0: self.await(.readable)
        case 1: self.await([.readable, .writable])
        default: self.end(.lost(self.message))
        }
    }

    private func receive() {
        let isAlive = PQconsumeInput(self.raw) == 1
        self.takeResults()
        guard self.state != .closed else { return }
        // What had come before the end has been taken: it may be the answer to a commit.
        if !isAlive || PQstatus(self.raw) == CONNECTION_BAD { self.end(.lost(self.message)) }
    }

    // MARK: Ending

    /// Closes the session, whatever it is doing; the server rolls back what was not committed.
    func close() { self.end(.closed) }

    func end(_ reason: End) {
        guard self.state != .closed else { return }
        self.state = .closed
        self.unwatch()
        PQfinish(self.raw)
        self.raw = nil
        let flight = self.flight
        self.flight = nil
        if let flight {
            if let failure = flight.failure, !failure.isFatal {
                flight.completion(.refused(failure, after: flight.results))
            } else {
                flight.completion(.lost(after: flight.results))
            }
        }
        self.owner?.connectionClosed(self, reason)
    }

    /// Asks the server to give up, and closes when it has been told or after a moment.
    func cancelAndClose(_ posted: @escaping @Sendable () -> Void) {
        guard let raw = self.raw, let cancel = QueryCancel(raw) else { return self.close() }
        cancel.request(then: posted)
        self.loop.schedule(after: Self.cancelMilliseconds) { [weak self] in self?.close() }
    }

    /// How long a cancelled session may wait for its cancellation to arrive.
    private static let cancelMilliseconds: UInt64 = 1_000

    /// What libpq last complained of, in one line.
    var message: String {
        let text = PQerrorMessage(self.raw).map { String(cString: $0) } ?? ""
        return text.split(whereSeparator: \.isNewline).joined(separator: "; ")
    }
}
