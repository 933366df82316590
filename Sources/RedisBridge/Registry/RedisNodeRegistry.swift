package import Reactor
package import Shared

/// The nodes of the cluster, by their leases in Redis: one on each server, so that a server's scripts see in one moment who
/// lives and what it left there. A server that is lost takes its own share with it, no more.
///
/// What always holds:
/// - An incarnation whose clearing away has begun never gets anything again: its node comes back as a new one.
/// - A node takes others for dead only after it has held its own lease for a whole lease's time: after an outage that all
///   shared, all have the time to come back.
/// - The first of a process takes its name over from whoever had it (it was restarted sooner than its lease ended); a process
///   that lost its name so waits until it is free, and says so.
package final class RedisNodeRegistry: NodeRegistry, Sendable {
    private let id: String
    private let address: String
    /// Tells this process from others of the same name.
    private let process = String(UInt64.random(in: .min ... .max), radix: 36)
    private let commands: RedisCommands
    private let options: RegistryOptions
    private let metrics: RegistryMetrics
    private let log: Logger
    private let executor: LoopExecutor
    private let servers: [Attendance]
    private let holders = Locked<[Told]>([])
    private let tasks = Locked<[Task<Void, Never>]>([])

    /// Who is told of seats. It asks the registry for them, and so holds it: it must not be held in turn.
    private struct Told {
        weak var holder: (any SeatHolder)?
    }

    /// What is known of one server.
    private final class Attendance: Sendable {
        let bell = Bell()
        let state = Locked(State())

        struct State {
            var seat: NodeSeat?
            /// Since when the lease was held without a break, on our clock.
            var heldSince: UInt64?
            var isDisplaced = false
        }
    }

    /// - Parameters:
    ///   - id: this node's name: letters, digits, `.`, `_` and `-`.
    ///   - loop: where the renewals run, so that nobody who keeps Swift's threads busy costs the node its lease.
    package init(
        id: String, address: String, commands: RedisCommands, loop: LoopHandle,
        options: RegistryOptions = RegistryOptions(), metrics: RegistryMetrics, log: Logger = .silent
    ) {
        self.id = id
        self.address = address
        self.commands = commands
        self.options = options
        self.metrics = metrics
        self.log = log
        self.executor = LoopExecutor(loop)
        self.servers = (0..<commands.serverCount).map { _ in Attendance() }
    }

    /// Tells `holder` of seats, for as long as somebody else holds it, and has it clear away what dead ones left. Before `start`.
    package func add(_ holder: any SeatHolder) { self.holders.withLock { $0.append(Told(holder: holder)) } }

    private var seatHolders: [any SeatHolder] { self.holders.withLock { $0.compactMap(\.holder) } }

    /// Begins to hold a lease on each server.
    package func start() {
        let tasks = self.servers.indices.map { server in
            Task(executorPreference: self.executor) { await self.run(server) }
        }
        self.tasks.withLock { $0 = tasks }
    }

    /// Gives the leases back: what this node left is cleared away by others at once. Before the commands are stopped.
    package func stop() async {
        await self.halt()
        for (server, attendance) in self.servers.enumerated() {
            guard let seat = attendance.state.withLock({ $0.seat }) else { continue }
            attendance.state.withLock { $0.seat = nil }
            _ = try? await self.commands.run(
                RegistryScripts.resign, keys: [], arguments: Self.bytes(self.id, "\(seat.incarnation)"),
                toServer: server, within: .seconds(1))
        }
    }

    /// Says nothing more, as a node that dies.
    func halt() async {
        let tasks = self.tasks.withLock { tasks in
            defer { tasks = [] }
            return tasks
        }
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
    }

    /// The seat under which things are kept on a server; `nil` as long as there is none.
    func seat(on server: Int) -> NodeSeat? { self.servers[server].state.withLock { $0.seat } }

    /// A server does not know the seat any more: another is taken at once.
    func isUnseated(_ seat: NodeSeat, on server: Int) {
        guard self.seat(on: server) == seat else { return }
        self.servers[server].bell.ring()
    }

    package func livingNodes() async throws(RegistryError) -> [LivingNode] {
        var (found, isAnswered) = ([String: LivingNode](), false)
        for server in self.servers.indices {
            let answer = try? await self.commands.run(RegistryScripts.living, keys: [], toServer: server)
            guard case .array(let words)? = answer else { continue }
            isAnswered = true
            for start in stride(from: 0, to: words.count - 2, by: 3) {
                guard let id = words[start].text, let incarnation = words[start + 1].text.flatMap({ Int64($0) }),
                    let address = words[start + 2].text, incarnation > found[id]?.incarnation ?? .min
                else { continue }
                found[id] = LivingNode(id: id, address: address, incarnation: incarnation)
            }
        }
        guard isAnswered else { throw .unavailable }
        return found.values.sorted { $0.id < $1.id }
    }

    // MARK: One server

    private func run(_ server: Int) async {
        let attendance = self.servers[server]
        while !Task.isCancelled {
            await self.attend(server, attendance)
            if self.mayReap(attendance) { await self.reap(server) }
            let pause = self.options.renewal * Double.random(in: 0.8...1)
            if !Task.isCancelled { await attendance.bell.wait(atMost: pause) }
        }
    }

    private func attend(_ server: Int, _ attendance: Attendance) async {
        let known = attendance.state.withLock { $0.seat }
        let began = SystemClock.monotonicNanoseconds
        do throws(RedisError) {
            let answer = try await self.commands.run(
                RegistryScripts.attend, keys: [],
                arguments: Self.bytes(
                    self.id, self.address, self.options.lease.millisecondsText, known.map { "\($0.incarnation)" } ?? "",
                    known?.realm ?? "", self.process),
                toServer: server)
            self.attended(server, attendance, answer, known, at: began)
        } catch {
            self.metrics.failures.increment()
            // The server may stand still for all, and hear later what we say now: the time begins afresh.
            attendance.state.withLock { $0.heldSince = nil }
        }
    }

    private func attended(
        _ server: Int, _ attendance: Attendance, _ answer: RedisValue, _ known: NodeSeat?, at began: UInt64
    ) {
        guard case .array(let words) = answer, words.count == 4, let incarnation = words[0].text.flatMap({ Int64($0) }),
            let realm = words[1].text, case .integer(let quiet) = words[2], case .integer(let isHeld) = words[3]
        else { return self.isDisplaced(attendance) }
        let seat = NodeSeat(id: self.id, incarnation: incarnation, realm: realm)
        let isNew = seat.incarnation != known?.incarnation
        attendance.state.withLock { state in
            state.seat = seat
            state.isDisplaced = false
            if isHeld == 0 || state.heldSince == nil { state.heldSince = began }
        }
        self.metrics.renewals.increment()
        if isNew {
            self.metrics.seatsTaken.increment()
            let fields: KeyValuePairs<StaticString, LogValue> = [
                "server": .int(server), "incarnation": .int(Int(incarnation)), "settles_ms": .int(Int(quiet)),
            ]
            if known == nil {
                self.log.notice("node.registered", fields)
            } else {
                self.log.warning("node.reborn", fields)
            }
        } else if isHeld == 0 {
            self.metrics.lapses.increment()
            self.log.warning("node.lease_lapsed", ["server": .int(server)])
        }
        for holder in self.seatHolders {
            holder.attended(seat, on: server, isNew: isNew, settlesIn: .milliseconds(quiet))
        }
    }

    private func isDisplaced(_ attendance: Attendance) {
        let isFirst = attendance.state.withLock { state in
            defer { state.isDisplaced = true }
            return !state.isDisplaced
        }
        self.metrics.displaced.increment()
        if isFirst { self.log.error("node.name_taken", ["name": .string(self.id)]) }
    }

    // MARK: The dead

    private func mayReap(_ attendance: Attendance) -> Bool {
        let (seat, since, isDisplaced) = attendance.state.withLock { ($0.seat, $0.heldSince, $0.isDisplaced) }
        guard let since, seat != nil, !isDisplaced else { return false }
        let held = SystemClock.monotonicNanoseconds - since
        return Duration.nanoseconds(Int64(clamping: held)) >= self.options.lease
    }

    /// Clears away one dead seat at most, for no longer than a renewal may wait.
    private func reap(_ server: Int) async {
        let claim = self.options.reapClaim.millisecondsText
        do throws(RedisError) {
            let answer = try await self.commands.run(
                RegistryScripts.claimDead, keys: [], arguments: Self.bytes(claim), toServer: server)
            guard let seat = answer.text else { return }
            let began = SystemClock.monotonicNanoseconds
            for holder in self.seatHolders {
                while try await !holder.reap(seat, on: server) {
                    guard SystemClock.monotonicNanoseconds - began < self.reapNanoseconds else {
                        // Our own lease comes first; the claim ends at once, for whoever comes next.
                        _ = try await self.commands.run(
                            RegistryScripts.keepClaim, keys: [], arguments: Self.bytes(seat, "0"), toServer: server)
                        self.servers[server].bell.ring()
                        return
                    }
                }
            }
            let buried = try await self.commands.run(
                RegistryScripts.buried, keys: [], arguments: Self.bytes(seat), toServer: server)
            guard buried == .integer(1) else { return }
            self.metrics.reaped.increment()
            self.log.warning("node.reaped", ["server": .int(server), "seat": .string(seat)])
            // There may be more of them.
            self.servers[server].bell.ring()
        } catch {
            // The claim ends by itself, and what is left is cleared away then.
            self.metrics.failures.increment()
        }
    }

    private var reapNanoseconds: UInt64 {
        UInt64(max(0, min(self.options.renewal, self.options.reapClaim / 2) / .nanoseconds(1)))
    }

    private static func bytes(_ words: String...) -> [[UInt8]] { words.map { Array($0.utf8) } }
}

extension RedisValue {
    /// What was said, if it was text or a word.
    var text: String? {
        switch self {
        case .bytes(let bytes): String(validating: bytes, as: UTF8.self)
        case .status(let word): word
        case .null, .integer, .array, .refusal: nil
        }
    }
}

extension Duration {
    /// In whole milliseconds, at least one.
    var millisecondsText: String { "\(Int64(max(1, min(self / .milliseconds(1), 86_400_000))))" }
}
