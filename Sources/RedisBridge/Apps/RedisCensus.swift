package import Shared

/// How many sockets hear which channel, kept in Redis: for each channel on the server that carries its events.
///
/// What always holds: each node says how many its own sockets are, as a whole number and not as a difference, so that what is said
/// twice or late does no harm; a server that forgot, or could not be reached, is told again until it answers. Numbers of a dead
/// seat are taken back by whoever clears it away.
package final class RedisCensus: AppCensus, SeatHolder, Sendable {
    private let commands: RedisCommands
    private let registry: RedisNodeRegistry
    private let metrics: CensusMetrics
    private let cast: AppCountCast
    private let own = Locked(OwnCounts())
    /// Servers for which saying is on its way.
    private let saying = Locked<Set<Int>>([])
    private let order = KeyedOrder<Int>()
    private let listeners = Locked<[@Sendable ([AppCountChange]) -> Void]>([])

    /// Channels that are said in one script, and cleared away in one.
    private static let channelsAtOnce = 200
    /// Channels with more than a hundred subscribers are told their number this often at most (protocol, section 7).
    private static let tellingMilliseconds = 5_000

    /// Joins the registry, which is to be started afterwards.
    ///
    /// - Parameter cast: how subscribers are told their number.
    package init(
        commands: RedisCommands, registry: RedisNodeRegistry, metrics: CensusMetrics, cast: @escaping AppCountCast
    ) {
        self.commands = commands
        self.registry = registry
        self.metrics = metrics
        self.cast = cast
        registry.add(self)
    }

    package func whenCountsChange(_ body: @escaping @Sendable ([AppCountChange]) -> Void) {
        self.listeners.withLock { $0.append(body) }
    }

    package func note(_ counts: [AppChannel: Int], on loop: Int) {
        var servers: Set<Int> = []
        self.own.withLock { own in
            for (channel, count) in counts {
                let server = self.server(of: channel)
                own.note(channel, count, on: loop, server: server)
                servers.insert(server)
            }
        }
        for server in servers { self.say(to: server) }
    }

    package func figures(_ question: AppQuestion) async throws(PresenceError) -> AppFigures {
        do throws(RedisError) {
            switch question.scope {
            case .channels(let names): return try await self.figures(of: names, question)
            case .occupied: return try await self.occupied(question)
            }
        } catch {
            self.metrics.failures.increment()
            throw .unavailable
        }
    }

    private func server(of channel: AppChannel) -> Int { self.commands.server(of: channel.shard) }

    // MARK: Asking

    private func figures(of names: [String], _ question: AppQuestion) async throws(RedisError) -> AppFigures {
        var byServer: [Int: [String]] = [:]
        for name in names {
            byServer[self.server(of: AppChannel(app: question.app, name: name)), default: []].append(name)
        }
        var found: [String: AppFigure] = [:]
        var isSettled = true
        for (server, names) in byServer {
            await self.saidAll(to: server)
            for start in stride(from: 0, to: names.count, by: Self.channelsAtOnce) {
                let some = Array(names[start..<min(start + Self.channelsAtOnce, names.count)])
                let part = try await self.ask(Ask(some, server), question)
                found.merge(part.channels) { $1 }
                isSettled = isSettled && part.isSettled
            }
        }
        return AppFigures(found, isSettled: isSettled)
    }

    /// An object: what waits holds one word of it.
    private final class Ask: Sendable {
        let names: [String]
        let server: Int

        init(_ names: [String], _ server: Int) {
            self.names = names
            self.server = server
        }
    }

    private func ask(_ ask: Ask, _ question: AppQuestion) async throws(RedisError) -> AppFigures {
        let realm = self.registry.seat(on: ask.server)?.realm ?? ""
        let arguments = [realm, question.app, question.countsUsers ? "1" : "0"] + ask.names
        let answer = try await self.commands.run(
            CensusScripts.figures, keys: [], arguments: arguments.map { Array($0.utf8) }, toServer: ask.server)
        guard let numbers = answer.numbers, numbers.count == 1 + 2 * ask.names.count else { throw .unavailable }
        var found: [String: AppFigure] = [:]
        for (place, name) in ask.names.enumerated() {
            found[name] = AppFigure(subscriptions: max(0, numbers[1 + 2 * place]), users: numbers[2 + 2 * place])
        }
        return AppFigures(found, isSettled: numbers[0] <= 0)
    }

    /// Each server is asked for the names that it has, a part at a time: none stands still for long.
    private func occupied(_ question: AppQuestion) async throws(RedisError) -> AppFigures {
        guard case .occupied(let prefix) = question.scope else { return AppFigures([:]) }
        let pattern = Array("\(Self.literal(prefix))*".utf8)
        let key = Array(CensusScripts.totals(of: question.app).utf8)
        var names: Set<String> = []
        for server in 0..<self.commands.serverCount {
            await self.saidAll(to: server)
            var cursor = Array("0".utf8)
            repeat {
                let words = ["MATCH", "COUNT", "1000"].map { Array($0.utf8) }
                let answer = try await self.commands.send(
                    [Array("HSCAN".utf8), key, cursor, words[0], pattern, words[1], words[2]], toServer: server)
                guard case .array(let parts) = answer, parts.count == 2, case .bytes(let next) = parts[0],
                    case .array(let pairs) = parts[1]
                else { throw .unavailable }
                for place in stride(from: 0, to: pairs.count, by: 2) {
                    if let name = pairs[place].text { names.insert(name) }
                }
                cursor = next
            } while cursor != Array("0".utf8)
        }
        let figures = try await self.figures(of: Array(names), question)
        return AppFigures(figures.channels.filter { $0.value.subscriptions > 0 }, isSettled: figures.isSettled)
    }

    /// What has a meaning in patterns, as itself.
    private static func literal(_ text: String) -> String {
        String(text.flatMap { "*?[]\\".contains($0) ? ["\\", $0] : [$0] })
    }

    // MARK: Saying

    private func say(to server: Int) {
        guard self.saying.withLock({ $0.insert(server).inserted }) else { return }
        Task { await self.saidAll(to: server) }
    }

    /// Returns when the server has been told what was to be said, or cannot be told now.
    private func saidAll(to server: Int) async {
        guard self.own.withLock({ $0.hasUnsaid(for: server) }) || self.saying.withLock({ $0.contains(server) }) else {
            return
        }
        await self.order.run(server) {
            _ = self.saying.withLock { $0.remove(server) }
            while await self.saySome(to: server) {}
        }
    }

    /// - Returns: whether there is more to say, and it can be said.
    private func saySome(to server: Int) async -> Bool {
        guard let seat = self.registry.seat(on: server) else { return false }
        let some = self.own.withLock { $0.take(Self.channelsAtOnce, for: server) }
        guard !some.isEmpty else { return false }
        var words = [seat.name]
        for (channel, count) in some { words += [channel.app, channel.name, "\(count)"] }
        let answer = try? await self.commands.run(
            CensusScripts.count, keys: [], arguments: words.map { Array($0.utf8) }, toServer: server)
        guard case .array(let parts) = answer, parts.first?.text == "ok", parts.count == 1 + 2 * some.count else {
            self.own.withLock { $0.putBack(some.map(\.channel), for: server) }
            self.metrics.failures.increment()
            if case .array(let parts) = answer, parts.first?.text == "unseated" {
                self.registry.isUnseated(seat, on: server)
            }
            return false
        }
        self.metrics.reports.increment()
        var changes: [AppCountChange] = []
        for (place, entry) in some.enumerated() {
            guard case .integer(let before) = parts[1 + 2 * place], case .integer(let now) = parts[2 + 2 * place] else {
                continue
            }
            changes.append(AppCountChange(entry.channel, before: Int(before), now: Int(now)))
        }
        await self.tell(Changes(changes, server))
        return true
    }

    private final class Changes: Sendable {
        let list: [AppCountChange]
        let server: Int

        init(_ list: [AppCountChange], _ server: Int) {
            self.list = list.filter { $0.before != $0.now }
            self.server = server
        }
    }

    private func tell(_ changes: Changes) async {
        guard !changes.list.isEmpty else { return }
        for listener in self.listeners.withLock({ $0 }) { listener(changes.list) }
        await self.announce(Announcement(changes.list.map(\.channel), changes.server), waits: true)
    }

    /// Subscribers to be told how many they are.
    private final class Announcement: Sendable {
        let channels: [AppChannel]
        let server: Int

        init(_ channels: [AppChannel], _ server: Int) {
            self.channels = channels
            self.server = server
        }
    }

    /// - Parameter waits: whether those that were told not long ago are told later. Whoever tells them meanwhile tells what
    ///   holds then, so once is enough.
    private func announce(_ announcement: Announcement, waits: Bool) async {
        var channels: [AppChannel] = []
        var words = [Array("\(Self.tellingMilliseconds)".utf8)]
        for channel in announcement.channels {
            guard let cast = self.cast(channel) else { continue }
            channels.append(channel)
            words += [channel.app, channel.name, channel.casts.name].map { Array($0.utf8) } + [cast.head, cast.tail]
        }
        guard !channels.isEmpty else { return }
        let answer = try? await self.commands.run(
            CensusScripts.announce, keys: [], arguments: words, toServer: announcement.server)
        guard waits, let places = answer?.numbers, !places.isEmpty else { return }
        let rest = Announcement(
            places.filter { (1...channels.count).contains($0) }.map { channels[$0 - 1] }, announcement.server)
        Task {
            try? await Task.sleep(for: .milliseconds(Self.tellingMilliseconds + 20))
            await self.announce(rest, waits: false)
        }
    }

    // MARK: SeatHolder

    package func attended(_ seat: NodeSeat, on server: Int, isNew: Bool, settlesIn: Duration) {
        if isNew { self.own.withLock { own in own.isForgotten(on: server) { self.server(of: $0) == server } } }
        if self.own.withLock({ $0.hasUnsaid(for: server) }) { self.say(to: server) }
    }

    package func reap(_ seat: String, on server: Int) async throws(RedisError) -> Bool {
        let words = [seat, "\(Self.channelsAtOnce)"].map { Array($0.utf8) }
        let answer = try await self.commands.run(CensusScripts.reap, keys: [], arguments: words, toServer: server)
        guard case .array(let parts) = answer, case .integer(let isEmpty) = parts.first, parts.count % 3 == 1 else {
            throw .unavailable
        }
        var changes: [AppCountChange] = []
        for place in stride(from: 1, to: parts.count, by: 3) {
            guard let channel = parts[place].text.flatMap({ AppChannel(scope: $0) }),
                case .integer(let before) = parts[place + 1], case .integer(let now) = parts[place + 2]
            else { continue }
            changes.append(AppCountChange(channel, before: Int(before), now: Int(now)))
        }
        await self.tell(Changes(changes, server))
        return isEmpty == 1
    }
}

/// What the census counts.
package struct CensusMetrics: Sendable {
    let reports: Counter
    let failures: Counter

    /// Creates the families in `registry`.
    package init(in registry: MetricsRegistry) {
        self.reports = registry.counter(
            "bellhop_census_reports_total", help: "Reports of how many sockets hear channels, to servers.")
        self.failures = registry.counter(
            "bellhop_census_failures_total", help: "Reports and questions of the census that failed.")
    }
}

extension RedisValue {
    /// An array of integers.
    fileprivate var numbers: [Int]? {
        guard case .array(let parts) = self else { return nil }
        var numbers: [Int] = []
        for part in parts {
            guard case .integer(let number) = part else { return nil }
            numbers.append(Int(number))
        }
        return numbers
    }
}
