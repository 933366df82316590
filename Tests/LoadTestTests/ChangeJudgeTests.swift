import Testing

@testable import LoadTest

/// What is said of events and answers, in whatever order they come.
@Suite struct ChangeJudgeTests {
    private static let run: UInt64 = 0xFEED_0000_0001
    private static let channels = ["private-tenant.a", "private-tenant.b"]

    /// Two sockets of the first tenant and one of the second; what is due from 100 to 199 counts.
    private final class Court {
        let measurements = Measurements()
        let judge: ChangeJudge

        init() {
            self.measurements.window = Window(begin: 0, from: 100, end: 200)
            self.judge = ChangeJudge(
                run: ChangeJudgeTests.run, channels: ChangeJudgeTests.channels, sockets: 3,
                measurements: self.measurements)
            for audience in [0, 0, 1] { self.judge.watches(audience) }
        }

        func hears(
            _ socket: Int, _ number: UInt64, seq: Int64, due: UInt64 = 150, at now: UInt64 = 1000,
            run: UInt64 = ChangeJudgeTests.run, channel: Int? = nil, name: String = HotelEvent.change
        ) {
            let audience = socket == 2 ? 1 : 0
            let event = HotelEvent(
                name: name, channel: ChangeJudgeTests.channels[channel ?? audience], seq: seq,
                stamp: CommandStamp(run: run, number: number, due: due))
            self.judge.heard(socket, of: audience, event, at: now)
        }

        func confirms(_ number: UInt32, seq: Int64, due: UInt64 = 150, answered: UInt64 = 900, audience: Int = 0) {
            self.judge.confirmed(
                Confirmation(number: number, audience: audience, due: due, answered: answered, seq: seq))
        }

        subscript(figure: Figure) -> UInt64 { self.measurements.result.figures[figure] }

        /// What fails a run.
        var faults: [UInt64] { [self[.duplicates], self[.disorder], self[.strangers]] }
    }

    @Test(arguments: [false, true]) func `an event is a delivery whether it or the answer comes first`(isEarly: Bool) {
        let court = Court()
        if !isEarly { court.confirms(1, seq: 7) }
        court.hears(0, 1, seq: 7)
        court.hears(1, 1, seq: 7, at: 850)
        if isEarly {
            #expect(court[.deliveries] == 0 && court[.owed] == 0)
            court.confirms(1, seq: 7)
        }
        #expect(court[.deliveries] == 2 && court[.owed] == 2 && court[.confirmed] == 1)
        #expect(court.faults == [0, 0, 0])
        let result = court.measurements.result
        #expect(result.latency.count == 2 && result.latency.minimum == 700 && result.latency.maximum == 850)
        // The second socket heard it 50 before its author did.
        #expect(result.answerLatency.count == 2 && result.answerLatency.minimum == 0)
        #expect(result.answerLatency.maximum == 100)
    }

    @Test func `what one socket does not hear is owed`() {
        let court = Court()
        for number in 1...3 as ClosedRange<UInt32> { court.confirms(number, seq: Int64(number)) }
        for number in 1...3 as ClosedRange<UInt64> { court.hears(0, number, seq: Int64(number)) }
        court.hears(1, 1, seq: 1)
        court.hears(1, 3, seq: 3)
        #expect(court[.owed] == 6 && court[.deliveries] == 5)
        #expect(court.faults == [0, 0, 0])
    }

    @Test func `an event that comes twice is a duplicate and one delivery`() {
        let court = Court()
        court.confirms(1, seq: 7)
        for _ in 0..<2 { court.hears(0, 1, seq: 7) }
        #expect(court[.deliveries] == 1)
        #expect(court.faults == [1, 0, 0])
    }

    @Test(arguments: [false, true]) func `a command that was carried out twice is a duplicate`(isEarly: Bool) {
        let court = Court()
        if !isEarly { court.confirms(1, seq: 8) }
        for socket in 0...1 {
            court.hears(socket, 1, seq: 7)
            court.hears(socket, 1, seq: 8)
        }
        if isEarly { court.confirms(1, seq: 8) }
        #expect(court[.deliveries] == 2)
        #expect(court.faults == [2, 0, 0])
    }

    @Test func `an event behind a newer one is out of order, and a delivery`() {
        let court = Court()
        court.confirms(1, seq: 1)
        court.confirms(2, seq: 2)
        court.hears(0, 2, seq: 2)
        court.hears(0, 1, seq: 1)
        court.hears(1, 1, seq: 1)
        court.hears(1, 2, seq: 2)
        #expect(court[.deliveries] == 4)
        #expect(court.faults == [0, 1, 0])
    }

    @Test func `the order is the stream's, not that of the commands`() {
        let court = Court()
        court.hears(0, 9, seq: 1)
        court.hears(0, 4, seq: 2)
        court.hears(0, 200, seq: 300)
        court.hears(0, 5, seq: 301)
        #expect(court.faults == [0, 0, 0])
    }

    @Test func `another tenant's event is a stranger, whatever it names`() {
        let court = Court()
        court.hears(0, 1, seq: 7, channel: 1)
        #expect(court.faults == [0, 0, 1])
        // Told on the right channel to the wrong tenant: the answer knows whose it was.
        court.hears(2, 2, seq: 8)
        court.confirms(2, seq: 8)
        #expect(court.faults == [0, 0, 2])
        court.confirms(3, seq: 9)
        court.hears(2, 3, seq: 9)
        #expect(court.faults == [0, 0, 3])
        #expect(court[.deliveries] == 0)
    }

    @Test func `an event behind the place from which the answer says it is visible is a stranger`() {
        let court = Court()
        court.hears(0, 1, seq: 8)
        court.confirms(1, seq: 7)
        #expect(court.faults == [0, 0, 1] && court[.deliveries] == 0)
    }

    @Test func `what nobody answered for is neither owed nor delivered`() {
        let court = Court()
        court.hears(0, 1, seq: 7)
        #expect(court[.owed] == 0 && court[.deliveries] == 0)
        #expect(court.faults == [0, 0, 0])
    }

    @Test func `others and what goes with a change are in order, but nobody's delivery`() {
        let court = Court()
        court.hears(0, 1, seq: 7, at: 150, run: 5)
        court.hears(0, 1, seq: 7, at: 150, run: 5)
        #expect(court[.foreign] == 2)
        #expect(court.faults == [1, 0, 0])
        court.confirms(1, seq: 9)
        court.hears(0, 1, seq: 8)
        court.hears(0, 1, seq: 9, name: "RoomDiscrepancyOpened")
        #expect(court[.deliveries] == 1)
        #expect(court.faults == [1, 0, 0])
    }

    @Test func `what is due outside the window is remembered but not counted`() {
        let court = Court()
        for (number, due) in [(1, 99), (2, 100), (3, 199), (4, 200)] as [(UInt64, UInt64)] {
            court.hears(0, number, seq: Int64(number), due: due)
            court.confirms(UInt32(number), seq: Int64(number), due: due)
        }
        court.hears(0, 2, seq: 2, due: 100)
        #expect(court[.deliveries] == 2 && court[.owed] == 4 && court[.confirmed] == 2)
        #expect(court.faults == [1, 0, 0])
    }
}
