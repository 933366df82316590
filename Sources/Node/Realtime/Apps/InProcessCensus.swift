package import Shared

/// The census of a node that is alone.
package final class InProcessCensus: AppCensus, Sendable {
    private struct State {
        /// By loop.
        var counts: [AppChannel: [Int: Int]] = [:]
        /// When large channels were told their number last, and whether they will be told again.
        var told: [AppChannel: ContinuousClock.Instant] = [:]
        var waiting: Set<AppChannel> = []

        func total(_ channel: AppChannel) -> Int { self.counts[channel]?.values.reduce(0, +) ?? 0 }
    }

    private let bus: any BusPublisher
    private let presence: any PresenceDirectory
    private let cast: AppCountCast
    private let state = Locked(State())
    private let listeners = Locked<[@Sendable ([AppCountChange]) -> Void]>([])

    /// Channels with more subscribers are told their number this often at most (protocol, section 7).
    private static let large = 100
    private static let pause = Duration.seconds(5)

    package init(bus: any BusPublisher, presence: any PresenceDirectory, cast: @escaping AppCountCast) {
        self.bus = bus
        self.presence = presence
        self.cast = cast
    }

    package func whenCountsChange(_ body: @escaping @Sendable ([AppCountChange]) -> Void) {
        self.listeners.withLock { $0.append(body) }
    }

    package func note(_ counts: [AppChannel: Int], on loop: Int) {
        var changes: [AppCountChange] = []
        for (channel, count) in counts {
            let (before, now) = self.state.withLock { state in
                let before = state.total(channel)
                var byLoop = state.counts[channel] ?? [:]
                byLoop[loop] = count > 0 ? count : nil
                state.counts[channel] = byLoop.isEmpty ? nil : byLoop
                return (before, state.total(channel))
            }
            guard before != now else { continue }
            changes.append(AppCountChange(channel, before: before, now: now))
            self.announce(channel)
        }
        guard !changes.isEmpty else { return }
        for listener in self.listeners.withLock({ $0 }) { listener(changes) }
    }

    package func figures(_ question: AppQuestion) async throws(PresenceError) -> AppFigures {
        let names: [String]
        switch question.scope {
        case .channels(let all): names = all
        case .occupied(let prefix):
            names = self.state.withLock { state in
                state.counts.keys.filter { $0.app == question.app && $0.name.hasPrefix(prefix) }.map(\.name)
            }
        }
        var figures: [String: AppFigure] = [:]
        for name in names {
            let channel = AppChannel(app: question.app, name: name)
            let users = question.countsUsers ? try await self.presence.members(of: channel).members.count : 0
            figures[name] = AppFigure(subscriptions: self.state.withLock { $0.total(channel) }, users: users)
        }
        return AppFigures(figures)
    }

    /// Within the lock, so that what is told last is true.
    private func announce(_ channel: AppChannel) {
        guard let cast = self.cast(channel) else { return }
        let waits = self.state.withLock { state in
            let (total, now) = (state.total(channel), ContinuousClock.now)
            guard total > 0 else {
                state.told[channel] = nil
                return false
            }
            if total > Self.large {
                if let last = state.told[channel], now - last < Self.pause {
                    return state.waiting.insert(channel).inserted
                }
                state.told[channel] = now
            }
            self.bus.publish(cast.head + Array("\(total)".utf8) + cast.tail, on: channel.casts)
            return false
        }
        guard waits else { return }
        Task {
            try? await Task.sleep(for: Self.pause)
            _ = self.state.withLock { $0.waiting.remove(channel) }
            self.announce(channel)
        }
    }
}
