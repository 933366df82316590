package import Shared

/// What this node's part in presence counts.
package struct PresenceMetrics: Sendable {
    let connections: Gauge
    let joins: Counter
    let leaves: Counter
    let full: Counter
    let awaited: Counter
    let rewritten: Counter
    let reapedConnections: Counter
    let reapedMembers: Counter
    let failures: Counter

    /// Creates the families in `registry`.
    package init(in registry: MetricsRegistry) {
        func counter(_ name: String, _ help: String) -> Counter { registry.counter(name, help: help) }
        self.connections = registry.gauge(
            "bellhop_presence_connections", help: "Connections of this node, once for each presence channel.")
        self.joins = counter("bellhop_presence_joins_total", "Connections of this node counted in.")
        self.leaves = counter("bellhop_presence_leaves_total", "Connections of this node counted out.")
        self.full = counter("bellhop_presence_full_total", "Joins refused because the channel was full.")
        self.awaited = counter("bellhop_presence_awaited_total", "Joins that had to wait for their server.")
        self.rewritten = counter(
            "bellhop_presence_rewritten_total", "Connections told again to a server that did not know them.")
        self.reapedConnections = counter(
            "bellhop_presence_reaped_connections_total", "Connections of dead nodes that this node counted out.")
        self.reapedMembers = counter(
            "bellhop_presence_reaped_members_total", "Members who left because the last node that had them died.")
        self.failures = counter("bellhop_presence_failures_total", "Questions about presence that failed.")
    }
}
