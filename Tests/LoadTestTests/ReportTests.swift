import Shared
import Testing

@testable import LoadTest

@Suite struct ReportTests {
    /// 100 sockets, 10 events, one delivery missing, latencies from 1 to 999 ms.
    private static func report(
        _ change: (inout Report) -> Void = { _ in }, thresholds: [String] = [], scenario: Scenario = .fanout
    ) -> Report {
        var plan = Plan(scenario)
        plan.sockets = 100
        plan.targets = [Endpoint(scheme: .ws, host: "h<&\"'>", port: 1, path: "/")]
        plan.thresholds = thresholds.compactMap { Threshold($0) }
        var result = WorkerResult()
        for (figure, value) in [
            (Figure.opened, 100), (.watching, 100), (.sent, 10), (.accepted, 10), (.deliveries, 999),
        ] as [(Figure, UInt64)] { result.figures[figure] = value }
        for milliseconds in 1...999 { result.latency.record(UInt64(milliseconds) * 1_000_000) }
        for each in 1...100 { result.connectTimes.record(UInt64(each) * 1000) }
        result.ramp = 0...500_000_000
        let server = ServerFigures(
            pid: 7, cpuSeconds: 0.5, seconds: 10, residentBefore: 1000, residentBytes: 31_000, residentPeak: 40_000,
            isGone: false)
        var report = Report(plan: plan, result: result, servers: [server], workers: 1, seconds: 10)
        change(&report)
        return report
    }

    @Test func `what was owed and did not come is lost`() {
        #expect(Self.report().lost == 1)
        #expect(Self.report { $0.result.figures[.deliveries] = 1000 }.lost == 0)
        #expect(Self.report { $0.result.figures[.deliveries] = 1001 }.lost == 0)
        #expect(Self.report { $0.result.figures[.accepted] = 11 }.lost == 101)
    }

    @Test func `figures are in their units`() {
        let report = Self.report()
        let expected: [(Metric, Double)] = [
            (.p50, 500), (.p99, 990), (.max, 999), (.connectMax, 0.1), (.connectsPerSecond, 200),
            (.deliveriesPerSecond, 99.9), (.cpuSeconds, 0.5), (.residentBytes, 31_000), (.bytesPerSocket, 300),
        ]
        for (metric, value) in expected {
            let measured = report.value(of: metric) ?? -1
            #expect((measured - value).magnitude <= value / 1000, "\(metric)")
        }
    }

    // MARK: Verdict

    @Test func `loss fails a run and says so in the last line`() {
        let verdict = Verdict(Self.report())
        #expect(!verdict.isGood)
        #expect(verdict.line == "FAILED: lost>0 (lost 1)")
    }

    @Test(arguments: [Figure.duplicates, .disorder, .strangers, .refused, .failed, .dropped])
    func `whatever should never happen fails a run`(figure: Figure) {
        let report = Self.report {
            $0.result.figures[.deliveries] = 1000
            #expect(Verdict($0).line == "PASSED")
            $0.result.figures[figure] = 1
        }
        #expect(Verdict(report).faults == ["\(figure.rawValue)>0 (\(figure.rawValue) 1)"])
    }

    @Test func `a run in which nothing arrived fails`() {
        let silent = Self.report { $0.result = WorkerResult() }
        #expect(Verdict(silent).faults == ["deliveries<1 (deliveries 0)"])
        let unconnected = Self.report({ $0.result = WorkerResult() }, scenario: .connect)
        #expect(Verdict(unconnected).faults == ["connected<1 (connected 0)"])
    }

    @Test func `given thresholds replace the defaults, and the last line tells`() {
        let good = Verdict(Self.report(thresholds: ["p99>1s"]))
        #expect(good.isGood)
        #expect(good.line == "PASSED by --fail-if, although lost>0 (lost 1)")
        let bad = Verdict(Self.report(thresholds: ["p99>900ms", "p50>1s", "max>998ms"]))
        #expect(bad.line == "FAILED: p99>900ms (p99 990 ms), max>998ms (max 999 ms)")
        #expect(Verdict(Self.report(thresholds: ["lost>5"])).line == "PASSED")
    }

    @Test func `a threshold on what was not measured fails`() {
        let report = Self.report({ $0.servers = [] }, thresholds: ["cpu_s>5"])
        #expect(Verdict(report).faults == ["cpu_s>5 (not measured)"])
    }

    // MARK: Output

    @Test func `the JSON has every promised field and is what was measured`() throws {
        let report = Self.report()
        let text = report.json(Verdict(report))
        let value = try JSONValue(parsing: text)
        let numbers: [(String, Double)] = [
            ("sockets", 100), ("connected", 100), ("seconds", 10), ("events", 10), ("deliveries", 999), ("lost", 1),
            ("duplicates", 0), ("disorder", 0), ("connects_per_s", 200),
        ]
        for (name, expected) in numbers { #expect(value[name]?.double == expected, "\(name)") }
        for name in ["p50_ms", "p99_ms", "p999_ms", "max_ms"] {
            #expect((value[name]?.double ?? 0) > 0, "\(name)")
        }
        #expect(value["scenario"] == .string("fanout"))
        let server = try #require(value["servers"]?.elements.first)
        #expect(server["pid"]?.double == 7 && server["cpu_s"]?.double == 0.5 && server["rss_bytes"]?.double == 31_000)
    }

    @Test func `in the hotel commands are told, and what is lost is counted by what is owed`() throws {
        let report = Self.report {
            $0.plan.hotel = HotelAccess(key: "k", password: "p", file: "f")
            for (figure, value) in [(Figure.sent, 12), (.owed, 1003), (.retries, 4), (.foreign, 5)]
                as [(Figure, UInt64)]
            {
                $0.result.figures[figure] = value
            }
            for each in 1...10 { $0.result.publishTimes.record(UInt64(each) * 1_000_000) }
            $0.result.answerLatency.record(3_000_000)
        }
        #expect(report.lost == 4)
        let value = try JSONValue(parsing: report.json(Verdict(report)))
        let numbers: [(String, Double)] = [
            ("events", 10), ("commands", 12), ("command_retries", 4), ("foreign_events", 5), ("expected", 1003),
            ("lost", 4), ("command_p50_ms", 5), ("command_max_ms", 10), ("after_answer_max_ms", 3),
        ]
        for (name, expected) in numbers {
            let measured = value[name]?.double ?? -1
            #expect((measured - expected).magnitude <= expected / 1000, "\(name)")
        }
        let table = report.table
        #expect(table.contains("10 of 12 accepted") && table.contains("after the answer"))
        #expect(table.contains("repeated commands") && table.contains("events of others"))
        let verdict = Verdict(Self.report({ $0.result.figures[.retries] = 3 }, thresholds: ["retries>2"]))
        #expect(verdict.faults == ["retries>2 (retries 3)"])
    }

    @Test func `what was not measured is null in the JSON`() throws {
        let report = Self.report { $0.result = WorkerResult() }
        let value = try JSONValue(parsing: report.json(Verdict(report)))
        #expect(value["p99_ms"] == .null)
    }

    @Test(arguments: Scenario.allCases) func `the table shows what the scenario measures`(scenario: Scenario) {
        let table = Self.report(scenario: scenario).table
        #expect(table.contains("connects/s") && table.contains("p99.9") && table.contains("pid 7"))
        #expect(table.contains("lost") == scenario.timesMessages)
    }

    @Test func `page and plot let nothing out of their text`() {
        let report = Self.report()
        let page = String(decoding: report.page(Verdict(report)), as: UTF8.self)
        #expect(!page.contains("h<&") && page.contains("h&lt;&amp;&quot;&#39;&gt;"))
        #expect(page.contains("<svg") && page.contains("FAILED: lost&gt;0"))
        #expect(!page.contains("http://") || !page.contains("src="))
    }

    @Test(arguments: [0, 1, 2, 1000]) func `a plot stays inside its paper`(count: Int) {
        let report = Self.report {
            $0.result.latency = LatencyHistogram()
            for each in 0..<count { $0.result.latency.record(UInt64(each) * UInt64(each) * 1000 + 1) }
        }
        let svg = LatencyPlot(report).svg
        #expect(svg.contains("prefers-color-scheme:dark") && svg.contains("milliseconds"))
        #expect(svg.contains("polyline") == (count > 0))
        #expect(!svg.contains("nan") && !svg.contains("inf"))
        for word in [" x=\"", "x1=\"", "x2=\"", "cx=\""] {
            for piece in svg.components(after: word) {
                #expect((0...760).contains(Double(piece) ?? -1), "\(word)\(piece)")
            }
        }
        for word in [" y=\"", "y1=\"", "y2=\"", "cy=\""] {
            for piece in svg.components(after: word) {
                #expect((0...420).contains(Double(piece) ?? -1), "\(word)\(piece)")
            }
        }
    }

    @Test(arguments: [
        (0.0, "0"), (0.00012, "0.0001"), (0.0834, "0.0834"), (0.5, "0.500"), (8.345, "8.35"), (83.45, "83.5"),
        (8340, "8,340"), (1_234_567, "1,234,567"), (-12.5, "-12.5"),
    ]) func `numbers have three digits that matter`(number: Double, text: String) {
        #expect(NumberText.significant(number) == text)
    }

    @Test func `bytes have the unit that fits`() {
        #expect(
            [0, 1023, 1024, 1_572_864, 3_221_225_472].map { NumberText.bytes($0) }
                == ["0 B", "1,023 B", "1.00 KiB", "1.50 MiB", "3.00 GiB"])
    }
}

extension JSONValue {
    fileprivate subscript(name: String) -> JSONValue? {
        guard case .object(let object) = self else { return nil }
        return object[name]
    }

    fileprivate var double: Double? {
        guard case .number(let number) = self else { return nil }
        return number.double
    }

    fileprivate var elements: [JSONValue] {
        guard case .array(let elements) = self else { return [] }
        return elements
    }
}

extension String {
    /// What stands between each occurrence of `word` and the next quote.
    fileprivate func components(after word: String) -> [String] {
        self.split(separator: word).dropFirst().map { String($0.prefix { $0 != "\"" }) }
    }
}
