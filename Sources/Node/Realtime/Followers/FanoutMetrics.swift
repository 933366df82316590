package import Shared

/// What following and telling counts; the same figures for all loops.
package struct FanoutMetrics: Sendable {
    let delivered: Counter
    let duplicates: Counter
    let malformed: Counter
    let gapReads: Counter
    let headQueries: Counter
    let pageReads: Counter
    let storeFailures: Counter
    let resets: Counter
    let resumed: Counter
    let resyncs: Counter
    let renewals: Counter
    let followed: Gauge
    let lag: Gauge

    /// Creates the families in `registry`.
    package init(in registry: MetricsRegistry) {
        func counter(_ name: String, _ help: String) -> Counter { registry.counter(name, help: help) }
        self.delivered = counter("bellhop_events_delivered_total", "Logged events handed to the loops of this node.")
        self.duplicates = counter("bellhop_hint_duplicates_total", "Events that a hint brought again.")
        self.malformed = counter("bellhop_hints_malformed_total", "Hints that could not be read.")
        self.gapReads = counter("bellhop_gap_reads_total", "Reads of the log for events that no hint brought in time.")
        self.headQueries = counter("bellhop_head_queries_total", "Queries for the heads of streams.")
        self.pageReads = counter("bellhop_replay_reads_total", "Reads of the log for clients that come back.")
        self.storeFailures = counter("bellhop_fanout_store_failures_total", "Reads of the log that failed.")
        self.resets = counter("bellhop_stream_resets_total", "Streams that were not what was followed.")
        self.resumed = counter("bellhop_subscriptions_resumed_total", "Subscriptions resumed without a loss.")
        self.resyncs = counter("bellhop_resyncs_total", "Subscriptions told to load anew.")
        self.renewals = counter(
            "bellhop_epoch_renewals_total", "Streams given a new epoch because their database had lost events.")
        self.followed = registry.gauge("bellhop_streams_followed", help: "Streams that somebody here listens to.")
        self.lag = registry.gauge(
            "bellhop_follower_lag_events", help: "Events that are known of and not delivered, all streams together.")
    }

    /// Streams that somebody on this node listens to.
    package var streamsFollowed: Int { Int(self.followed.current) }

    /// Events that are known of and not delivered yet, of all streams together.
    package var eventsBehind: Int { Int(self.lag.current) }
}
