import Testing

@testable import Shared

@Suite struct HintTests {
    private let epoch = Epoch(raw: 0x1234_5678_9ABC)

    private static func event(_ seq: Int64, projections: [[UInt8]] = [Array(#"{"meta":{"#.utf8)]) -> LoggedEvent {
        LoggedEvent(
            seq: seq, recordedAt: Timestamp(milliseconds: 1_772_978_709_123), id: EventID(raw: UInt128(seq) << 100 | 7),
            name: "room:status_changed",
            targets: [
                EventTarget(Audience(.tenant), projection: 0),
                EventTarget(Audience(.department, subject: .max, code: "housekeeping"), projection: 0),
            ],
            projections: projections)
    }

    private func decode(_ bytes: [UInt8], after seq: Int64 = 0) throws -> [LoggedEvent] {
        // Its own allocation of exactly these bytes, so that a read past the end is noticed.
        try bytes.withUnsafeBytes { try Hint($0).events(after: seq) }
    }

    @Test func `what was written is read back`() throws {
        var binary = Array(UInt8.min...UInt8.max)
        binary += [0, 0x0D, 0x0A]
        let events = [
            Self.event(41, projections: [[], binary, [1], [2, 3]]), Self.event(42),
            LoggedEvent(
                seq: 43, recordedAt: Timestamp(milliseconds: -1), id: EventID(raw: 0), name: "grüße:ä",
                targets: [], projections: []),
        ]
        let messages = Hint.messages(of: events, epoch: self.epoch)
        #expect(messages.count == 1)
        try messages[0].withUnsafeBytes { bytes in
            let hint = try Hint(bytes)
            #expect(hint.epoch == self.epoch)
            #expect(hint.firstSeq == 41)
            #expect(hint.lastSeq == 43)
            #expect(hint.count == 3)
            #expect(try hint.events() == events)
            #expect(try hint.events(after: 41) == Array(events[1...]))
            #expect(try hint.events(after: 43) == [])
        }
    }

    @Test func `the bytes are those that are written down`() {
        let event = LoggedEvent(
            seq: 0x0102, recordedAt: Timestamp(milliseconds: 0x0304), id: EventID(raw: 0x0506), name: "a:b",
            targets: [EventTarget(Audience(.department, subject: 0x0708, code: "hk"), projection: 1)],
            projections: [[0xAA], [0xBB, 0xCC]])
        let zeros = { (count: Int) in [UInt8](repeating: 0, count: count) }
        var expected: [UInt8] = [1] + zeros(7) + [9]
        expected += zeros(6) + [1, 2, 0, 1]
        expected += zeros(6) + [3, 4] + zeros(14) + [5, 6]
        expected += [3] + Array("a:b".utf8) + [2, 0, 0, 0, 1, 0, 0, 0, 2]
        expected += [0, 1, 6, 1, 2] + zeros(14) + [7, 8] + Array("hk".utf8)
        expected += [0xAA, 0xBB, 0xCC]
        #expect(Hint.messages(of: [event], epoch: Epoch(raw: 9)) == [expected])
    }

    @Test func `a long commit is told in several hints without a gap`() throws {
        let events = (1...100).map { Self.event($0, projections: [[UInt8](repeating: 7, count: 100)]) }
        let messages = Hint.messages(of: events, epoch: self.epoch, usualBytes: 1000)
        #expect(messages.count > 10)
        #expect(try messages.flatMap { try self.decode($0) } == events)
        #expect(Hint.messages(of: [], epoch: self.epoch) == [])
    }

    @Test func `every truncation is refused`() throws {
        let whole = Hint.messages(of: [Self.event(1), Self.event(2)], epoch: self.epoch)[0]
        for count in 0..<whole.count {
            #expect(throws: HintError.cut) { try self.decode(Array(whole[..<count])) }
        }
        #expect(throws: HintError.trailingBytes) { try self.decode(whole + [0]) }
    }

    @Test func `every changed byte is refused or gives other events, and nothing else happens`() {
        let whole = Hint.messages(of: [Self.event(1), Self.event(2)], epoch: self.epoch)[0]
        for index in whole.indices {
            for change in UInt8(1)...255 {
                var bytes = whole
                bytes[index] ^= change
                guard let events = try? self.decode(bytes) else { continue }
                #expect(events.count == 2 && events[1].seq == events[0].seq + 1)
            }
        }
    }

    @Test func `other versions and numbers that cannot be are refused`() {
        let whole = Hint.messages(of: [Self.event(1)], epoch: self.epoch)[0]
        func refusal(_ change: (inout [UInt8]) -> Void) -> HintError? {
            var bytes = whole
            change(&bytes)
            do {
                _ = try self.decode(bytes)
                return nil
            } catch {
                return error as? HintError
            }
        }
        #expect(refusal { $0[0] = 2 } == .version(2))
        #expect(refusal { $0[0] = 0 } == .version(0))
        #expect(refusal { $0[1] = 0x80 } == .malformed, "a negative epoch")
        #expect(refusal { $0[2] = 1 } == .malformed, "an epoch of more than 48 bits")
        #expect(refusal { $0[16] = 0 } == .malformed, "seq 0")
        #expect(refusal { $0.replaceSubrange(9..<17, with: [0x7F] + [UInt8](repeating: 0xFF, count: 7)) } == .malformed)
        #expect(refusal { $0[18] = 0 } == .malformed, "no event")
        #expect(refusal { $0[43] = 0 } == .malformed, "no name")
        #expect(refusal { $0[44] = 0xFF } == .malformed, "a name that is not UTF-8")
        #expect(refusal { $0[63] = 5 } == .malformed, "five projections")
    }
}
