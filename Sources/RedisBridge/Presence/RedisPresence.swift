package import Shared

/// Who is in which presence channel, kept in Redis: for each channel on the server that carries its news.
///
/// What always holds: what this node wants to be there is known here, so a server that forgot, or could not be reached, or did
/// not say what it did, is told again until it is certain. A script counts for living seats only, so nothing is ever added to
/// what is being cleared away. A join while the server cannot be reached is `awaited`, and written when it can.
package final class RedisPresence: PresenceDirectory, SeatHolder, Sendable {
    private let commands: RedisCommands
    private let registry: RedisNodeRegistry
    private let metrics: PresenceMetrics
    private let log: Logger
    private let own = Locked(OwnPresence())
    private let order = KeyedOrder<OwnPresence.Stray>()
    private let doubters = Locked<[@Sendable () -> Void]>([])
    /// Servers that are being told, and of these the ones to be told once more.
    private let telling = Locked<[Int: Bool]>([:])

    /// Connections that are told in one script, and cleared away in one.
    static let connectionsAtOnce = 64
    private static let channelsAtOnce = 16

    /// Joins the registry, which is to be started afterwards.
    package init(
        commands: RedisCommands, registry: RedisNodeRegistry, metrics: PresenceMetrics, log: Logger = .silent
    ) {
        self.commands = commands
        self.registry = registry
        self.metrics = metrics
        self.log = log
        registry.add(self)
    }

    package func whenInDoubt(_ body: @escaping @Sendable () -> Void) { self.doubters.withLock { $0.append(body) } }

    package func join(_ entrant: PresenceEntrant) async -> PresenceEntry {
        await self.order.run(OwnPresence.Stray(connection: entrant.connection, channel: entrant.channel)) {
            await self.joinInTurn(entrant)
        }
    }

    package func leave(_ connection: String, from channel: AppChannel) async {
        await self.order.run(OwnPresence.Stray(connection: connection, channel: channel)) {
            let server = self.server(of: channel)
            let isKnown = self.own.withLock { $0.forget(connection, in: channel, on: server) }
            guard isKnown else { return }
            self.metrics.connections.add(-1)
            self.metrics.leaves.increment()
            await self.leaveInTurn(connection, channel)
        }
    }

    package func members(of channel: AppChannel) async throws(PresenceError) -> PresenceSnapshot {
        let server = self.server(of: channel)
        do throws(RedisError) {
            let realm = self.registry.seat(on: server)?.realm ?? ""
            let answer = try await self.commands.run(
                PresenceScripts.members, keys: [], arguments: Self.words(channel.scope, realm), toServer: server)
            if let snapshot = PresenceSnapshot(answer) { return snapshot }
        } catch {
            self.metrics.failures.increment()
        }
        throw .unavailable
    }

    private func server(of channel: AppChannel) -> Int { self.commands.server(of: channel.news.shard) }

    // MARK: In turn

    private func joinInTurn(_ entrant: PresenceEntrant) async -> PresenceEntry {
        let (connection, member, channel) = (entrant.connection, entrant.member, entrant.channel)
        let server = self.server(of: channel)
        let before = self.own.withLock { own in
            let before = own.entry(connection, in: channel)
            own.want(connection, as: member, in: channel)
            return before
        }
        if before == nil { self.metrics.connections.add(1) }
        guard let seat = self.registry.seat(on: server) else { return self.await(channel, on: server) }
        do throws(RedisError) {
            let answer = try await self.commands.run(
                PresenceScripts.join, keys: [],
                arguments: Self.words(seat.name, channel.scope, "\(max(0, entrant.limit))", "1", connection, member.id)
                    + [member.info], toServer: server)
            if let snapshot = PresenceSnapshot(answer) {
                self.own.withLock {
                    $0.wrote(connection, as: member, in: channel, on: server, under: seat.incarnation)
                }
                self.metrics.joins.increment()
                return .entered(snapshot)
            }
            if answer.word == "full" {
                // Whoever wanted to be somebody else is nobody now.
                self.metrics.full.increment()
                _ = self.own.withLock { $0.forget(connection, in: channel, on: server) }
                self.metrics.connections.add(-1)
                if before != nil { await self.leaveInTurn(connection, channel) }
                return .full
            }
            self.registry.isUnseated(seat, on: server)
        } catch {
            self.metrics.failures.increment()
        }
        return self.await(channel, on: server)
    }

    private func await(_ channel: AppChannel, on server: Int) -> PresenceEntry {
        self.metrics.awaited.increment()
        self.own.withLock { $0.isUncertain(channel, on: server) }
        return .awaited
    }

    private func leaveInTurn(_ connection: String, _ channel: AppChannel) async {
        let server = self.server(of: channel)
        // Without a seat nothing was written.
        guard let seat = self.registry.seat(on: server) else { return }
        do throws(RedisError) {
            _ = try await self.commands.run(
                PresenceScripts.leave, keys: [], arguments: Self.words(seat.name, channel.scope, connection),
                toServer: server)
        } catch {
            self.metrics.failures.increment()
            self.own.withLock { $0.mayStray(connection, in: channel, on: server) }
        }
    }

    // MARK: SeatHolder

    package func attended(_ seat: NodeSeat, on server: Int, isNew: Bool, settlesIn: Duration) {
        if isNew {
            self.own.withLock { own in own.seatIsNew(on: server) { self.server(of: $0) == server } }
            let doubters = self.doubters.withLock { $0 }
            // What was said while all was told again was said silently; each node finds the difference for itself.
            Task {
                if settlesIn > .zero { try? await Task.sleep(for: settlesIn + .milliseconds(Int.random(in: 1...50))) }
                for doubter in doubters { doubter() }
            }
        }
        self.tell(server)
    }

    package func reap(_ seat: String, on server: Int) async throws(RedisError) -> Bool {
        let answer = try await self.commands.run(
            PresenceScripts.reap, keys: [], arguments: Self.words(seat, "\(4 * Self.connectionsAtOnce)", "64"),
            toServer: server)
        guard case .array(let parts) = answer, parts.count == 3, case .integer(let isEmpty) = parts[0],
            case .integer(let connections) = parts[1], case .integer(let members) = parts[2]
        else { throw .unavailable }
        self.metrics.reapedConnections.add(UInt64(max(0, connections)))
        self.metrics.reapedMembers.add(UInt64(max(0, members)))
        return isEmpty == 1
    }

    // MARK: Telling again

    /// Tells a server what it may not know; one task per server at a time.
    private func tell(_ server: Int) {
        let begins = self.telling.withLock { telling in
            defer { telling[server] = telling[server] != nil }
            return telling[server] == nil
        }
        guard begins else { return }
        Task {
            while true {
                await self.tellOnce(server)
                let goesOn = self.telling.withLock { telling in
                    guard telling[server] == true else {
                        telling[server] = nil
                        return false
                    }
                    telling[server] = false
                    return true
                }
                if !goesOn { return }
            }
        }
    }

    private func tellOnce(_ server: Int) async {
        let (strays, channels) = self.own.withLock { ($0.takeStrays(of: server), $0.takeUnwritten(of: server)) }
        for stray in strays {
            await self.order.run(stray) {
                // It may have come back meanwhile.
                let isWanted = self.own.withLock { $0.entry(stray.connection, in: stray.channel) != nil }
                if !isWanted { await self.leaveInTurn(stray.connection, stray.channel) }
            }
        }
        await withTaskGroup(of: Void.self) { group in
            for (number, channel) in channels.enumerated() {
                if number >= Self.channelsAtOnce { await group.next() }
                group.addTask { await self.tell(channel, server) }
            }
        }
    }

    private func tell(_ channel: AppChannel, _ server: Int) async {
        guard let seat = self.registry.seat(on: server) else {
            return self.own.withLock { $0.isUncertain(channel, on: server) }
        }
        var missing = self.own.withLock { $0.missing(in: channel, under: seat.incarnation) }[...]
        while !missing.isEmpty {
            let some = missing.prefix(Self.connectionsAtOnce)
            missing = missing.dropFirst(some.count)
            let entries = some.flatMap { Self.words($0.connection, $0.member.id) + [$0.member.info] }
            let answer = try? await self.commands.run(
                PresenceScripts.join, keys: [], arguments: Self.words(seat.name, channel.scope, "0", "0") + entries,
                toServer: server)
            let isWritten = answer?.word == "ok"
            if isWritten { self.metrics.rewritten.add(UInt64(some.count)) } else { self.metrics.failures.increment() }
            if answer?.word == "unseated" { self.registry.isUnseated(seat, on: server) }
            self.own.withLock { own in
                if !isWritten { own.isUncertain(channel, on: server) }
                for (connection, member) in some {
                    if isWritten {
                        own.wrote(connection, as: member, in: channel, on: server, under: seat.incarnation)
                    } else if own.entry(connection, in: channel) == nil {
                        own.mayStray(connection, in: channel, on: server)
                    }
                }
            }
            guard isWritten else { return }
        }
    }

    private static func words(_ words: String...) -> [[UInt8]] { words.map { Array($0.utf8) } }
}

extension PresenceSnapshot {
    /// Reads what `PresenceScripts` gives.
    fileprivate init?(_ answer: RedisValue) {
        guard case .array(let parts) = answer, answer.word == "ok", parts.count >= 3,
            let version = parts[1].text.flatMap({ Int64($0) }), case .integer(let quiet) = parts[2]
        else { return nil }
        var members: [String: PresenceMember] = [:]
        for place in stride(from: 3, to: parts.count - 1, by: 2) {
            guard let id = parts[place].text, case .bytes(let info) = parts[place + 1],
                let member = PresenceMember(id: id, info: info)
            else { continue }
            members[id] = member
        }
        self.init(version: version, members: members, settlesIn: quiet > 0 ? .milliseconds(quiet) : nil)
    }
}

extension RedisValue {
    /// The first word of an answer of several.
    fileprivate var word: String? {
        guard case .array(let parts) = self else { return nil }
        return parts.first?.text
    }
}
