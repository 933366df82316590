package import Reactor
package import Shared
internal import Synchronization

/// The bus of a node that is alone: what it publishes reaches the subscribers of its own loops, each through its loop's
/// mailbox, just as it would over a server.
///
/// What always holds: what one thread publishes on a channel, a subscriber hears in that order; each confirmation comes
/// before the first message that it promises; a publisher never waits. Bounded per subscriber; policy at the bound: the
/// **newest** message is dropped and counted, and the subscriber is told `subscribed` once more when it has caught up.
package final class InProcessBus: BusPublisher, Sendable {
    /// Messages and their bytes that may wait for one subscriber.
    package struct Limits: Sendable {
        package var messages = 65_536
        package var bytes = 64 << 20

        package init() {}
    }

    private let ears = Locked<[BusChannel: [InProcessQueue]]>([:])
    private let limits: Limits
    private let publishedCount = Atomic<UInt64>(0)
    private let droppedCount = Atomic<UInt64>(0)

    package init(limits: Limits = Limits()) { self.limits = limits }

    /// Messages that were published, whether anybody listened or not.
    package var published: UInt64 { self.publishedCount.load(ordering: .relaxed) }
    /// Messages that a subscriber missed because too much waited for it.
    package var dropped: UInt64 { self.droppedCount.load(ordering: .relaxed) }

    package func publish(_ message: [UInt8], on channel: BusChannel) {
        self.publishedCount.wrappingAdd(1, ordering: .relaxed)
        let queues = self.ears.withLock { $0[channel] } ?? []
        for queue in queues where !queue.append(message, on: channel) {
            self.droppedCount.wrappingAdd(1, ordering: .relaxed)
        }
    }

    /// An ear on this bus, confined to the loop. To be called on the loop's thread.
    package func subscriber(on loop: EventLoop) -> InProcessSubscriber {
        InProcessSubscriber(bus: self, limits: self.limits, loop: loop)
    }

    func add(_ queue: InProcessQueue, to channel: BusChannel) {
        self.ears.withLock { $0[channel, default: []].append(queue) }
    }

    func remove(_ queue: InProcessQueue, from channel: BusChannel) {
        self.ears.withLock { ears in
            ears[channel]?.removeAll { $0 === queue }
            if ears[channel]?.isEmpty == true { ears[channel] = nil }
        }
    }
}
