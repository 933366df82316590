import Testing

@testable import LoadTest

@Suite struct MessageJudgeTests {
    private static let form = MessageForm(run: 9, byteCount: 120)

    /// What two sockets' arrivals are counted as; the window counts what is due from 100 to 199.
    private static func judge(_ arrivals: [(socket: Int, stamp: EventStamp)]) -> WorkerResult {
        let measurements = Measurements()
        measurements.window = Window(begin: 0, from: 100, end: 200)
        let judge = MessageJudge(Self.form, sockets: 2, measurements: measurements)
        for arrival in arrivals {
            Self.form.message(arrival.stamp).withUnsafeBytes { judge.judge(arrival.socket, $0, lane: 0, at: 1000) }
        }
        return measurements.result
    }

    private static func event(_ socket: Int, _ sequence: UInt64, due: UInt64 = 150, lane: UInt32 = 0) -> (
        Int, EventStamp
    ) {
        (socket, EventStamp(lane: lane, sequence: sequence, due: due))
    }

    @Test func `sockets are judged apart`() {
        let result = Self.judge([Self.event(0, 0), Self.event(1, 0), Self.event(0, 1), Self.event(1, 1)])
        #expect(result.figures[.deliveries] == 4)
        #expect(result.figures[.duplicates] == 0 && result.figures[.disorder] == 0)
        #expect(result.latency.count == 4 && result.latency.maximum == 850)
    }

    @Test func `a duplicate is no delivery, a late arrival is one`() {
        let result = Self.judge([
            Self.event(0, 0), Self.event(0, 2), Self.event(0, 1), Self.event(0, 2), Self.event(0, 0),
        ])
        #expect(result.figures[.deliveries] == 3)
        #expect(result.figures[.disorder] == 1)
        #expect(result.figures[.duplicates] == 2)
        #expect(result.latency.count == 3)
    }

    @Test func `what is due outside the window is remembered but not counted`() {
        let result = Self.judge([
            Self.event(0, 0, due: 99), Self.event(0, 1, due: 100), Self.event(0, 2, due: 199),
            Self.event(0, 3, due: 200),
            Self.event(0, 1, due: 100),
        ])
        #expect(result.figures[.deliveries] == 2)
        #expect(result.figures[.duplicates] == 1)
    }

    @Test func `damaged messages and those of other lanes are strangers`() {
        let measurements = Measurements()
        measurements.window = Window(begin: 0, from: 0, end: 200)
        let judge = MessageJudge(Self.form, sockets: 1, measurements: measurements)
        let foreign = Self.form.message(EventStamp(lane: 1, sequence: 0, due: 0))
        for message in [foreign, Array("hello".utf8), []] {
            message.withUnsafeBytes { judge.judge(0, $0, lane: 0, at: 1) }
        }
        #expect(measurements.result.figures[.strangers] == 3)
        #expect(measurements.result.figures[.deliveries] == 0)
    }

    @Test func `a clock that seems to run backwards measures nothing, not centuries`() {
        let measurements = Measurements()
        measurements.window = Window(begin: 0, from: 0, end: 200)
        let judge = MessageJudge(Self.form, sockets: 1, measurements: measurements)
        Self.form.message(EventStamp(lane: 0, sequence: 0, due: 150)).withUnsafeBytes {
            judge.judge(0, $0, lane: 0, at: 149)
        }
        #expect(measurements.result.latency.maximum == 0)
        measurements.noteOpened(due: 10, at: 5)
        #expect(measurements.result.connectTimes.maximum == 0)
        #expect(measurements.result.ramp == 10...10)
    }
}
