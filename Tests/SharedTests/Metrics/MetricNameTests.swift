import Testing

@testable import Shared

@Suite struct MetricNameTests {
    @Test(arguments: [
        ("bellhop_connections_open", MetricKind.gauge), ("bellhop_sent_bytes_total", .counter),
        ("bellhop_loop_lag_seconds", .histogram), ("process_open_fds", .gauge), ("bellhop_build_info", .gauge),
    ])
    func `a name that follows the rules has no fault`(name: String, kind: MetricKind) {
        #expect(MetricName.fault(in: name, kind: kind, help: "Help.") == nil)
    }

    @Test(arguments: [
        ("bellhop_sent_bytes", MetricKind.counter), ("bellhop_open_total", .gauge), ("bellhop_lag_total", .histogram),
        ("bellhop_sentBytes_total", .counter), ("bellhop_lag_milliseconds", .histogram), ("bellhop_lag_ms", .gauge),
        ("bellhop_open_count", .gauge), ("bellhop_lag_sum", .gauge), ("bellhop_lag_bucket", .gauge), ("", .gauge),
        ("1_open", .gauge), ("_open", .gauge), ("bellhop__open", .gauge), ("bellhop_open_", .gauge), ("a:b", .gauge),
        ("bellhop_open_gauge", .gauge), ("bellhop_counter_total", .counter), ("bellhop_é", .gauge), ("a b", .gauge),
    ])
    func `a name that promtool would complain about has a fault`(name: String, kind: MetricKind) {
        #expect(MetricName.fault(in: name, kind: kind, help: "Help.") != nil)
    }

    @Test func `a family needs help`() {
        #expect(MetricName.fault(in: "bellhop_open", kind: .gauge, help: "") != nil)
    }

    @Test func `a label is snake_case and not one that Prometheus writes`() {
        for label in ["code", "http_method", "p99"] { #expect(MetricName.fault(inLabel: label) == nil) }
        for label in ["", "le", "quantile", "job", "instance", "Code", "9p", "_x", "a-b"] {
            #expect(MetricName.fault(inLabel: label) != nil)
        }
    }

    @Test func `breaking the rules stops the program`() async {
        await #expect(processExitsWith: .failure) {
            _ = MetricsRegistry().counter("bellhop_sent_bytes", help: "No _total.")
        }
        await #expect(processExitsWith: .failure) {
            let registry = MetricsRegistry()
            _ = registry.gauge("bellhop_open", help: "One.")
            _ = registry.gauge("bellhop_open", help: "Two.")
        }
        await #expect(processExitsWith: .failure) {
            let registry = MetricsRegistry()
            _ = registry.gauge("bellhop_open", help: "One.")
            _ = registry.histogram("bellhop_open", help: "One.", scale: .latency)
        }
        await #expect(processExitsWith: .failure) {
            _ = MetricsRegistry().gauge("bellhop_open", help: "One.", labels: ["le": "1"])
        }
    }
}
