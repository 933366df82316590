package import Shared

/// The last events of cache channels on a node that is alone.
package final class InProcessMemory: AppMemory, Sendable {
    private struct State {
        var events: [AppChannel: (event: RememberedEvent, ends: ContinuousClock.Instant)] = [:]
        var misses: [AppChannel: ContinuousClock.Instant] = [:]
        /// So many are looked through for what has ended.
        var nextSweep = 1_000
    }

    private let bus: any BusPublisher
    private let state = Locked(State())
    private static let miss = Duration.seconds(10)

    package init(bus: any BusPublisher) { self.bus = bus }

    package func publish(_ event: RememberedEvent) async throws(PresenceError) {
        self.state.withLock { state in
            let now = ContinuousClock.now
            state.events[event.channel] = (event, now + .seconds(event.seconds))
            state.misses[event.channel] = nil
            if state.events.count + state.misses.count > state.nextSweep { Self.sweep(&state, now) }
            self.bus.publish(event.cast, on: event.channel.casts)
        }
    }

    package func last(of channel: AppChannel) async throws(PresenceError) -> RememberedEvent? {
        self.state.withLock { state in
            guard let known = state.events[channel] else { return nil }
            let left = known.ends - .now
            guard left > .zero else {
                state.events[channel] = nil
                return nil
            }
            return RememberedEvent(channel, cast: known.event.cast, seconds: Int(left.components.seconds))
        }
    }

    package func claimMiss(of channel: AppChannel) async -> Bool {
        self.state.withLock { state in
            let now = ContinuousClock.now
            if let last = state.misses[channel], now - last < Self.miss { return false }
            state.misses[channel] = now
            return true
        }
    }

    private static func sweep(_ state: inout State, _ now: ContinuousClock.Instant) {
        state.events = state.events.filter { $0.value.ends > now }
        state.misses = state.misses.filter { now - $0.value < self.miss }
        state.nextSweep = max(1_000, 2 * (state.events.count + state.misses.count))
    }
}
