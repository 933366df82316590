/// How a database is used.
package struct PGOptions: Sendable {
    /// Sessions with the server at most, and also when nothing hinders.
    package var connections = 8
    /// Whether statements are prepared by name and sessions are our own. Off behind a pooler that shares sessions
    /// between transactions (PgBouncer): then nothing outlives a transaction.
    package var isPrepared = true
    /// What `pg_stat_activity` shows, unless the address says otherwise.
    package var applicationName = "bellhop"
    /// How long a session may take to come about.
    package var connectTimeout = Duration.seconds(5)
    /// How long the server works on one statement; it also ends what nobody waits for any more.
    package var statementTimeout = Duration.seconds(10)
    /// How long the server keeps a transaction in which nothing happens: the end of what a stopped node held.
    package var idleTimeout = Duration.seconds(15)
    /// How long a transaction may take in all when its caller does not say, waiting for a connection included.
    package var deadline = Duration.seconds(5)
    /// Transactions that may wait for a connection; more are turned away at once.
    package var waitingLimit = 1_000
    /// How often a transaction is done again after a conflict or a lost connection.
    package var retryLimit = 5
    /// Between attempts to connect: about this long after the first failure, doubled with each, up to the last.
    package var reconnectPause = Duration.milliseconds(50)
    package var longestReconnectPause = Duration.seconds(2)

    package init() {}

    var statementTimeoutText: String { "\(self.statementTimeout.wholeMilliseconds)ms" }
    var idleTimeoutText: String { "\(self.idleTimeout.wholeMilliseconds)ms" }
}

extension Duration {
    /// Rounded down, at least 0, and no more than a server's setting can say.
    var wholeMilliseconds: UInt64 {
        let (seconds, attoseconds) = self.components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        return min(UInt64(seconds), 2_000_000) * 1_000 + UInt64(attoseconds / 1_000_000_000_000_000)
    }
}
