import TestSupport
import Testing

@testable import Shared

@Suite(.timeLimit(.minutes(5))) struct PromtoolTests {
    @Test func `promtool has nothing to say about all that a node shows`() async throws {
        let registry = MetricsRegistry()
        var loops = [LoopFigures(), LoopFigures()]
        (loops[1].loop, loops[1].connections, loops[1].outboxBytes, loops[1].turns[3]) = (1, 9, 77, 5)
        let metrics = NodeMetrics(in: registry) { [loops] in loops }
        let writer = try LogWriter(descriptor: 2, style: LogStyle(.text))
        registry.collectProcess()
        registry.collectBuild(version: "1.2.3 \"quoted\"\n")
        registry.collectLog(writer)
        metrics.framesSent.add(7)
        metrics.requestDuration.observe(1_234_567)
        metrics.requestDuration.shard().observe(99_000_000_000)
        metrics.requests(status: 204).increment()
        let text = registry.render()
        let shown = String(decoding: text, as: UTF8.self)
        #expect(shown.contains("bellhop_connections_open{loop=\"1\"} 9\n"))
        #expect(shown.contains("bellhop_loop_lag_seconds_bucket{loop=\"1\",le=\"0.001\"} 5\n"))
        let result = try await Promtool.check(text)
        #expect(result.status == 0)
        #expect(result.said.isEmpty)
    }

    @Test(arguments: [
        "bellhop_open 1\n",
        "# HELP bellhop_sent Sent.\n# TYPE bellhop_sent counter\nbellhop_sent 1\n",
        "# HELP bellhop_open Open.\n# TYPE bellhop_open gauge\nbellhop_open one\n",
    ])
    func `promtool does complain about what is wrong`(text: String) async throws {
        #expect(try await Promtool.check(Array(text.utf8)).status != 0)
    }

    @Test func `every status has its class and what is none counts as our failure`() {
        let registry = MetricsRegistry()
        let metrics = NodeMetrics(in: registry) { [] }
        for status in [100, 199, 200, 404, 499, 500, 599, 600, 99, 0, -1] {
            metrics.requests(status: status).increment()
        }
        let text = String(decoding: registry.render(), as: UTF8.self)
        for (status, count) in [("1xx", 2), ("2xx", 1), ("3xx", 0), ("4xx", 2), ("5xx", 6)] {
            #expect(text.contains("bellhop_http_requests_total{status=\"\(status)\"} \(count)\n"))
        }
    }
}
