/// A channel between nodes. Not a channel of clients.
package struct BusChannel: Hashable, Sendable {
    package let name: String
    /// What decides which of several servers carries it: channels with the same key live together.
    package let shard: String

    package init(name: String, shard: String) {
        self.name = name
        self.shard = shard
    }

    /// Channels of one name that live in different places are rare enough to be told apart by looking.
    package func hash(into hasher: inout Hasher) { hasher.combine(self.name) }

    /// Where the hints of a stream go.
    package static func hints(of stream: EventStream) -> BusChannel {
        switch stream {
        case .system: BusChannel(name: "bellhop:system:events", shard: "system")
        case .tenant(let id): BusChannel(name: "bellhop:\(id):events", shard: id.description)
        }
    }
}

/// A node's mouth on the bus. From any thread; returns at once.
package protocol BusPublisher: Sendable {
    /// Tells whoever listens on the channel. At most once: what cannot be sent soon is dropped, and counted.
    func publish(_ message: [UInt8], on channel: BusChannel)
}

/// A node's ear on the bus, confined to the thread on which it was made: there its listener is called too.
package protocol BusSubscriber: AnyObject {
    /// Called from now on; set once, before the first subscription.
    var listener: (any BusListener)? { get set }

    /// Wants the messages of a channel. Wanting it twice is wanting it once.
    func subscribe(to channel: BusChannel)

    /// Wants them no more; some may still come.
    func unsubscribe(from channel: BusChannel)

    /// Whether messages of this channel come promptly, as far as is known at this moment.
    func isHealthy(_ channel: BusChannel) -> Bool
}

/// Who hears what comes over the bus.
package protocol BusListener: AnyObject {
    /// From now on messages of this channel come. Called again after each loss: what was said in between is lost.
    func subscribed(to channel: BusChannel)

    /// A message; the bytes are valid during the call only.
    func received(_ message: UnsafeRawBufferPointer, on channel: BusChannel)

    /// A server became healthy or unhealthy: `isHealthy` of its channels has changed.
    func healthChanged()
}
