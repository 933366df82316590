import Testing

@testable import LoadTest

@Suite struct ThresholdTests {
    @Test(arguments: [
        ("p99>50ms", Metric.p99, 50), ("p99.9 >= 0.5s", .p999, 500), ("max<100us", .max, 0.1), ("lost>0", .lost, 0),
        ("connects_per_s<5k", .connectsPerSecond, 5000), ("rss>16MiB", .residentBytes, 16_777_216),
        ("rss_per_socket<=300B", .bytesPerSocket, 300), ("cpu_s>2", .cpuSeconds, 2), ("cpu_s>500ms", .cpuSeconds, 0.5),
    ]) func `a condition is read in the metric's own unit`(text: String, metric: Metric, limit: Double) {
        #expect(Threshold(text)?.metric == metric)
        #expect(Threshold(text)?.limit == limit)
    }

    @Test(arguments: [
        "", "p99", "p99>", ">5ms", "p99>5", "p99>5kg", "p99>ms", "p98>5ms", "lost>1ms", "p99=5ms", "p99=>5ms",
        "p99>-5ms", "p99>1e3ms", "p99>5.5.5ms", "p99><5ms", "p99>٥ms",
    ]) func `anything else is refused`(text: String) {
        #expect(Threshold(text) == nil)
    }

    @Test(arguments: [
        (">", [false, false, true]), (">=", [false, true, true]), ("<", [true, false, false]),
        ("<=", [true, true, false]),
    ]) func `comparisons hold as they read`(sign: String, expected: [Bool]) throws {
        let threshold = try #require(Threshold("lost\(sign)5"))
        #expect([4, 5, 6].map { threshold.comparison.holds($0, threshold.limit) } == expected)
    }

    @Test func `every metric can be named`() {
        for metric in Metric.allCases {
            let unit =
                switch metric.unit {
                case .milliseconds: "ms"
                case .seconds: "s"
                case .bytes: "B"
                case .count: ""
                }
            #expect(Threshold("\(metric.rawValue)>1\(unit)")?.metric == metric)
        }
    }
}
