internal import Reactor
internal import Shared

/// The loop's end of one server's commands: writes what waits in the lane, and hands each answer to whoever waits for it.
///
/// What always holds: answers come in the order of the requests (that is the protocol), so the oldest request without an
/// answer owns the next one, even when its caller has given up.
final class CommandLink: RedisLinkOwner {
    private enum Unanswered {
        case message
        case command(Command.Reply, deadline: UInt64)
        /// Its caller waits no more; its answer is still to come.
        case abandoned
    }

    private let link: RedisLink
    private let lane: CommandLane
    private let options: RedisOptions
    private let statistics: RedisStatistics
    private var unanswered = Ring<Unanswered>()
    private var builder = ValueBuilder()
    private var hasWork = false
    private var isTicking = false
    /// When the link became open, or something last began to be awaited.
    private var awaitedSince: UInt64 = 0

    private static let tickMilliseconds: UInt64 = 20
    private static let bytesAtOnce = 256 << 10

    init(_ link: RedisLink, lane: CommandLane, options: RedisOptions, statistics: RedisStatistics) {
        self.link = link
        self.lane = lane
        self.options = options
        self.statistics = statistics
    }

    private var loop: EventLoop? { self.link.loop }

    func start() { self.link.start(for: self) }

    func stop() {
        self.link.stop()
        self.abandon(.stopped)
        self.lane.close()
    }

    /// The loop is gone.
    func loopEnded() { self.link.stop() }

    /// Something waits in the lane.
    func workWaits() {
        self.hasWork = true
        self.keepTicking()
    }

    func turnEnded() {
        guard self.hasWork, self.link.takesMore else { return }
        let room = self.options.waitingCommands - self.unanswered.count
        guard room > 0 else { return }
        let batch = self.lane.take(atMost: room, bytes: Self.bytesAtOnce)
        if self.unanswered.isEmpty { self.awaitedSince = self.loop?.now ?? 0 }
        for command in batch.commands {
            self.link.write(command.request)
            self.unanswered.append(.command(command.reply, deadline: command.deadline))
        }
        for message in batch.messages {
            self.link.write(message)
            self.unanswered.append(.message)
        }
        self.statistics.add(UInt64(batch.commands.count), to: .commands)
        self.statistics.add(UInt64(batch.messages.count), to: .published)
        self.hasWork = !batch.isLast
        self.link.flush()
        if self.hasWork { self.loop?.requestTurn() }
        self.keepTicking()
    }

    // MARK: RedisLinkOwner

    func linkOpened() {
        self.builder = ValueBuilder()
        self.lane.open()
        self.workWaits()
    }

    func linkLost() {
        self.abandon(.connectionLost)
    }

    func linkFailed(_ state: RedisServerState) {
        self.abandon(.connectionLost)
        if state == .stopped { self.lane.close() } else { self.lane.block() }
    }

    private func abandon(_ error: RedisError) {
        for entry in self.unanswered.takeAll() {
            if case .command(let reply, _) = entry { reply(.failure(error)) }
        }
    }

    // MARK: Answers

    func arrayBegan(count: Int, depth: Int) {
        if let value = self.builder.begin(count: count) { self.answered(value) }
    }

    func element(_ element: ReplyElement, depth: Int, index: Int) {
        if let value = self.builder.add(element) { self.answered(value) }
    }

    private func answered(_ value: RedisValue) {
        switch self.unanswered.popFirst() {
        case .command(let reply, _):
            guard case .refusal(let refusal) = value else { return reply(.success(value)) }
            // The password was changed behind our back: greet afresh. Another refusal is the caller's affair.
            if refusal.code == "NOAUTH" { self.link.replace(because: .unauthorized) }
            reply(.failure(.refused(refusal)))
        case .message:
            if case .refusal(let refusal) = value { self.messageRefused(refusal) }
        case .abandoned: break
        // Nothing was asked. Whoever says that much more than it is asked is not what we think it is.
        case nil: self.link.replace(because: .malformed)
        }
    }

    private func messageRefused(_ refusal: RedisRefusal) {
        self.statistics.add(to: .refused)
        // The password was changed, or the server was replaced by one that still loads: greet it afresh.
        let state = RedisServerState(refusal: refusal.code)
        if state != .refused { self.link.replace(because: state) }
    }

    // MARK: Time

    private func keepTicking() {
        guard !self.isTicking, let loop = self.loop else { return }
        self.isTicking = true
        loop.schedule(after: Self.tickMilliseconds) { [weak self] in self?.tick() }
    }

    private func tick() {
        guard let now = self.loop?.now else { return }
        self.isTicking = false
        var overdue: [Command.Reply] = []
        self.unanswered.update { entry in
            if case .command(let reply, let deadline) = entry, deadline <= now {
                overdue.append(reply)
                entry = .abandoned
            }
        }
        self.statistics.add(UInt64(overdue.count), to: .timedOut)
        for reply in overdue { reply(.failure(.timedOut)) }
        let isWaiting = self.lane.expire(now: now)
        if !self.unanswered.isEmpty {
            let lastSign = max(self.awaitedSince, self.link.lastHeard)
            if now - min(now, lastSign) >= self.options.silenceMilliseconds { self.link.replace(because: .silent) }
        }
        if isWaiting || !self.unanswered.isEmpty { self.keepTicking() }
    }
}
