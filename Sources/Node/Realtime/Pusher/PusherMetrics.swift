package import Shared

/// What sockets of the Pusher protocol count; the same figures for all loops.
package struct PusherMetrics: Sendable {
    /// Sockets that were refused at once: no such key, no such protocol.
    let refusedSockets: Counter
    let subscriptions: Counter
    let refusedSubscriptions: Counter
    /// Messages that are none of the protocol.
    let malformed: Counter
    /// Messages beyond the rate.
    let excess: Counter
    /// Sockets and subscriptions that were ended by a revocation.
    let revoked: Counter
    /// Sockets that were closed because what they were signed for has expired.
    let expired: Counter
    /// Sockets that never subscribed.
    let empty: Counter

    /// Creates the families in `registry`.
    package init(in registry: MetricsRegistry) {
        func counter(_ name: String, _ help: String) -> Counter {
            registry.counter("bellhop_pusher_\(name)", help: help)
        }
        self.refusedSockets = counter("sockets_refused_total", "Sockets closed for their key or protocol version.")
        self.subscriptions = counter("subscriptions_total", "Subscriptions admitted.")
        self.refusedSubscriptions = counter("subscriptions_refused_total", "Subscriptions refused.")
        self.malformed = counter("messages_malformed_total", "Messages that are none of the protocol.")
        self.excess = counter("messages_excess_total", "Messages beyond the rate.")
        self.revoked = counter("revocations_total", "Sockets and subscriptions ended by a revocation.")
        self.expired = counter("sockets_expired_total", "Sockets closed because an authorisation expired.")
        self.empty = counter("sockets_empty_total", "Sockets closed because they had no subscription.")
    }
}
