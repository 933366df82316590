internal import Glibc
package import Reactor
internal import Shared
internal import Synchronization
internal import Wire

/// All client connections of one loop: takes their bytes through HTTP or WebSocket to the service and the endpoints, and
/// the answers back.
///
/// What always holds:
/// - Answers leave in the order of the requests; nothing is read from a connection whose last answer has not left, so
///   that nobody can make us collect answers without reading them.
/// - A session's memory is bounded: a partial message by the protocol's limits, held input by the read buffer, output by
///   the outbox.
/// - Each session has at most one deadline; what a session waits for is always under one.
package final class SessionHost: ConnectionHandler {
    /// Answers to pipelined requests and echoes are collected up to this size before they go to the kernel.
    static let outputBytes = 64 << 10

    /// The loop whose connections these are.
    /// A constant, which is used without counting; the loop lets go of its handlers when it has stopped.
    package let loop: EventLoop
    let terms: SessionTerms
    let service: any HTTPService
    let statistics: SessionStatistics
    private let count: SessionCount
    private let log: Logger
    // Safety: one place per possible connection; a place is initialised from `opened` to `closed`. Memory is touched
    // only as far as places were ever used.
    let sessions: UnsafeMutablePointer<Session>
    private let places: Int
    /// What sessions hold of input that is not complete, all together.
    private var heldBytes = 0
    /// Sockets that have closed and whose endpoints have not been told.
    private var parted: [ConnectionID] = []
    var endpoints: [any WebSocketEndpoint] = []
    var writer: HTTPResponseWriter
    var output: [UInt8] = []
    /// The connection whose input is being dealt with: what is sent to it meanwhile is collected in `output`.
    var digesting: ConnectionID?
    private var aside: [UInt8] = []
    /// This host in its loop's table; set when it is registered.
    var handler: HandlerID?
    var isLeaving = false
    let compression = SharedCompression()
    private var dateSecond: Int64 = 0

    init(
        loop: EventLoop, places: Int, terms: SessionTerms, service: any HTTPService,
        statistics: SessionStatistics, count: SessionCount, log: Logger
    ) throws(SystemError) {
        self.loop = loop
        self.terms = terms
        self.service = service
        self.statistics = statistics
        self.count = count
        self.log = log
        self.places = places
        self.sessions = try PlaceMemory.map(Session.self, count: places)
        self.writer = HTTPResponseWriter(date: HTTPDate(unixSeconds: 0))
        self.renewDate()
    }

    deinit { PlaceMemory.unmap(self.sessions, count: self.places) }

    /// Adds what is behind a WebSocket path; `HTTPAnswer.upgrade` names it by the order of addition.
    package func add(_ endpoint: any WebSocketEndpoint) { self.endpoints.append(endpoint) }

    // MARK: ConnectionHandler

    package func opened(_ id: ConnectionID, peer: SocketAddress?) {
        let session = self.sessions + id.place
        let deadline = self.loop.now + self.terms.headMilliseconds
        session.initialize(
            to: Session(
                stage: self.terms.proxyProtocol == nil ? .requests : .proxyHeader, deadline: deadline, peer: peer))
        session.pointee.timer = deadline
        self.loop.setDeadline(id, at: deadline)
        self.count.value.wrappingAdd(1, ordering: .relaxed)
    }

    package func received(_ id: ConnectionID, _ bytes: UnsafeMutableRawBufferPointer) {
        self.digest(id, self.sessions + id.place, bytes)
    }

    package func inputEnded(_ id: ConnectionID) {
        let session = self.sessions + id.place
        switch session.pointee.stage {
        // A client may end its half and still wait for the answer it asked for.
        case .awaitingReply: session.pointee.keepsAlive = false
        case .webSocket: self.socketInputEnded(id, session)
        case .proxyHeader, .requests, .ending: self.loop.finish(id)
        }
    }

    package func drained(_ id: ConnectionID) {
        let session = self.sessions + id.place
        if session.pointee.stage == .webSocket { self.socketDrained(id, session) }
        // The time between two requests begins when the answer has been taken.
        if session.pointee.stage == .requests {
            self.expect(id, session, until: self.loop.now + self.terms.idleMilliseconds)
        }
        if session.pointee.isServed { self.endpoints[Int(session.pointee.endpoint)].drained(id) }
        if session.pointee.stage != .awaitingReply { self.resume(id, session) }
        if self.isLeaving, session.pointee.isIdle { self.end(id, session) }
    }

    package func deadlinePassed(_ id: ConnectionID) {
        let session = self.sessions + id.place
        session.pointee.timer = 0
        guard session.pointee.deadline <= self.loop.now else {
            self.arm(id, session)
            return
        }
        self.overdue(id, session)
    }

    package func closed(_ id: ConnectionID, _ reason: CloseReason) {
        let session = self.sessions + id.place
        self.logClosed(session, reason)
        self.part(id, session)
        self.heldBytes -= Int(session.pointee.accountedBytes)
        session.deinitialize(count: 1)
        self.count.value.wrappingSubtract(1, ordering: .relaxed)
    }

    /// Most endings are nothing to report, and there are tens of thousands of them; who was closed for reading too slowly is
    /// what an operator looks for.
    private func logClosed(_ session: UnsafeMutablePointer<Session>, _ reason: CloseReason) {
        let isSlow = reason == .slowConsumer
        guard isSlow || self.log.writes(.debug) else { return }
        let fields: KeyValuePairs<StaticString, LogValue> = [
            "peer": .id(session.pointee.peer?.description ?? ""), "reason": .id("\(reason)"),
            "websocket": .bool(session.pointee.socket != nil),
        ]
        if isSlow { self.log.info("conn.closed_as_slow", fields) } else { self.log.debug("conn.closed", fields) }
    }

    package func turnEnded() {
        self.tellParted()
        for endpoint in self.endpoints { endpoint.turnEnded() }
    }

    // MARK: Input

    /// Deals with input until there is no more, or until the connection has to wait; then the rest is held.
    func digest(_ id: ConnectionID, _ session: UnsafeMutablePointer<Session>, _ bytes: UnsafeMutableRawBufferPointer) {
        var input = bytes
        var goesOn = true
        var hasRoom = true
        self.digesting = id
        defer { self.digesting = nil }
        while goesOn {
            switch session.pointee.stage {
            case .proxyHeader: goesOn = self.takeProxyHeader(id, session, &input)
            case .requests: goesOn = self.takeRequest(id, session, &input)
            case .webSocket: goesOn = self.takeFrame(id, session, &input)
            case .awaitingReply, .ending: goesOn = false
            }
            if self.output.count >= Self.outputBytes { hasRoom = self.flushOutput(id) }
            goesOn = goesOn && hasRoom
        }
        hasRoom = self.flushOutput(id) && hasRoom
        switch session.pointee.stage {
        case .awaitingReply: self.hold(id, session, input)
        case .requests, .webSocket, .proxyHeader: if !hasRoom { self.hold(id, session, input) }
        case .ending: break
        }
        self.account(id, session)
    }

    /// Keeps the sum of all input that waits for its rest below the ceiling: each session's part is bounded, but there are
    /// many. Whoever adds to it when it is reached has to come back later.
    private func account(_ id: ConnectionID, _ session: UnsafeMutablePointer<Session>) {
        let socketBytes = session.pointee.socket?.reader.heldBytes ?? 0
        let bytes = UInt32(
            clamping: session.pointee.parser.heldBytes + socketBytes + session.pointee.held.count)
        guard bytes != session.pointee.accountedBytes else { return }
        self.heldBytes += Int(bytes) - Int(session.pointee.accountedBytes)
        let grows = bytes > session.pointee.accountedBytes
        session.pointee.accountedBytes = bytes
        guard grows, self.heldBytes > self.terms.heldBytesTotal else { return }
        switch session.pointee.stage {
        case .requests: self.refuse(id, session, .overloaded)
        case .webSocket: self.closeSocket(id, .tryAgainLater)
        case .proxyHeader, .awaitingReply, .ending: break
        }
        if session.pointee.stage == .webSocket { self.end(id, session) }
    }

    /// Sends what `write` appends. To the connection whose input is being dealt with it goes with the rest of its answers.
    ///
    /// - Returns: whether the kernel took all of it, as far as that is known yet.
    @discardableResult
    func emit(_ id: ConnectionID, _ write: (inout [UInt8]) -> Void) -> Bool {
        if self.digesting == id {
            write(&self.output)
            return true
        }
        write(&self.aside)
        return self.send(&self.aside, to: id)
    }

    /// Hands the collected answers of the connection that is being dealt with to the kernel.
    ///
    /// - Returns: whether it took all of it.
    func flushOutput(_ id: ConnectionID) -> Bool {
        self.digesting == id ? self.send(&self.output, to: id) : true
    }

    private func send(_ bytes: inout [UInt8], to id: ConnectionID) -> Bool {
        guard !bytes.isEmpty else { return true }
        let outcome = bytes.withUnsafeBytes { self.loop.send(id, $0) }
        bytes.removeAll(keepingCapacity: bytes.capacity <= 4 * Self.outputBytes)
        return outcome == .sent
    }

    private func hold(
        _ id: ConnectionID, _ session: UnsafeMutablePointer<Session>, _ input: UnsafeMutableRawBufferPointer
    ) {
        session.pointee.held = Array(input)
        session.pointee.isHolding = true
        self.loop.pauseInput(id)
    }

    /// Goes on with input that was held, now that there is room for the answers.
    func resume(_ id: ConnectionID, _ session: UnsafeMutablePointer<Session>) {
        guard session.pointee.isHolding else { return }
        session.pointee.isHolding = false
        var held = session.pointee.held
        session.pointee.held = []
        self.loop.resumeInput(id)
        self.socketResumes(id, session)
        if !held.isEmpty { held.withUnsafeMutableBytes { self.digest(id, session, $0) } }
    }

    /// Lets everything that was answered go out, then closes.
    func end(_ id: ConnectionID, _ session: UnsafeMutablePointer<Session>) {
        _ = self.flushOutput(id)
        session.pointee.stage = .ending
        self.loop.finish(id)
    }

    // MARK: Parting with sockets

    /// The socket takes nothing more. Its endpoint is told before it sends again, but not in the middle of its own call.
    func retire(_ id: ConnectionID, _ session: UnsafeMutablePointer<Session>) {
        if session.pointee.isServed { self.parted.append(id) }
    }

    /// Tells the endpoints of sockets that have closed in this turn.
    func tellParted() {
        while let id = self.parted.popLast() {
            if self.loop.isKnown(id) { self.part(id, self.sessions + id.place) }
        }
    }

    private func part(_ id: ConnectionID, _ session: UnsafeMutablePointer<Session>) {
        guard session.pointee.isServed else { return }
        session.pointee.isServed = false
        self.statistics.socketsOpen.add(-1)
        self.endpoints[Int(session.pointee.endpoint)].closed(id)
    }

    // MARK: Deadlines

    /// Something must come from the peer, or be done with it, until then. Moving the deadline back costs nothing: the timer
    /// that is set finds out when it fires.
    func expect(_ id: ConnectionID, _ session: UnsafeMutablePointer<Session>, until deadline: UInt64) {
        session.pointee.deadline = deadline
        if session.pointee.timer == 0 || deadline < session.pointee.timer { self.arm(id, session) }
    }

    private func arm(_ id: ConnectionID, _ session: UnsafeMutablePointer<Session>) {
        guard session.pointee.deadline != .max else { return }
        session.pointee.timer = session.pointee.deadline
        self.loop.setDeadline(id, at: session.pointee.deadline)
    }

    private func overdue(_ id: ConnectionID, _ session: UnsafeMutablePointer<Session>) {
        switch session.pointee.stage {
        case .requests where session.pointee.parser.phase != .idle:
            self.refuse(id, session, .requestTimeout)
        // An answer is still on its way: whether it moves is the reactor's question.
        case .requests where self.loop.queuedBytes(id) > 0:
            self.expect(id, session, until: self.loop.now + self.terms.idleMilliseconds)
        case .webSocket: self.socketOverdue(id, session)
        case .proxyHeader, .requests, .ending: self.end(id, session)
        // The operation has its own deadlines; its answer will come.
        case .awaitingReply: self.expect(id, session, until: self.loop.now + self.terms.bodyMilliseconds)
        }
    }

    // MARK: Date

    /// Keeps the `Date` of answers; runs every half second as long as the loop does.
    private func renewDate() {
        let second = Int64(time(nil))
        if second != self.dateSecond {
            self.dateSecond = second
            self.writer.date = HTTPDate(unixSeconds: second)
        }
        self.loop.schedule(after: 500) { [unowned self] in self.renewDate() }
    }
}
