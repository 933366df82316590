package import Shared

/// What the timers of this node did.
package struct TimerMetrics: Sendable {
    let claimed: Counter
    let done: Counter
    let failed: Counter
    let poisoned: Counter
    let lost: Counter
    let overdue: Counter
    let storeFailures: Counter
    let running: Gauge
    let strays: Gauge
    let delay: Histogram

    /// Creates the families in `registry`.
    package init(in registry: MetricsRegistry) {
        func counter(_ name: String, _ help: String) -> Counter { registry.counter(name, help: help) }
        self.claimed = counter("bellhop_timers_claimed_total", "Due timers that this node claimed.")
        self.done = counter("bellhop_timers_done_total", "Claimed timers whose work was done.")
        self.failed = counter("bellhop_timers_failed_total", "Claimed timers whose work failed, to be tried again.")
        self.poisoned = counter(
            "bellhop_timers_poisoned_total", "Failures of timers that had failed several times before.")
        self.lost = counter("bellhop_timer_claims_lost_total", "Claims that ended, or were replaced, during the work.")
        self.overdue = counter("bellhop_timers_overdue_total", "Works that were given up because they took too long.")
        self.storeFailures = counter("bellhop_timer_store_failures_total", "Questions about timers that failed.")
        self.running = registry.gauge("bellhop_timers_running", help: "Timers that this node works on now.")
        self.strays = registry.gauge("bellhop_timers_stray", help: "Works that were given up and have not ended.")
        self.delay = registry.histogram(
            "bellhop_timer_delay_seconds",
            help: "From due to claimed, by the wall clock of this node: for watching only.", scale: .latency)
    }
}
