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

/// The last events of cache channels, for all nodes. From any thread.
package protocol AppMemory: Sendable {
    /// Tells an event to all nodes and remembers it for as long as it says, in one step: nobody is told one event last while
    /// another is remembered.
    func publish(_ event: RememberedEvent) async throws(PresenceError)

    /// The last event of a channel, if it is not forgotten.
    func last(of channel: AppChannel) async throws(PresenceError) -> RememberedEvent?

    /// Somebody missed it.
    ///
    /// - Returns: whether nobody in the cluster did a moment ago.
    func claimMiss(of channel: AppChannel) async -> Bool
}
