internal import Ports
package import Shared

/// What this node did to tell back ends of external apps what happens.
package struct WebhookMetrics: Sendable {
    let noted: Counter
    let notesDropped: Counter
    let notesWaiting: Gauge
    let queued: Counter
    let overflowed: Counter
    let expired: Counter
    let refused: Counter
    let delivered: Counter
    let done: Counter
    let rejected: Counter
    let storeFailures: Counter
    let seconds: Histogram
    private let failed: [WebhookAnswer.Failure: Counter]

    /// Creates the families in `registry`.
    package init(in registry: MetricsRegistry) {
        func counter(_ name: String, _ help: String, _ labels: MetricsRegistry.Labels = [:]) -> Counter {
            registry.counter("bellhop_webhooks_\(name)", help: help, labels: labels)
        }
        self.noted = counter("noted_total", "What was noted for back ends of external apps.")
        self.notesDropped = counter("notes_dropped_total", "Notes that had to go because too many waited in memory.")
        self.notesWaiting = registry.gauge("bellhop_webhooks_notes_waiting", help: "Notes that wait in memory.")
        self.queued = counter("events_queued_total", "Events that were queued for back ends.")
        let dropped = "Events that back ends are never told."
        self.overflowed = counter("events_dropped_total", dropped, ["reason": "overflow"])
        self.expired = counter("events_dropped_total", dropped, ["reason": "expired"])
        self.refused = counter("events_dropped_total", dropped, ["reason": "refused"])
        self.delivered = counter("events_delivered_total", "Events that back ends have taken.")
        let requests = "Requests to back ends, by what became of them."
        self.done = counter("requests_total", requests, ["result": "done"])
        self.rejected = counter("requests_total", requests, ["result": "rejected"])
        self.failed = Dictionary(
            uniqueKeysWithValues: WebhookAnswer.Failure.allCases.map {
                ($0, counter("requests_total", requests, ["result": $0.rawValue]))
            })
        self.storeFailures = counter("store_failures_total", "Notes that could not be written down at once.")
        self.seconds = registry.histogram(
            "bellhop_webhooks_request_seconds", help: "From the request to its answer.", scale: .latency)
    }

    func count(_ answer: WebhookAnswer) {
        switch answer {
        case .failed(let failure): self.failed[failure]?.increment()
        case .status: (answer.isDone ? self.done : self.rejected).increment()
        }
    }

    func count(_ outcome: WebhookOutcome) {
        self.queued.add(UInt64(outcome.queued))
        self.overflowed.add(UInt64(outcome.dropped))
    }
}
