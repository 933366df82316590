internal import Ports
internal import Shared

/// Compares what back ends believe with what holds, and notes where it differs: so what a node that died did not say is said, and
/// what was lost on the way is found. The work of `webhook.compare`; on any node, at any time, also on several.
final class WebhookComparison: Sendable {
    private let work: WebhookWork
    private let desk: WebhookDesk
    private let truth: WebhookTruth
    private let presence: any PresenceDirectory
    /// Where the last one had to stop, by the app's id.
    private let places = Locked<[String: String]>([:])

    init(_ work: WebhookWork, desk: WebhookDesk, truth: WebhookTruth) {
        self.work = work
        self.desk = desk
        self.truth = truth
        self.presence = truth.presence
    }

    /// What a back end believes.
    private struct Beliefs {
        var channels: Set<String> = []
        var counts: Set<String> = []
        /// Users by channel.
        var members: [String: Set<String>] = [:]
    }

    /// - Returns: whether everybody has told what holds; else it is to be done again soon.
    func compare(_ app: WebhookApp) async throws -> Bool {
        let figures = try await self.truth.occupied(of: app.id)
        guard figures.isSettled else { return false }
        // Names with `#` are the server's own.
        let occupied = Set(
            figures.channels.lazy.filter { $0.value.subscriptions > 0 && $0.key.first != "#" }.map(\.key))
        let beliefs = try await self.beliefs(of: app)
        for channel in occupied.symmetricDifference(beliefs.channels) {
            self.desk.note(.occupancy(channel: channel), of: app.id)
        }
        for channel in occupied.filter(app.counts).symmetricDifference(beliefs.counts) {
            self.desk.note(.subscriptionCount(channel: channel), of: app.id)
        }
        guard app.wants(.memberAdded, .memberRemoved) else { return true }
        return try await self.compareMembers(occupied, beliefs.members, app)
    }

    private func beliefs(of app: WebhookApp) async throws -> Beliefs {
        var (beliefs, last): (Beliefs, WebhookSubject?) = (Beliefs(), nil)
        while true {
            let page = try await self.work.store.told(app.id, after: last, limit: 2_000)
            for memory in page {
                let subject = memory.subject
                switch subject.kind {
                case .channel: beliefs.channels.insert(subject.channel)
                case .count: beliefs.counts.insert(subject.channel)
                case .member: beliefs.members[subject.channel, default: []].insert(subject.user)
                }
            }
            guard page.count == 2_000, let end = page.last?.subject else { return beliefs }
            last = end
        }
    }

    private func compareMembers(
        _ occupied: Set<String>, _ believed: [String: Set<String>], _ app: WebhookApp
    ) async throws -> Bool {
        let end = ContinuousClock.now + self.work.terms.compareLimit
        let place = self.places.withLock { $0.removeValue(forKey: app.id) } ?? ""
        let all = occupied.lazy.filter { $0.hasPrefix("presence-") } + Array(believed.keys)
        var isSettled = true
        for channel in Set(all).sorted() where channel >= place {
            guard ContinuousClock.now < end, !Task.isCancelled else {
                self.places.withLock { $0[app.id] = channel }
                return false
            }
            let snapshot = try await self.presence.members(of: AppChannel(app: app.id, name: channel))
            guard snapshot.settlesIn == nil else {
                isSettled = false
                continue
            }
            for user in Set(snapshot.members.keys).symmetricDifference(believed[channel] ?? []) {
                self.desk.note(.membership(channel: channel, user: user), of: app.id)
            }
        }
        return isSettled
    }
}
