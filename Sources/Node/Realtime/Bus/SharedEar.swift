package import Shared

/// One subscriber of the bus for several listeners of its loop, so that a node has one connection for all of them. A channel is
/// one listener's.
package final class SharedEar: BusListener {
    /// What one of the listeners has for the bus; deaf when the bus has stopped.
    private final class Ear: BusSubscriber {
        var listener: (any BusListener)?
        private weak var shared: SharedEar?

        init(_ shared: SharedEar) { self.shared = shared }

        func subscribe(to channel: BusChannel) {
            guard let shared = self.shared else { return }
            precondition(shared.owners[channel].map { $0 === self } ?? true, "a channel is one listener's")
            shared.owners[channel] = self
            shared.bus.subscribe(to: channel)
        }

        func unsubscribe(from channel: BusChannel) {
            guard let shared = self.shared, shared.owners[channel] === self else { return }
            shared.owners[channel] = nil
            shared.bus.unsubscribe(from: channel)
        }

        func isHealthy(_ channel: BusChannel) -> Bool { self.shared?.bus.isHealthy(channel) ?? false }
    }

    // The bus keeps its listener, which is this, until it stops; so this may not keep the bus.
    private unowned let bus: any BusSubscriber
    private var ears: [Ear] = []
    private var owners: [BusChannel: Ear] = [:]

    /// - Parameter bus: on whose loop all of this lives; kept by somebody else.
    package init(_ bus: any BusSubscriber) {
        self.bus = bus
        bus.listener = self
    }

    /// Listeners and their ears keep each other.
    deinit { for ear in self.ears { ear.listener = nil } }

    /// An ear for one more listener.
    package func ear() -> any BusSubscriber {
        let ear = Ear(self)
        self.ears.append(ear)
        return ear
    }

    package func subscribed(to channel: BusChannel) { self.owners[channel]?.listener?.subscribed(to: channel) }

    package func received(_ message: UnsafeRawBufferPointer, on channel: BusChannel) {
        self.owners[channel]?.listener?.received(message, on: channel)
    }

    package func healthChanged() { for ear in self.ears { ear.listener?.healthChanged() } }
}
