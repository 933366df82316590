internal import Shared

/// A command as it goes out, and who waits for its answer.
struct Command: Sendable {
    typealias Reply = @Sendable (Result<RedisValue, RedisError>) -> Void

    let request: [UInt8]
    /// In the milliseconds of the loops' clock.
    let deadline: UInt64
    let reply: Reply
}

/// What other threads want of one server, until its connection takes it: the only place where commands and messages wait,
/// and so the place of their bounds.
///
/// What always holds: each command's `reply` is called exactly once, by the lane or by whoever took the command; after
/// `close` nothing waits any more.
final class CommandLane: Sendable {
    /// What the connection takes at once.
    struct Batch: Sendable {
        var commands: [Command] = []
        var messages: [[UInt8]] = []
        var isLast = true
    }

    private enum Way {
        /// The connection is there, or on its way: what comes waits for it.
        case open
        /// It was tried and cannot be had: nothing waits, so that nobody waits for nothing.
        case blocked
        case closed
    }

    private struct Waiting {
        var commands = Ring<Command>()
        var commandBytes = 0
        var messages: MessageQueue
        var way = Way.open
        /// The connection knows that something waits.
        var isAnnounced = false
    }

    private let waiting: Locked<Waiting>
    private let options: RedisOptions
    private let statistics: RedisStatistics
    private let announce: @Sendable () -> Void

    /// - Parameter announce: called from any thread when something begins to wait.
    init(options: RedisOptions, statistics: RedisStatistics, announce: @escaping @Sendable () -> Void) {
        self.options = options
        self.statistics = statistics
        self.announce = announce
        self.waiting = Locked(
            Waiting(
                messages: MessageQueue(limit: options.waitingMessages, byteLimit: options.waitingMessageBytes)))
    }

    // MARK: From any thread

    func publish(_ request: [UInt8]) {
        let (dropped, isFirst) = self.waiting.withLock { waiting in
            guard waiting.way == .open else { return (1, false) }
            let dropped = waiting.messages.append(request)
            defer { waiting.isAnnounced = true }
            return (dropped, !waiting.isAnnounced)
        }
        if dropped > 0 { self.statistics.add(UInt64(dropped), to: .dropped) }
        if isFirst { self.announce() }
    }

    func submit(_ command: Command) {
        let (refusal, isFirst): (RedisError?, Bool) = self.waiting.withLock { waiting in
            switch waiting.way {
            case .blocked: return (.unavailable, false)
            case .closed: return (.stopped, false)
            case .open: break
            }
            guard waiting.commands.count < self.options.waitingCommands,
                waiting.commandBytes + command.request.count <= self.options.waitingCommandBytes
            else { return (.overloaded, false) }
            waiting.commands.append(command)
            waiting.commandBytes += command.request.count
            defer { waiting.isAnnounced = true }
            return (nil, !waiting.isAnnounced)
        }
        if let refusal {
            if refusal == .overloaded { self.statistics.add(to: .overloaded) }
            command.reply(.failure(refusal))
        }
        if isFirst { self.announce() }
    }

    // MARK: From the connection

    /// Takes what has waited longest, commands first: somebody waits for them.
    func take(atMost count: Int, bytes: Int) -> Batch {
        self.waiting.withLock { waiting in
            var (batch, left) = (Batch(), bytes)
            while batch.commands.count < count, left > 0, let command = waiting.commands.popFirst() {
                waiting.commandBytes -= command.request.count
                left -= command.request.count
                batch.commands.append(command)
            }
            while batch.commands.count + batch.messages.count < count, left > 0,
                let message = waiting.messages.popFirst()
            {
                left -= message.count
                batch.messages.append(message)
            }
            batch.isLast = waiting.commands.isEmpty && waiting.messages.isEmpty
            waiting.isAnnounced = !batch.isLast
            return batch
        }
    }

    /// Gives up commands that have waited too long.
    ///
    /// - Returns: whether commands still wait.
    func expire(now: UInt64) -> Bool {
        let (overdue, isWaiting) = self.waiting.withLock { waiting in
            guard !waiting.commands.isEmpty else { return ([Command](), false) }
            var (overdue, left) = ([Command](), Ring<Command>())
            for command in waiting.commands.takeAll() {
                if command.deadline <= now {
                    overdue.append(command)
                    waiting.commandBytes -= command.request.count
                } else {
                    left.append(command)
                }
            }
            waiting.commands = left
            return (overdue, !left.isEmpty)
        }
        self.statistics.add(UInt64(overdue.count), to: .timedOut)
        for command in overdue { command.reply(.failure(.timedOut)) }
        return isWaiting
    }

    /// Lets commands and messages wait for the connection.
    func open() { self.waiting.withLock { if $0.way == .blocked { $0.way = .open } } }

    /// The connection cannot be had for now: nothing waits.
    func block() { self.empty(.blocked, .unavailable) }

    /// For good.
    func close() { self.empty(.closed, .stopped) }

    private func empty(_ way: Way, _ error: RedisError) {
        let (commands, dropped) = self.waiting.withLock { waiting in
            if waiting.way != .closed { waiting.way = way }
            waiting.commandBytes = 0
            waiting.isAnnounced = false
            return (waiting.commands.takeAll(), waiting.messages.removeAll())
        }
        self.statistics.add(UInt64(dropped), to: .dropped)
        for command in commands { command.reply(.failure(error)) }
    }
}
