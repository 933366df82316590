import Testing

@testable import Shared

@Suite(.timeLimit(.minutes(5))) struct MetricsRegistryTests {
    private let registry = MetricsRegistry()

    private var text: String { String(decoding: self.registry.render(), as: UTF8.self) }

    @Test func `an empty registry shows nothing`() {
        #expect(self.text.isEmpty)
    }

    @Test func `families and series are sorted whatever the order in which they were made`() {
        self.registry.gauge("b_open", help: "B.").set(-2)
        self.registry.counter("a_hits_total", help: "A.", labels: ["method": "POST", "code": "200"]).add(3)
        self.registry.counter("a_hits_total", help: "A.", labels: ["code": "200", "method": "GET"]).increment()
        self.registry.collect { [.gauge("ab_ratio", help: "AB.", 0.25)] }
        #expect(
            self.text == """
                # HELP a_hits_total A.
                # TYPE a_hits_total counter
                a_hits_total{code="200",method="GET"} 1
                a_hits_total{code="200",method="POST"} 3
                # HELP ab_ratio AB.
                # TYPE ab_ratio gauge
                ab_ratio 0.25
                # HELP b_open B.
                # TYPE b_open gauge
                b_open -2

                """)
    }

    @Test func `a histogram shows cumulated buckets, the sum in the shown unit and the count`() {
        let lag = self.registry.histogram(
            "lag_seconds", help: "Lag.", scale: .nanoseconds(bounds: [100_000, 2_500_000]), labels: ["loop": "0"])
        let shard = lag.shard()
        for value in [0, 100_000, 100_001, 2_500_000] as [UInt64] { lag.observe(value) }
        shard.observe(2_500_001)
        #expect(
            self.text == """
                # HELP lag_seconds Lag.
                # TYPE lag_seconds histogram
                lag_seconds_bucket{loop="0",le="0.0001"} 2
                lag_seconds_bucket{loop="0",le="0.0025"} 4
                lag_seconds_bucket{loop="0",le="+Inf"} 5
                lag_seconds_sum{loop="0"} 0.005200002
                lag_seconds_count{loop="0"} 5

                """)
    }

    @Test func `a collector shows histograms that others counted`() {
        self.registry.collect {
            [
                .histograms(
                    "turn_seconds", help: "Turns.", scale: .microseconds(bounds: [100, 1_000]),
                    [(labels: ["loop": "1"], buckets: [1, 2, 3], sum: 5_000_001)])
            ]
        }
        #expect(
            self.text == """
                # HELP turn_seconds Turns.
                # TYPE turn_seconds histogram
                turn_seconds_bucket{loop="1",le="0.0001"} 1
                turn_seconds_bucket{loop="1",le="0.001"} 3
                turn_seconds_bucket{loop="1",le="+Inf"} 6
                turn_seconds_sum{loop="1"} 5.000001
                turn_seconds_count{loop="1"} 6

                """)
    }

    @Test func `asking again for the same name and labels gives the same series`() {
        let first = self.registry.counter("a_total", help: "A.", labels: ["x": "1", "y": "2"])
        #expect(self.registry.counter("a_total", help: "A.", labels: ["y": "2", "x": "1"]) === first)
        #expect(self.registry.counter("a_total", help: "A.", labels: ["x": "1", "y": "3"]) !== first)
        #expect(self.registry.gauge("b", help: "B.") === self.registry.gauge("b", help: "B."))
        let histogram = self.registry.histogram("c_bytes", help: "C.", scale: .plain(bounds: [1]))
        #expect(self.registry.histogram("c_bytes", help: "C.", scale: .plain(bounds: [1])) === histogram)
    }

    @Test func `help and label values are escaped`() {
        self.registry.counter("a_total", help: "A \\ \"quoted\"\nhelp", labels: ["x": "a\\b\"c\nd é"]).increment()
        #expect(
            self.text == #"# HELP a_total A \\ "quoted"\nhelp"# + "\n# TYPE a_total counter\n"
                + #"a_total{x="a\\b\"c\nd é"} 1"# + "\n")
    }

    @Test func `a series is the sum of its shards and of what others added`() {
        let counter = self.registry.counter("a_total", help: "A.")
        let (left, right) = (counter.shard(), counter.shard())
        left.add(5)
        right.increment()
        counter.add(10)
        #expect(counter.total == 16)
        let gauge = self.registry.gauge("b", help: "B.")
        let (up, down) = (gauge.shard(), gauge.shard())
        up.add(3)
        down.add(-10)
        gauge.add(-1)
        #expect(gauge.current == -8)
        down.set(2)
        gauge.set(4)
        #expect(gauge.current == 9)
    }

    @Test func `nothing is lost when threads count together, each with its shard or without`() throws {
        let counter = self.registry.counter("a_total", help: "A.")
        let histogram = self.registry.histogram("b_bytes", help: "B.", scale: .plain(bounds: [10, 20]))
        let finished = Semaphore()
        for _ in 0..<4 {
            try spawnThread(named: "bellhop-test") {
                let (shard, cells) = (counter.shard(), histogram.shard())
                for number in 0..<10_000 as Range<UInt64> {
                    shard.increment()
                    counter.increment()
                    cells.observe(number % 30)
                    histogram.observe(number % 30)
                }
                finished.signal()
            }
        }
        while !finished.wait(within: .zero) { _ = self.registry.render() }
        for _ in 0..<3 { finished.wait() }
        #expect(counter.total == 80_000)
        #expect(histogram.snapshot.buckets.reduce(0, +) == 80_000)
        #expect(histogram.snapshot.sum == 8 * (0..<10_000).reduce(0) { $0 + $1 % 30 })
    }

    @Test(arguments: [
        (0, "0"), (1.5, "1.5"), (-3, "-3"), (1e-7, "1e-07"), (9_007_199_254_740_992, "9007199254740992"),
        (1e300, "1e+300"),
        (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"),
    ])
    func `numbers are written as Go reads them`(value: Double, text: String) {
        #expect(MetricsText.number(value) == text)
    }

    @Test(arguments: [
        (0, 9, "0"), (1, 9, "0.000000001"), (100_000, 9, "0.0001"), (1_000_000_000, 9, "1"), (10_000_000_000, 9, "10"),
        (1_500_000_000, 9, "1.5"), (1_048_576, 0, "1048576"), (100, 0, "100"), (UInt64.max, 9, "18446744073.709551615"),
    ])
    func `whole numbers are shifted exactly`(value: UInt64, decimals: Int, text: String) {
        #expect(MetricsText.decimal(value, decimals: decimals) == text)
    }
}
