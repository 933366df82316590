internal import Ports
internal import Shared

/// Takes notes from event loops and keeps them until they are written down. It never waits: of what is too much for an app the
/// oldest goes, and what can be looked up is found again by the next comparison.
final class WebhookDesk: Sendable {
    /// What waits of one app.
    final class Batch: Sendable {
        let app: WebhookApp
        let notes: [AppNews]

        init(_ app: WebhookApp, _ notes: [AppNews]) {
            self.app = app
            self.notes = notes
        }
    }

    private struct Pile {
        var notes: [AppNews] = []
        /// Where the first is that still waits.
        var first = 0
        var bytes = 0

        var count: Int { self.notes.count - self.first }

        mutating func removeFirst() -> AppNews {
            let note = self.notes[self.first]
            self.first += 1
            self.bytes -= note.weight
            if self.first * 2 > self.notes.count {
                self.notes.removeFirst(self.first)
                self.first = 0
            }
            return note
        }
    }

    private struct State {
        var piles: [String: Pile] = [:]
        /// Apps of which something waits, in the order in which it is their turn.
        var turns: [String] = []
    }

    private let apps: [String: WebhookApp]
    private let terms: WebhookTerms
    private let metrics: WebhookMetrics
    private let state = Locked(State())
    /// Rings when something was noted.
    let bell = Bell()

    init(_ apps: [String: WebhookApp], terms: WebhookTerms, metrics: WebhookMetrics) {
        self.apps = apps
        self.terms = terms
        self.metrics = metrics
    }

    /// Takes a note, if its app wants to be told of it. From any thread; returns at once.
    func note(_ news: AppNews, of id: String) {
        guard let app = self.apps[id], news.isWanted(by: app), news.canBeTold else { return }
        self.put([news], of: id)
    }

    /// Takes several that are wanted.
    func put(_ notes: [AppNews], of id: String) {
        guard !notes.isEmpty else { return }
        let (terms, weight) = (self.terms, notes.reduce(0) { $0 + $1.weight })
        let (isFirst, dropped): (Bool, Int) = self.state.withLock { state in
            var (pile, dropped) = (state.piles.removeValue(forKey: id) ?? Pile(), 0)
            let isFirst = pile.count == 0
            pile.notes += notes
            pile.bytes += weight
            while pile.count > terms.mostNotes || pile.bytes > terms.mostNoteBytes, pile.count > 0 {
                _ = pile.removeFirst()
                dropped += 1
            }
            state.piles[id] = pile
            if isFirst, pile.count > 0 { state.turns.append(id) }
            return (isFirst, dropped)
        }
        self.metrics.noted.add(UInt64(notes.count))
        self.metrics.notesWaiting.add(Int64(notes.count - dropped))
        if dropped > 0 { self.metrics.notesDropped.add(UInt64(dropped)) }
        if isFirst { self.bell.ring() }
    }

    /// What waits of the app whose turn it is; that app is the last after this.
    func take() -> Batch? {
        let taken: (id: String, notes: [AppNews])? = self.state.withLock { state in
            guard let id = state.turns.first, var pile = state.piles.removeValue(forKey: id) else { return nil }
            state.turns.removeFirst()
            var notes: [AppNews] = []
            while pile.count > 0, notes.count < self.terms.notesAtOnce { notes.append(pile.removeFirst()) }
            if pile.count > 0 {
                state.piles[id] = pile
                state.turns.append(id)
            }
            return (id, notes)
        }
        guard let taken, let app = self.apps[taken.id] else { return nil }
        self.metrics.notesWaiting.add(-Int64(taken.notes.count))
        return Batch(app, taken.notes)
    }
}

extension AppNews {
    /// Whether the app has asked to be told of such things.
    fileprivate func isWanted(by app: WebhookApp) -> Bool {
        switch self {
        case .occupancy: app.wants(.channelOccupied, .channelVacated)
        case .membership: app.wants(.memberAdded, .memberRemoved)
        case .subscriptionCount(let channel): app.counts(channel)
        case .cacheMiss: app.wants(.cacheMiss)
        case .clientEvent: app.wants(.clientEvent)
        }
    }

    /// Whether the store can keep it: names as the protocol has them, ids without the one character that texts cannot hold.
    fileprivate var canBeTold: Bool {
        // Names with `#` are the server's own.
        guard (1...200).contains(self.channel.utf8.count), self.channel.first != "#", !self.channel.utf8.contains(0)
        else { return false }
        guard case .membership(_, let user) = self else { return true }
        return !user.isEmpty && user.unicodeScalars.count <= PresenceMember.idCharacters && !user.utf8.contains(0)
    }

    private var channel: String {
        switch self {
        case .occupancy(let channel), .membership(let channel, _), .subscriptionCount(let channel),
            .cacheMiss(let channel):
            channel
        case .clientEvent(let event): event.channel
        }
    }

    /// About how many bytes it keeps.
    fileprivate var weight: Int {
        if case .clientEvent(let event) = self { return 256 + event.data.count }
        return 256
    }
}
