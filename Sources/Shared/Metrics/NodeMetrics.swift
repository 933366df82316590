/// The figures of a node's network floor: every name in one place, so that dashboards and alerts have one page to read.
///
/// What the loops count by themselves is collected; what sessions count is here. A loop takes a shard of what it counts
/// often (`metrics.framesSent.shard()`), other threads use the figures directly.
package struct NodeMetrics: Sendable {
    /// Requests that the parser refused, or that came too slowly.
    package let malformedRequests: Counter
    /// WebSockets open now.
    package let socketsOpen: Gauge
    /// WebSocket data frames read.
    package let framesReceived: Counter
    /// WebSocket data frames queued for sockets.
    package let framesSent: Counter
    /// From the last byte of a request to its answer, in nanoseconds.
    package let requestDuration: Histogram
    private let requests: [Counter]

    /// Creates the families in `registry`.
    ///
    /// - Parameter loops: reads the figures of all event loops; called from the thread that renders.
    package init(in registry: MetricsRegistry, loops: @escaping @Sendable () -> [LoopFigures]) {
        registry.collect { LoopFigures.families(of: loops()) }
        self.malformedRequests = registry.counter(
            "bellhop_http_malformed_requests_total", help: "Requests refused by the parser, or that came too slowly.")
        self.socketsOpen = registry.gauge("bellhop_websockets_open", help: "WebSockets open now.")
        self.framesReceived = registry.counter("bellhop_frames_received_total", help: "WebSocket data frames read.")
        self.framesSent = registry.counter(
            "bellhop_frames_sent_total", help: "WebSocket data frames queued for sockets.")
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
