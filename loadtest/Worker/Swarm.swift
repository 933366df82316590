internal import Reactor
internal import Shared
internal import Wire

/// The sockets of one worker: opens them at the ramp's pace, speaks WebSocket, and lets the scenario's behaviour decide
/// what is said.
final class Swarm: WorkerDuty {
    enum Phase: UInt8 {
        case absent, connecting, handshaking
        /// The handshake was accepted, but the socket does not yet hear what it is there for.
        case joining
        case open
        /// We have sent a close frame.
        case closing
        case gone
    }

    private static let closeMilliseconds: UInt64 = 1000

    let count: Int
    let measurements = Measurements()
    unowned let loop: EventLoop
    private let plan: Plan
    private let voice: WorkerVoice
    let addresses: [SocketAddress]
    private let sources: [SocketAddress]
    private let rampShare: (perSecond: Double?, inFlight: Int)
    private var ramp: Ramp?
    private var hasSettled = false
    private var handler: HandlerID?
    private var behaviour: (any SocketBehaviour)?
    private var whenClosed: (() -> Void)?

    // Cold and hot apart: a delivery touches one phase, one reader and the behaviour's own.
    private var phases: [Phase]
    private var readers: [WebSocketReader]
    private var connections: [ConnectionID?]
    private var openings: [Int: Opening] = [:]
    /// When the connects of those that are joining were due.
    private var joinings: [Int: UInt64] = [:]
    /// By place of the connection in the loop; -1 for those that are not ours.
    private var socketsByPlace: [Int] = []
    private var live = 0
    private var scratch: [UInt8] = []

    /// - Parameter addresses: of the plan's targets, in their order.
    init(
        _ plan: Plan, role: WorkerRole, addresses: [SocketAddress], loop: EventLoop, voice: WorkerVoice
    ) {
        self.plan = plan
        self.count = Plan.share(of: plan.sockets, worker: role.index, of: role.count)
        self.addresses = addresses
        self.sources = SourceAddresses.choose(plan, worker: role.index, target: addresses[0])
        self.loop = loop
        self.voice = voice
        self.phases = Array(repeating: .absent, count: self.count)
        self.readers = Array(repeating: WebSocketReader(role: .client), count: self.count)
        self.connections = Array(repeating: nil, count: self.count)
        self.rampShare = (
            plan.connectsPerSecond.map { $0 / Double(role.count) },
            max(1, Plan.share(of: plan.connectsInFlight, worker: role.index, of: role.count))
        )
        self.handler = loop.register(self)
        self.behaviour = plan.scenario.behaviour(plan, role: role, swarm: self)
    }

    // MARK: Orders

    func enter(_ brief: HotelBrief) { self.behaviour?.enter(brief) }

    func confirmed(_ confirmation: Confirmation) { self.behaviour?.confirmed(confirmation) }

    func ramp(start: UInt64) {
        self.ramp = Ramp(
            count: self.count, perSecond: self.rampShare.perSecond, inFlight: self.rampShare.inFlight, start: start)
    }

    func run() {
        let open = self.phases.indices.filter { self.phases[$0] == .open }
        self.measurements.result.figures[.watching] = UInt64(open.count)
        self.behaviour?.run(open, self.measurements.window)
    }

    func close(then done: @escaping () -> Void) {
        self.ramp = nil
        for socket in self.phases.indices {
            switch self.phases[socket] {
            case .open: self.sayGoodbye(socket)
            case .connecting, .handshaking, .joining:
                self.phases[socket] = .closing
                if let id = self.connections[socket] { self.loop.drop(id) }
            case .absent, .closing, .gone: break
            }
        }
        self.behaviour?.close()
        self.whenClosed = done
        self.loop.requestTurn()
    }

    // MARK: Opening

    private func openMore() {
        while let next = self.ramp?.next(at: SystemClock.monotonicNanoseconds) { self.open(next.socket, due: next.due) }
    }

    private func open(_ socket: Int, due: UInt64) {
        guard let handler = self.handler else { return }
        let target = socket % self.addresses.count
        let source = self.sources.isEmpty ? nil : self.sources[socket / self.addresses.count % self.sources.count]
        do throws(SystemError) {
            let id = try self.loop.connect(
                to: self.addresses[target], from: source, handler: handler,
                within: UInt64(self.plan.connectSeconds * 1000))
            self.connections[socket] = id
            self.note(socket, at: id.place)
            self.phases[socket] = .connecting
            self.openings[socket] = Opening(self.plan.targets[target], due: due)
            self.live += 1
        } catch {
            self.failed(socket, .system(error.errno))
        }
    }

    private func note(_ socket: Int, at place: Int) {
        if place >= self.socketsByPlace.count {
            self.socketsByPlace.append(contentsOf: repeatElement(-1, count: place + 1 - self.socketsByPlace.count))
        }
        self.socketsByPlace[place] = socket
    }

    @inline(__always)
    private func socket(of id: ConnectionID) -> Int? {
        guard id.place < self.socketsByPlace.count, self.socketsByPlace[id.place] >= 0 else { return nil }
        return self.socketsByPlace[id.place]
    }

    /// A socket will not open.
    private func failed(_ socket: Int, _ failure: ConnectFailure) {
        self.phases[socket] = .gone
        (self.openings[socket], self.joinings[socket]) = (nil, nil)
        self.measurements.noteFailed(failure)
        self.ramp?.answered()
        // The first one goes alone, so nothing else has been tried yet.
        if socket == 0 {
            let target = self.plan.targets[0]
            self.voice.report(.hopeless("cannot connect to \(target): \(failure.explanation)"))
        }
    }

    private func advanceOpening(
        _ socket: Int, _ id: ConnectionID, _ bytes: UnsafeMutableRawBufferPointer
    ) -> UnsafeMutableRawBufferPointer? {
        var input = UnsafeRawBufferPointer(bytes)
        switch self.openings[socket]?.feed(&input) {
        case .needsMore, nil: return nil
        case .failed(let failure):
            self.failed(socket, failure)
            self.loop.drop(id)
            return nil
        case .accepted(let due):
            self.openings[socket] = nil
            self.phases[socket] = .joining
            self.joinings[socket] = due
            if self.behaviour?.opened(socket) ?? true { self.joined(socket) }
            return UnsafeMutableRawBufferPointer(rebasing: bytes[(bytes.count - input.count)...])
        }
    }

    // MARK: Joining

    /// A socket hears what it is there for.
    func joined(_ socket: Int) {
        guard self.phases[socket] == .joining, let id = self.connections[socket],
            let due = self.joinings.removeValue(forKey: socket)
        else { return }
        self.loop.setDeadline(id, at: nil)
        self.measurements.noteOpened(due: due, at: SystemClock.monotonicNanoseconds)
        self.phases[socket] = .open
        if self.plan.closesAtOnce { self.sayGoodbye(socket) } else { self.ramp?.answered() }
    }

    /// A socket will not hear what it is there for; of one that is open, or gone, it is too late to say so.
    func joinFailed(_ socket: Int, _ failure: ConnectFailure) {
        guard self.phases[socket] == .joining else { return }
        self.failed(socket, failure)
        if let id = self.connections[socket] { self.loop.drop(id) }
        // More may be opened in its place, also if this was said outside of the loop's turn for sockets.
        self.loop.requestTurn()
    }

    // MARK: Messages

    /// Sends a text message on a socket, if it is open.
    func send(_ socket: Int, _ message: [UInt8]) {
        guard self.phases[socket] == .open || self.phases[socket] == .joining else { return }
        message.withUnsafeBytes { self.sendFrame(socket, .text, $0) }
    }

    private func sendFrame(_ socket: Int, _ opcode: WebSocketOpcode, _ payload: UnsafeRawBufferPointer) {
        guard let id = self.connections[socket] else { return }
        self.scratch.removeAll(keepingCapacity: true)
        WebSocketFrame.append(
            opcode, payload, maskKey: UInt32.random(in: 1...UInt32.max), to: &self.scratch)
        self.scratch.withUnsafeBytes { _ = self.loop.send(id, $0) }
    }

    private func readFrames(_ socket: Int, _ id: ConnectionID, _ bytes: UnsafeMutableRawBufferPointer) {
        let now = SystemClock.monotonicNanoseconds
        var input = bytes
        do throws(WebSocketError) {
            while self.phases[socket] != .gone, let event = try self.readers[socket].next(&input, limits: Self.limits) {
                switch event {
                case .text(let message), .binary(let message): self.behaviour?.received(socket, message, at: now)
                case .ping(let payload): if self.phases[socket] != .closing { self.sendFrame(socket, .pong, payload) }
                case .pong: break
                case .close(let code, _):
                    self.joinFailed(socket, .closed(Int(code.rawValue)))
                    self.heardGoodbye(socket, id)
                }
            }
        } catch {
            // The server broke the protocol: as good as gone, and counted so.
            self.loop.drop(id)
        }
    }

    private static let limits = {
        var limits = WebSocketLimits()
        limits.frameBytes = 4 << 20
        limits.messageBytes = 4 << 20
        return limits
    }()

    // MARK: Closing

    private func sayGoodbye(_ socket: Int) {
        guard let id = self.connections[socket] else { return }
        self.phases[socket] = .closing
        self.scratch.removeAll(keepingCapacity: true)
        WebSocketFrame.appendClose(.normal, maskKey: UInt32.random(in: 1...UInt32.max), to: &self.scratch)
        self.scratch.withUnsafeBytes { _ = self.loop.send(id, $0) }
        self.loop.setDeadline(id, at: self.loop.now + Self.closeMilliseconds)
    }

    private func heardGoodbye(_ socket: Int, _ id: ConnectionID) {
        // A reset after both close frames: no port of ours stays in TIME_WAIT, else the next run would miss it.
        guard self.phases[socket] == .open else { return self.loop.drop(id) }
        self.sendFrame(socket, .close, UnsafeRawBufferPointer(start: nil, count: 0))
        self.loop.finish(id)
    }
}

// MARK: - The loop's calls

extension Swarm: ConnectionHandler {
    func opened(_ id: ConnectionID, peer: SocketAddress?) {
        guard let socket = self.socket(of: id), let opening = self.openings[socket] else { return }
        self.phases[socket] = .handshaking
        self.loop.setDeadline(id, at: self.loop.now + UInt64(self.plan.connectSeconds * 1000))
        opening.request.withUnsafeBytes { _ = self.loop.send(id, $0) }
    }

    func received(_ id: ConnectionID, _ bytes: UnsafeMutableRawBufferPointer) {
        guard let socket = self.socket(of: id) else { return }
        switch self.phases[socket] {
        case .handshaking:
            if let rest = self.advanceOpening(socket, id, bytes), !rest.isEmpty { self.readFrames(socket, id, rest) }
        case .joining, .open, .closing: self.readFrames(socket, id, bytes)
        case .absent, .connecting, .gone: break
        }
    }

    func inputEnded(_ id: ConnectionID) { self.loop.drop(id) }

    func drained(_ id: ConnectionID) {}

    func deadlinePassed(_ id: ConnectionID) {
        guard let socket = self.socket(of: id) else { return }
        if self.phases[socket] == .handshaking || self.phases[socket] == .joining { self.failed(socket, .timedOut) }
        self.loop.drop(id)
    }

    func closed(_ id: ConnectionID, _ reason: CloseReason) {
        guard let socket = self.socket(of: id) else { return }
        self.socketsByPlace[id.place] = -1
        self.live -= 1
        self.connections[socket] = nil
        switch self.phases[socket] {
        case .connecting, .handshaking, .joining: self.failed(socket, ConnectFailure(reason))
        case .open: self.measurements.result.figures[.dropped] &+= 1
        case .closing: if self.plan.closesAtOnce { self.ramp?.answered() }
        case .absent, .gone: break
        }
        self.phases[socket] = .gone
    }

    func turnEnded() {
        if let done = self.whenClosed {
            guard self.live == 0 else { return }
            self.whenClosed = nil
            return done()
        }
        self.openMore()
        if let ramp = self.ramp, ramp.isDone, !self.hasSettled {
            self.hasSettled = true
            self.voice.report(.settled)
        }
        let next = self.behaviour?.act(at: SystemClock.monotonicNanoseconds)
        self.voice.alarm.set([next, self.ramp?.nextDue].compactMap { $0 }.min())
    }
}
