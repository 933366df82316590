import Testing

@testable import LoadTest

@Suite struct LinkTests {
    private static let figures = {
        var figures = Figures()
        for (number, figure) in Figure.allCases.enumerated() { figures[figure] = UInt64(number) * 1000 }
        return figures
    }()

    private static let result = {
        var result = WorkerResult()
        result.figures = Self.figures
        for failure in [ConnectFailure.system(111), .system(111), .timedOut, .hungUp, .status(503), .malformed]
            + [.unreadable, .authorisation(403), .subscription(401), .closed(4009)]
        {
            result.failures.add(failure)
        }
        for value in [1, 50, 3000, 123_456_789] as [UInt64] { result.latency.record(value) }
        result.connectTimes.record(77)
        result.answerLatency.record(99)
        result.ramp = 5...90
        return result
    }()

    private static let confirmation = Confirmation(
        number: .max, audience: 1, due: .max, answered: 5, seq: .max)

    @Test(arguments: [
        WorkerOrder.ramp(start: .max), .enter(HotelTests.brief), .confirmed(LinkTests.confirmation),
        .run(Window(begin: 1, from: 2, end: 3)), .cut(at: 0), .finish,
    ]) func `an order survives the way through its line`(order: WorkerOrder) {
        #expect(WorkerOrder(line: order.line) == order)
    }

    @Test(arguments: [
        WorkerReport.ready, .settled, .confirmed(LinkTests.confirmation), .live(Figures(), p99: 0),
        .live(LinkTests.figures, p99: 12),
        .hopeless("no way: really"), .result(WorkerResult()), .result(LinkTests.result),
    ]) func `a report survives the way through its line`(report: WorkerReport) {
        #expect(!report.line.contains("\n"))
        #expect(WorkerReport(line: report.line) == report)
    }

    @Test(arguments: [
        "", "ramp", "ramp x", "ramp 1 2", "run 1 2", "finish 1", "cut -1", "enter {}", "confirmed 1 2 3 4", "Finish",
        "ramp  1",
    ])
    func `a line that is no order is refused`(line: String) {
        #expect(WorkerOrder(line: line) == nil)
    }

    @Test(arguments: [
        "", "ready 1", "live", "live -", "live opened=x 1", "live unknown=1 1", "result", "result - - - -",
        "result - - - - - -",
        "result - - - - - - 9-5", "result - what=1 - - - - -", "confirmed 1 -1 3 4 5", "hopeless",
    ]) func `a line that is no report is refused`(line: String) {
        #expect(WorkerReport(line: line) == nil)
    }

    @Test func `a hopeless text stays on its line`() {
        #expect(WorkerReport.hopeless("two\nlines").line == "hopeless two lines")
    }

    @Test func `results add up`() {
        var sum = LinkTests.result
        var other = LinkTests.result
        other.ramp = 2...60
        sum.merge(other)
        #expect(sum.figures[.sent] == 2 * LinkTests.figures[.sent])
        #expect(sum.latency.count == 8)
        #expect(sum.failures.counts[.system(111)] == 4)
        #expect(sum.ramp == 2...90)
        var empty = WorkerResult()
        empty.merge(LinkTests.result)
        #expect(empty == LinkTests.result)
        empty.merge(WorkerResult())
        #expect(empty == LinkTests.result)
    }

    @Test func `lines are the same however they were cut`() {
        let bytes = Array("ready\n\nlive - 5\nsettled\nrest".utf8)
        for size in 1...bytes.count {
            var buffer = LineBuffer()
            var lines: [String] = []
            for start in stride(from: 0, to: bytes.count, by: size) {
                lines += buffer.feed(bytes[start..<min(start + size, bytes.count)])
            }
            #expect(lines == ["ready", "", "live - 5", "settled"])
        }
    }
}
