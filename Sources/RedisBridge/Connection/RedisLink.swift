internal import Reactor
internal import Shared

/// Who uses a link, and hears all that comes over it while it is open. Calls come on the loop, never from inside of a call to the link.
protocol RedisLinkOwner: ReplySink {
    /// The server has greeted: what is written now is carried out.
    func linkOpened()
    /// A link that was open is lost; the next try follows at once.
    func linkLost()
    /// A try failed; the next one follows after a while.
    func linkFailed(_ state: RedisServerState)
}

/// One connection to one server, made again whenever it is lost: finding, connecting, greeting, reading, writing.
///
/// Confined to its loop. What always holds: there is at most one connection; while it is open everything that it hears goes
/// to the owner; output is bounded by the owner, who asks `takesMore` first.
final class RedisLink {
    private enum Phase {
        case idle, looking, stopped
        case waiting(ScheduledAction)
        case connecting(ConnectionID)
        case greeting(ConnectionID)
        case open(ConnectionID, since: UInt64)
    }

    let server: RedisServer
    private let anchor: LoopAnchor
    private let place: Int
    private let role: RedisRole
    private let options: RedisOptions
    private let statistics: RedisStatistics
    private let log: Logger
    /// From `start` to `stop`.
    private var owner: (any RedisLinkOwner)?

    private var phase = Phase.idle
    private var backoff: Backoff
    private var candidates: [SocketAddress] = []
    private var reader: ReplyReader?
    private var greeter: Greeter?
    private var output: [UInt8] = []
    private var isWritable = true
    /// Why we dropped the connection ourselves.
    private var verdict: RedisServerState?
    private var state = RedisServerState.connecting
    /// What was logged last: a server that is down for an hour says so once.
    private var told: RedisServerState?
    private(set) var lastHeard: UInt64 = 0

    /// - Parameter place: the server's place in the list.
    init(
        to server: RedisServer, place: Int, for role: RedisRole, on connections: RedisConnections,
        options: RedisOptions, statistics: RedisStatistics, log: Logger
    ) {
        self.server = server
        self.place = place
        self.role = role
        self.anchor = connections.anchor
        self.options = options
        self.statistics = statistics
        self.log = log
        self.backoff = Backoff(
            firstMilliseconds: options.retryMilliseconds, longestMilliseconds: options.longestRetryMilliseconds)
    }

    /// The loop, as long as there is one.
    var loop: EventLoop? { self.anchor.loop }

    var isOpen: Bool {
        if case .open = self.phase { return true }
        return false
    }

    /// Whether the kernel has taken all that was written.
    var takesMore: Bool { self.isOpen && self.isWritable && self.output.isEmpty }

    // MARK: Life

    func start(for owner: any RedisLinkOwner) {
        guard case .idle = self.phase else { return }
        self.owner = owner
        self.tryNow()
    }

    /// Ends for good; nothing is called any more.
    func stop() {
        let phase = self.phase
        self.phase = .stopped
        self.owner = nil
        self.reader?.stop()
        self.note(.stopped)
        switch phase {
        case .idle, .looking, .stopped: break
        case .waiting(let action): self.loop?.cancel(action)
        case .connecting(let id), .greeting(let id), .open(let id, _): self.loop?.drop(id)
        }
    }

    /// Gives the connection up and makes a new one.
    func replace(because state: RedisServerState) {
        switch self.phase {
        case .greeting(let id), .open(let id, _):
            self.verdict = self.verdict ?? state
            self.reader?.stop()
            self.loop?.drop(id)
        case .idle, .looking, .waiting, .connecting, .stopped: break
        }
    }

    private func tryNow() {
        if let address = SocketAddress(self.server.address.host, port: self.server.address.port) {
            self.candidates = [address]
            return self.connect()
        }
        self.phase = .looking
        self.anchor.connections?.lookUp(for: self)
    }

    func found(_ addresses: [SocketAddress]) {
        guard case .looking = self.phase else { return }
        self.candidates = addresses
        self.connect()
    }

    /// Tries the next address of this try; after the last one the try has failed.
    private func connect() {
        while !self.candidates.isEmpty {
            let address = self.candidates.removeFirst()
            if let id = try? self.anchor.connections?.connect(
                self, to: address, within: self.options.connectMilliseconds)
            {
                self.phase = .connecting(id)
                return
            }
        }
        self.failed(.unreachable)
    }

    private func failed(_ state: RedisServerState) {
        self.note(state)
        self.owner?.linkFailed(state)
        self.tryAgain(after: state)
    }

    private func tryAgain(after state: RedisServerState) {
        if case .stopped = self.phase { return }
        guard let loop = self.loop else { return }
        var random = SystemRandomNumberGenerator()
        var wait = self.backoff.next(using: &random)
        switch state {
        case .unauthorized, .refused, .malformed:
            let patience = self.options.refusedRetryMilliseconds
            wait = max(wait, UInt64.random(in: patience / 2...patience, using: &random))
        case .connecting, .ready, .unreachable, .loading, .silent, .stopped: break
        }
        self.phase = .waiting(
            loop.schedule(after: wait) { [weak self] in
                guard let self, case .waiting = self.phase else { return }
                self.tryNow()
            })
    }

    // MARK: Events of the connection

    func opened(_ id: ConnectionID) {
        guard case .connecting = self.phase, let loop = self.loop else { return }
        self.candidates = []
        self.output = []
        self.isWritable = true
        self.verdict = nil
        let greeting = Greeting(to: self.server, as: "bellhop:\(self.role.rawValue)")
        let greeter = Greeter(greeting)
        self.greeter = greeter
        self.reader = ReplyReader(limits: ReplyLimits(stringBytes: self.options.messageBytes), sink: self)
        self.phase = .greeting(id)
        self.lastHeard = loop.now
        loop.setDeadline(id, at: loop.now + self.options.connectMilliseconds)
        self.write(greeting.request)
        self.flush()
    }

    func received(_ bytes: UnsafeRawBufferPointer) {
        self.lastHeard = self.loop?.now ?? self.lastHeard
        // The local reference keeps the reader alive whatever those do who hear of its parts.
        guard let reader = self.reader else { return }
        do throws(ReplyError) {
            try reader.feed(bytes)
        } catch {
            self.log.warning(
                "redis.malformed",
                ["server": .string(self.server.name), "role": .string(self.role.rawValue), "error": .error(error)])
            self.replace(because: .malformed)
        }
    }

    func drained() { self.isWritable = true }

    func greetingIsOverdue() {
        if case .greeting = self.phase { self.replace(because: .silent) }
    }

    func closed(_ id: ConnectionID, _ reason: CloseReason) {
        self.reader?.stop()
        self.reader = nil
        let phase = self.phase
        if case .stopped = phase { return }
        self.phase = reason == .loopStopped ? .stopped : .idle
        switch phase {
        case .connecting: self.connect(unless: reason == .loopStopped)
        // Who closes while we greet does not take us in; who is busy with the same for many may well later.
        case .greeting: self.failed(self.verdict ?? .unreachable)
        case .open(_, let since): self.lost(since: since, reason)
        case .idle, .looking, .waiting, .stopped: break
        }
    }

    private func connect(unless isOver: Bool) {
        if isOver { self.owner?.linkFailed(.stopped) } else { self.connect() }
    }

    private func lost(since: UInt64, _ reason: CloseReason) {
        let lived = (self.loop?.now ?? since) - since
        // A server that lets us in and throws us out is not asked again at once for ever.
        if lived >= Self.provenMilliseconds { self.backoff.reset() }
        self.statistics.add(to: .losses)
        self.log.warning(
            "redis.lost",
            [
                "server": .string(self.server.name), "role": .string(self.role.rawValue),
                "reason": .string(self.verdict.map { "\($0)" } ?? "\(reason)"), "lived_ms": .int(Int(lived)),
            ])
        self.told = nil
        self.note(self.verdict ?? .connecting)
        self.owner?.linkLost()
        self.tryAgain(after: self.verdict ?? .connecting)
    }

    private static let provenMilliseconds: UInt64 = 1_000

    // MARK: Greeting

    private func greeted(_ outcome: Greeting.Outcome) {
        guard case .greeting(let id) = self.phase, let loop = self.loop else { return }
        switch outcome {
        case .more: break
        case .failed(let state): self.replace(because: state)
        case .ready:
            self.greeter = nil
            self.phase = .open(id, since: loop.now)
            loop.setDeadline(id, at: nil)
            self.statistics.add(to: .connects)
            // What comes from now on is none of ours.
            if let owner = self.owner { self.reader?.sink = owner }
            // Before the state can be seen: whoever reads that it is ready, on whatever thread, is not turned away.
            self.owner?.linkOpened()
            self.note(.ready)
        }
    }

    private func note(_ state: RedisServerState) {
        self.state = state
        self.statistics.set(state, of: self.place, for: self.role)
        guard self.told != state else { return }
        switch state {
        case .connecting, .stopped: return
        case .ready: self.log.notice("redis.ready", self.fields)
        case .unreachable: self.log.warning("redis.unreachable", self.fields)
        case .loading: self.log.warning("redis.loading", self.fields)
        case .silent: self.log.warning("redis.silent", self.fields)
        case .unauthorized: self.log.error("redis.unauthorized", self.fields)
        case .refused: self.log.error("redis.refused", self.fields)
        case .malformed: self.log.error("redis.no_redis", self.fields)
        }
        self.told = state
    }

    private var fields: KeyValuePairs<StaticString, LogValue> {
        ["server": .string(self.server.name), "role": .string(self.role.rawValue)]
    }

    // MARK: Writing

    /// Sends at the end of the turn, after all that was written before.
    func write(_ bytes: some Sequence<UInt8>) { self.output += bytes }

    func flush() {
        let id: ConnectionID
        switch self.phase {
        case .greeting(let greeted): id = greeted
        case .open(let open, _): id = open
        case .idle, .looking, .waiting, .connecting, .stopped: return
        }
        guard self.isWritable, !self.output.isEmpty else { return }
        let outcome = self.output.withUnsafeBytes { self.loop?.send(id, $0) }
        self.isWritable = outcome == .sent
        self.output.removeAll(keepingCapacity: self.output.count <= Self.keptOutputBytes)
    }

    private static let keptOutputBytes = 256 << 10
}

// MARK: The greeting's answers

extension RedisLink: ReplySink {
    func arrayBegan(count: Int, depth: Int) {
        if let outcome = self.greeter?.began(count) { self.greeted(outcome) }
    }

    func element(_ element: ReplyElement, depth: Int, index: Int) {
        if let outcome = self.greeter?.took(element) { self.greeted(outcome) }
    }
}

/// Puts the answers to a greeting together.
private final class Greeter {
    private var greeting: Greeting
    private var builder = ValueBuilder()

    init(_ greeting: Greeting) { self.greeting = greeting }

    func began(_ count: Int) -> Greeting.Outcome? {
        self.builder.begin(count: count).map { self.greeting.answered($0) }
    }

    func took(_ element: ReplyElement) -> Greeting.Outcome? {
        self.builder.add(element).map { self.greeting.answered($0) }
    }
}
