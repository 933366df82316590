package import Shared

/// What sockets and calls of external apps count.
package struct AppMetrics: Sendable {
    let refusedSockets: Counter
    let subscriptions: Counter
    let refusedSubscriptions: Counter
    let malformed: Counter
    let excess: Counter
    let published: Counter
    let clientEvents: Counter
    let refusedCalls: Counter
    let unreadable: Counter
    let signIns: Counter
    let terminated: Counter
    let cacheMisses: Counter

    /// Creates the families in `registry`.
    package init(in registry: MetricsRegistry) {
        func counter(_ name: String, _ help: String) -> Counter {
            registry.counter("bellhop_apps_\(name)", help: help)
        }
        self.refusedSockets = counter("sockets_refused_total", "Sockets closed for protocol version or origin.")
        self.subscriptions = counter("subscriptions_total", "Subscriptions admitted.")
        self.refusedSubscriptions = counter("subscriptions_refused_total", "Subscriptions refused.")
        self.malformed = counter("messages_malformed_total", "Messages that are none of the protocol.")
        self.excess = counter("messages_excess_total", "Messages beyond the rate.")
        self.published = counter("events_published_total", "Events that back ends published, once per channel.")
        self.clientEvents = counter("client_events_total", "Events that clients told each other.")
        self.refusedCalls = counter("calls_refused_total", "Calls of the HTTP API that were refused.")
        self.signIns = counter("signins_total", "Sockets that signed in as a user.")
        self.terminated = counter("sockets_terminated_total", "Sockets that a back end had ended.")
        self.cacheMisses = counter("cache_misses_total", "Subscribers of cache channels that remembered nothing.")
        self.unreadable = counter("casts_unreadable_total", "Messages between nodes that could not be read.")
    }
}
