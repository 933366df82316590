/// The figures of a node's network floor: every name in one place, so that dashboards and alerts have one page to read.
///
/// Loops take a shard of what they count often (`metrics.framesSent.shard()`), other threads use the figures directly.
package struct NodeMetrics: Sendable {
    /// Sockets accepted since the start.
    package let connectionsAccepted: Counter
    /// Sockets open now.
    package let connectionsOpen: Gauge
    /// Failures of accept(2), descriptor exhaustion included.
    package let acceptErrors: Counter
    /// Sockets refused because a limit was reached.
    package let connectionsRefused: Counter
    /// Bytes read from sockets.
    package let bytesReceived: Counter
    /// Bytes that the kernel took for sockets.
    package let bytesSent: Counter
    /// WebSocket data frames read.
    package let framesReceived: Counter
    /// WebSocket data frames queued for sockets.
    package let framesSent: Counter
    /// Bytes that wait because sockets take no more.
    package let outboxBytes: Gauge
    /// Sockets closed because they read too slowly.
    package let slowCloses: Counter
    /// How late a loop came to what was due, per turn.
    package let loopLag: Histogram
    /// From the last byte of a request to the first of its answer.
    package let requestDuration: Histogram
    private let requests: [Counter]

    /// Creates the families in `registry`.
    package init(in registry: MetricsRegistry) {
        self.connectionsAccepted = registry.counter(
            "bellhop_connections_accepted_total", help: "Sockets accepted.")
        self.connectionsOpen = registry.gauge("bellhop_connections_open", help: "Sockets open now.")
        self.acceptErrors = registry.counter(
            "bellhop_accept_errors_total", help: "Failures of accept, exhausted descriptors included.")
        self.connectionsRefused = registry.counter(
            "bellhop_connections_refused_total", help: "Sockets refused because a limit was reached.")
        self.bytesReceived = registry.counter("bellhop_received_bytes_total", help: "Bytes read from sockets.")
        self.bytesSent = registry.counter("bellhop_sent_bytes_total", help: "Bytes written to sockets.")
        self.framesReceived = registry.counter("bellhop_frames_received_total", help: "WebSocket data frames read.")
        self.framesSent = registry.counter(
            "bellhop_frames_sent_total", help: "WebSocket data frames queued for sockets.")
        self.outboxBytes = registry.gauge(
            "bellhop_outbox_bytes", help: "Bytes that wait for sockets that take no more.")
        self.slowCloses = registry.counter(
            "bellhop_slow_closes_total", help: "Sockets closed because they read too slowly.")
        self.loopLag = registry.histogram(
            "bellhop_loop_lag_seconds", help: "How late an event loop came to what was due.", scale: .latency)
        self.requestDuration = registry.histogram(
            "bellhop_http_request_duration_seconds", help: "From the whole request to its answer.", scale: .latency)
        self.requests = ["1xx", "2xx", "3xx", "4xx", "5xx"].map { status in
            registry.counter("bellhop_http_requests_total", help: "Requests answered.", labels: ["status": status])
        }
    }

    /// Requests answered with a status of this class; what is not a status counts as a failure of ours.
    package func requests(status: Int) -> Counter {
        self.requests[(100..<600).contains(status) ? status / 100 - 1 : 4]
    }
}
