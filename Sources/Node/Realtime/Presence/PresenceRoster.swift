package import Shared

/// What one node knows of who is in one channel, and so has told its clients: fed with snapshots and news, in whatever order they
/// come, it gives the changes to tell. No I/O, no clock.
///
/// What always holds: the changes that it gave, in order, lead from one `members` to the next; each user is told to come only
/// when it was gone, and to go only when it was there.
package struct PresenceRoster: Equatable, Sendable {
    /// What to do about an input.
    package struct Step: Equatable, Sendable {
        /// To be told, in order.
        package var changes: [PresenceChange] = []
        /// Ask for a snapshot, after this time.
        package var asks: Duration?
    }

    /// By id.
    package private(set) var members: [String: PresenceMember] = [:]
    /// `nil` until the first snapshot.
    package private(set) var version: Int64?
    private var isAsking = false
    /// Something came while a snapshot was on its way that it may not have: ask once more.
    private var asksAgain = false
    /// News that came meanwhile.
    private var early: [PresenceNews] = []
    /// What a join told while a snapshot was on its way: one that is older was taken before it.
    private var joinedMeanwhile: Int64?

    /// News that are kept while a snapshot is on its way; with more it is asked for again.
    static let earlyLimit = 256

    package init() {}

    /// News may have been missed.
    package mutating func doubted() -> Step {
        guard !self.isAsking else {
            self.asksAgain = true
            return Step()
        }
        self.isAsking = true
        return Step(asks: .zero)
    }

    package mutating func heard(_ news: PresenceNews) -> Step {
        guard let version = self.version, !self.isAsking else {
            if self.early.count < Self.earlyLimit { self.early.append(news) } else { self.asksAgain = true }
            return self.version == nil && !self.isAsking ? self.doubted() : Step()
        }
        if news.version <= version { return Step() }
        guard news.version == version + 1 else {
            self.early.append(news)
            return self.doubted()
        }
        self.version = news.version
        return Step(changes: self.apply(news.change).map { [$0] } ?? [])
    }

    /// The snapshot that was asked for. While all is being told again nobody is taken to be gone, and it is asked for once more.
    package mutating func answered(_ snapshot: PresenceSnapshot) -> Step {
        if let joined = self.joinedMeanwhile {
            self.joinedMeanwhile = nil
            // Told as it is, it would take back who has come. The next one is younger than the join, whatever its number: a server
            // that lost all counts anew.
            if snapshot.version < joined, snapshot.settlesIn == nil { return Step(asks: .zero) }
        }
        let isFirst = self.version == nil
        self.isAsking = false
        var step = Step()
        if let pause = snapshot.settlesIn {
            // What we know is better than what is known there; who is new is told when all have spoken.
            if isFirst { step.changes = self.replace(by: snapshot) }
            self.version = snapshot.version
            self.early = []
            self.asksAgain = false
            self.isAsking = true
            step.asks = max(pause, .milliseconds(1))
            return step
        }
        step.changes = self.replace(by: snapshot)
        let early = self.early
        self.early = []
        for news in early.sorted(by: { $0.version < $1.version }) where news.version > snapshot.version {
            let next = self.heard(news)
            step.changes += next.changes
            step.asks = step.asks ?? next.asks
        }
        if self.asksAgain {
            self.asksAgain = false
            step.asks = step.asks ?? self.doubted().asks
        }
        return step
    }

    /// It could not be had.
    package mutating func failed(retryingAfter pause: Duration) -> Step { Step(asks: pause) }

    /// A snapshot that came of a join on this node: news about it are still to come, and count for nothing then.
    package mutating func joined(_ snapshot: PresenceSnapshot) -> Step {
        // During the time of telling again nobody is told anything; the end of that time will tell.
        guard snapshot.settlesIn == nil else { return Step() }
        guard let version = self.version else {
            if self.isAsking { self.joinedMeanwhile = snapshot.version }
            return Step(changes: self.replace(by: snapshot))
        }
        guard !self.isAsking, snapshot.version > version else { return Step() }
        return Step(changes: self.replace(by: snapshot))
    }

    private mutating func replace(by snapshot: PresenceSnapshot) -> [PresenceChange] {
        var changes: [PresenceChange] = []
        for id in self.members.keys.sorted() where snapshot.members[id] == nil { changes.append(.removed(id: id)) }
        for (id, member) in snapshot.members.sorted(by: { $0.key < $1.key }) where self.members[id] == nil {
            changes.append(.added(member))
        }
        self.members = snapshot.members
        self.version = snapshot.version
        return changes
    }

    private mutating func apply(_ change: PresenceChange) -> PresenceChange? {
        switch change {
        case .added(let member):
            guard self.members.updateValue(member, forKey: member.id) == nil else { return nil }
        case .removed(let id):
            guard self.members.removeValue(forKey: id) != nil else { return nil }
        }
        return change
    }
}
