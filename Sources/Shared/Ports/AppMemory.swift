/// The last event of a cache channel.
package final class RememberedEvent: Sendable {
    package let channel: AppChannel
    /// As it travels between nodes.
    package let cast: [UInt8]
    /// Seconds until it is forgotten.
    package let seconds: Int

    package init(_ channel: AppChannel, cast: [UInt8], seconds: Int) {
        self.channel = channel
        self.cast = cast
        self.seconds = seconds
    }
}

/// What a memory has of a channel.
package enum Recollection: Sendable {
    case event(RememberedEvent)
    /// Nothing.
    ///
    /// - Parameter isNews: whether nobody else in the cluster has missed it a moment ago.
    case nothing(isNews: Bool)
}

/// The last events of cache channels, for all nodes. From any thread.
package protocol AppMemory: Sendable {
    /// Tells an event to all nodes and remembers it for as long as it says, in one step: who is told last what is remembered is
    /// never told something older.
    func publish(_ event: RememberedEvent) async throws(PresenceError)

    /// The last event of a channel.
    func recall(_ channel: AppChannel) async throws(PresenceError) -> Recollection
}
