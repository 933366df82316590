package import Reactor
package import Shared

/// Commands for all servers: one pipelined connection each, on one loop; from any thread.
///
/// Every caller shares the connections, so nothing that blocks (`BLPOP`, `WAIT`), changes the connection (`SELECT`, `SUBSCRIBE`,
/// `MULTI` over several calls) or runs long belongs here. Each command is carried out at most once; only `refused` and a value
/// say that it was looked at for certain.
///
/// Policies at the bounds (`RedisOptions`): a command that is one too many is refused with `overloaded` at once; for a message
/// that is one too many the oldest waiting one is dropped and counted. While a server cannot be reached, or refuses us,
/// commands for it fail with `unavailable` at once and messages are dropped and counted; in the moment after a loss, while
/// the first new try runs, both wait.
package final class RedisCommands: BusPublisher, Sendable {
    package let statistics: RedisStatistics
    private let options: RedisOptions
    private let rendezvous: Rendezvous
    private let lanes: [CommandLane]
    private let handle: LoopHandle
    private let number = RedisConnections.newNumber()

    /// Connects to the servers from a loop.
    ///
    /// - Parameters:
    ///   - servers: at least one.
    ///   - handle: the loop of the connections, which has not ended; it needs places for them (`RedisConnections.places`).
    package init(
        servers: [RedisServer], on handle: LoopHandle, options: RedisOptions = RedisOptions(),
        statistics: RedisStatistics? = nil, log: Logger = .silent
    ) {
        let (statistics, number) = (statistics ?? RedisStatistics(servers: servers), self.number)
        self.options = options
        self.handle = handle
        self.statistics = statistics
        self.rendezvous = Rendezvous(servers: servers.map(\.name))
        let lanes = servers.indices.map { server in
            CommandLane(options: options, statistics: statistics) {
                handle.post { loop in CommandDesk.of(number, on: loop)?.workWaits(for: server) }
            }
        }
        self.lanes = lanes
        // The guard goes with the loop, however that ends: nobody waits for an answer that nobody will give.
        let closing = LaneGuard(lanes)
        handle.post { loop in
            CommandDesk(
                servers, closing, number: number, on: loop, options: options, statistics: statistics, log: log
            ).start()
        }
    }

    /// How many servers there are.
    package var serverCount: Int { self.lanes.count }

    /// The place in the list of the server that carries what belongs to a key.
    package func server(of shard: String) -> Int { self.rendezvous.index(of: shard) }

    /// Closes the connections. Commands without an answer, and all that come later, fail with `stopped`. To be called before
    /// the loop is stopped.
    package func stop() {
        let number = self.number
        for lane in self.lanes { lane.close() }
        self.handle.post { loop in CommandDesk.of(number, on: loop)?.stop() }
    }

    // MARK: Commands

    /// Sends a command to the server of a key and waits for its answer; never longer than `limit`, or than the options say.
    package func send(
        _ arguments: [[UInt8]], to shard: String, within limit: Duration? = nil
    ) async throws(RedisError) -> RedisValue {
        try await self.send(arguments, toServer: self.server(of: shard), within: limit)
    }

    /// The same for one server of the list.
    package func send(
        _ arguments: [[UInt8]], toServer server: Int, within limit: Duration? = nil
    ) async throws(RedisError) -> RedisValue {
        let result = await withCheckedContinuation { continuation in
            self.send(arguments, toServer: server, within: limit) { continuation.resume(returning: $0) }
        }
        return try result.get()
    }

    /// The same for those that do not wait in a task: `reply` is called exactly once, here and now if the command cannot even
    /// wait, else on the connections' loop.
    package func send(
        _ arguments: [[UInt8]], toServer server: Int, within limit: Duration? = nil,
        reply: @escaping @Sendable (Result<RedisValue, RedisError>) -> Void
    ) {
        precondition(!arguments.isEmpty, "a command has a name")
        let patience = limit.map { max(0, $0 / .milliseconds(1)) } ?? Double(self.options.commandMilliseconds)
        let now = SystemClock.monotonicNanoseconds / 1_000_000
        self.lanes[server].submit(
            Command(
                request: RequestText.of(arguments), deadline: now + UInt64(min(patience, 86_400_000)), reply: reply))
    }

    /// Runs a script on the server of a key. Its text is sent only to a server that does not know it.
    package func run(
        _ script: RedisScript, keys: [[UInt8]], arguments: [[UInt8]] = [], to shard: String,
        within limit: Duration? = nil
    ) async throws(RedisError) -> RedisValue {
        try await self.run(
            script, keys: keys, arguments: arguments, toServer: self.server(of: shard), within: limit)
    }

    /// The same on one server of the list.
    package func run(
        _ script: RedisScript, keys: [[UInt8]], arguments: [[UInt8]] = [], toServer server: Int,
        within limit: Duration? = nil
    ) async throws(RedisError) -> RedisValue {
        let rest = [Array("\(keys.count)".utf8)] + keys + arguments
        let digest = try await self.digest(of: script, server, within: limit)
        do throws(RedisError) {
            return try await self.send([Array("EVALSHA".utf8), digest] + rest, toServer: server, within: limit)
        } catch .refused(let refusal) where refusal.code == "NOSCRIPT" {
            // The server was restarted or flushed; EVAL makes it known again.
            return try await self.send([Array("EVAL".utf8), script.source] + rest, toServer: server, within: limit)
        }
    }

    /// A server says what it calls the script; all call it the same, so one is asked once.
    private func digest(
        of script: RedisScript, _ server: Int, within limit: Duration?
    ) async throws(RedisError) -> [UInt8] {
        if let known = script.digest { return known }
        let request = [Array("SCRIPT".utf8), Array("LOAD".utf8), script.source]
        let answer = try await self.send(request, toServer: server, within: limit)
        guard case .bytes(let digest) = answer, digest.count == 40 else { throw .unavailable }
        script.digest = digest
        return digest
    }

    // MARK: Messages

    package func publish(_ message: [UInt8], on channel: BusChannel) {
        guard message.count <= self.options.messageBytes else {
            self.statistics.add(to: .dropped)
            return
        }
        let server = self.server(of: channel.shard)
        self.lanes[server].publish(RequestText.publishing(message, on: channel.name.utf8))
    }

    func publish(_ message: [UInt8], named name: [UInt8], toServer server: Int) {
        self.lanes[server].publish(RequestText.publishing(message, on: name))
    }
}

/// A script that runs inside a server, atomically. Made once, kept, and used by all.
package final class RedisScript: Sendable {
    package let source: [UInt8]
    private let known = Locked<[UInt8]?>(nil)

    package init(_ source: String) { self.source = Array(source.utf8) }

    /// What servers call it, once one has said so.
    var digest: [UInt8]? {
        get { self.known.withLock { $0 } }
        set { self.known.withLock { $0 = newValue } }
    }
}

/// Closes lanes when it goes, however that comes about.
private final class LaneGuard: Sendable {
    let lanes: [CommandLane]
    init(_ lanes: [CommandLane]) { self.lanes = lanes }
    deinit { for lane in self.lanes { lane.close() } }
}

/// The connections of one `RedisCommands`, on their loop.
private final class CommandDesk: LoopMember {
    private let closing: LaneGuard
    private let number: UInt64
    private let anchor: LoopAnchor
    private let links: [CommandLink]

    init(
        _ servers: [RedisServer], _ closing: LaneGuard, number: UInt64, on loop: EventLoop, options: RedisOptions,
        statistics: RedisStatistics, log: Logger
    ) {
        let connections = RedisConnections.on(loop)
        self.closing = closing
        self.number = number
        self.anchor = connections.anchor
        self.links = servers.enumerated().map { place, server in
            let link = RedisLink(
                to: server, place: place, for: .commands, on: connections, options: options, statistics: statistics,
                log: log)
            return CommandLink(link, lane: closing.lanes[place], options: options, statistics: statistics)
        }
    }

    static func of(_ number: UInt64, on loop: EventLoop) -> CommandDesk? {
        RedisConnections.on(loop).member(number) as? CommandDesk
    }

    func start() {
        self.anchor.connections?.join(self, as: self.number, isResident: true)
        for link in self.links { link.start() }
    }

    func stop() {
        for link in self.links { link.stop() }
        self.anchor.connections?.leave(self.number)
    }

    func workWaits(for server: Int) { self.links[server].workWaits() }

    func turnEnded() { for link in self.links { link.turnEnded() } }

    func loopEnded() { for link in self.links { link.loopEnded() } }
}
