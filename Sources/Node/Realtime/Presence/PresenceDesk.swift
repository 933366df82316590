package import Reactor
package import Shared

/// Between the desk of a node and the halls of its loops.
package typealias PresenceDoors = LoopDoors<PresenceDesk>

/// Brings sockets of all loops of a node into presence channels, and what is found out to the loops: one watch for all of them.
/// Confined to the bus's loop.
///
/// What always holds: a loop is told the members of a channel at the moment when a socket enters, and from then on each change, in
/// order; it is told nothing of channels that none of its sockets is in or watches.
package final class PresenceDesk: PresenceListener {
    private let loop: EventLoop
    private let directory: any PresenceDirectory
    private let doors: PresenceDoors
    private let watch: PresenceWatch
    private let executor: LoopExecutor
    /// Told when a user may have come into a channel or gone, after that is known to all.
    private let moved: Moved
    /// How many sockets of each loop are in a channel or watch it.
    private var interests: [AppChannel: [Int: Int]] = [:]
    /// Who is on the way in or is in, by ticket.
    private var visits: [UInt64: PresenceEntrant] = [:]
    private var watching: [UInt64: Watching] = [:]

    /// From any thread.
    package typealias Moved = @Sendable (_ channel: AppChannel, _ user: String) -> Void

    /// Somebody who waits to be told which of several channels have somebody in them.
    private final class Watching {
        let loop: Int
        let channels: [AppChannel]
        var unknown: Set<AppChannel>

        init(_ loop: Int, _ channels: [AppChannel], unknown: Set<AppChannel>) {
            self.loop = loop
            self.channels = channels
            self.unknown = unknown
        }
    }

    /// Milliseconds after which those who watch are told what is known, though it is not all.
    private static let patience: UInt64 = 2_000

    /// Begins; to be called on the loop, which keeps it.
    ///
    /// - Parameter bus: a subscriber of its own, on this loop.
    @discardableResult
    package init(
        loop: EventLoop, bus: any BusSubscriber, directory: any PresenceDirectory, doors: PresenceDoors,
        metrics: PresenceWatchMetrics, moved: @escaping Moved = { _, _ in }
    ) {
        self.loop = loop
        self.directory = directory
        self.doors = doors
        self.moved = moved
        self.executor = LoopExecutor(loop.handle)
        self.watch = PresenceWatch(loop: loop, bus: bus, directory: directory, metrics: metrics)
        loop.attach(self)
        self.watch.listener = self
        doors.open(loop.handle)
    }

    // MARK: Entering

    /// A socket wants to be in a channel. Its loop is told what came of it.
    func enter(_ entrant: PresenceEntrant, ticket: UInt64, on loop: Int) {
        self.visits[ticket] = entrant
        self.take(entrant.channel, for: loop)
        let (handle, directory, moved) = (self.loop.handle, self.directory, self.moved)
        Task(executorPreference: self.executor) {
            let entry = await directory.join(entrant)
            moved(entrant.channel, entrant.member.id)
            handle.post { loop in loop.attachment(PresenceDesk.self)?.came(entrant, ticket: ticket, entry) }
        }
    }

    private func came(_ entrant: PresenceEntrant, ticket: UInt64, _ entry: PresenceEntry) {
        // Whoever left meanwhile has been counted out behind this.
        guard self.visits[ticket] != nil else { return }
        let loop = PresenceHall.loop(of: ticket)
        var members: [String: PresenceMember]?
        switch entry {
        case .entered(let snapshot):
            self.watch.joined(entrant.channel, snapshot)
            members = self.watch.members(of: entrant.channel)
        case .awaited: members = self.watch.members(of: entrant.channel)
        case .full:
            self.visits[ticket] = nil
            self.release(entrant.channel, for: loop)
        }
        // While it cannot be said to all, it is there for itself.
        if members?[entrant.member.id] == nil { members?[entrant.member.id] = entrant.member }
        let found = members
        self.doors.loop(loop)?.post { loop in loop.attachment(PresenceHall.self)?.entered(ticket, found) }
    }

    /// A socket left, or did not wait.
    ///
    /// - Parameter grace: milliseconds for which it counts as there: its user may come back with another.
    func leave(ticket: UInt64, grace: UInt64) {
        guard let entrant = self.visits.removeValue(forKey: ticket) else { return }
        self.release(entrant.channel, for: PresenceHall.loop(of: ticket))
        guard grace > 0 else { return self.countOut(entrant) }
        self.loop.schedule(after: grace) { [weak self] in self?.countOut(entrant) }
    }

    private func countOut(_ entrant: PresenceEntrant) {
        let (directory, moved) = (self.directory, self.moved)
        // On the executor that joins run on: calls for one connection stay in order.
        Task(executorPreference: self.executor) {
            await directory.leave(entrant.connection, from: entrant.channel)
            moved(entrant.channel, entrant.member.id)
        }
    }

    // MARK: Watching

    /// A socket wants to know which of these channels have somebody in them, now and from now on.
    func watch(_ channels: [AppChannel], ticket: UInt64, on loop: Int) {
        for channel in channels { self.take(channel, for: loop) }
        let unknown = Set(channels.filter { !self.watch.isKnown($0) })
        self.watching[ticket] = Watching(loop, channels, unknown: unknown)
        if unknown.isEmpty { return self.tellWatched(ticket) }
        self.loop.schedule(after: Self.patience) { [weak self] in self?.tellWatched(ticket) }
    }

    func unwatch(_ channels: [AppChannel], ticket: UInt64, on loop: Int) {
        self.watching[ticket] = nil
        for channel in channels { self.release(channel, for: loop) }
    }

    private func tellWatched(_ ticket: UInt64) {
        guard let watching = self.watching.removeValue(forKey: ticket) else { return }
        let occupied = Set(watching.channels.filter { !self.watch.members(of: $0).isEmpty })
        self.doors.loop(watching.loop)?.post { loop in
            loop.attachment(PresenceHall.self)?.watched(ticket, occupied: occupied)
        }
    }

    // MARK: Interests

    private func take(_ channel: AppChannel, for loop: Int) {
        self.interests[channel, default: [:]][loop, default: 0] += 1
        self.watch.watch(channel)
    }

    private func release(_ channel: AppChannel, for loop: Int) {
        guard let count = self.interests[channel]?[loop] else { return }
        self.interests[channel]?[loop] = count > 1 ? count - 1 : nil
        if self.interests[channel]?.isEmpty == true { self.interests[channel] = nil }
        self.watch.unwatch(channel)
    }

    // MARK: PresenceListener

    package func presenceChanged(in channel: AppChannel, _ changes: [PresenceChange]) {
        for loop in (self.interests[channel] ?? [:]).keys {
            self.doors.loop(loop)?.post { loop in loop.attachment(PresenceHall.self)?.changed(channel, changes) }
        }
    }

    package func presenceKnown(in channel: AppChannel) {
        for (ticket, watching) in self.watching where watching.unknown.remove(channel) != nil {
            if watching.unknown.isEmpty { self.tellWatched(ticket) }
        }
    }
}
