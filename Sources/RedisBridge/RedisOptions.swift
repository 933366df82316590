/// What the bridge may use and how patient it is. One value for all servers.
package struct RedisOptions: Sendable {
    /// How long a server may take to accept a connection, and again as long to greet.
    package var connectMilliseconds: UInt64 = 2_000
    /// The wait after the first failed try; it doubles.
    package var retryMilliseconds: UInt64 = 50
    /// The longest wait between two tries.
    package var longestRetryMilliseconds: UInt64 = 2_000
    /// The wait after a server refused us for a reason that only a person can remove.
    package var refusedRetryMilliseconds: UInt64 = 5_000
    /// Between two beats (architecture 1.3).
    package var beatMilliseconds: UInt64 = 100
    /// A connection on which answers are due and nothing comes for this long is replaced.
    package var silenceMilliseconds: UInt64 = 1_000
    /// How long a caller waits for an answer if it does not say.
    package var commandMilliseconds: UInt64 = 1_000
    /// Commands that wait for one server to take them, and as many that wait for its answers. One more is refused.
    package var waitingCommands = 8_192
    /// Bytes of commands that wait for one server to take them.
    package var waitingCommandBytes = 16 << 20
    /// Messages that wait for one server to take them; for one more the oldest is dropped.
    package var waitingMessages = 16_384
    /// Bytes of messages that wait for one server to take them.
    package var waitingMessageBytes = 32 << 20
    /// A longer message is dropped by its sender: no receiver would take it.
    package var messageBytes = 8 << 20

    package init() {}
}
