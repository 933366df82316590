import Testing

@testable import Shared

@Suite struct LoggedEventTests {
    @Test func `a payload is its projection with what appending brought`() throws {
        let event = LoggedEvent(
            seq: 48_211, recordedAt: Timestamp(milliseconds: 1_772_978_709_123), id: EventID(raw: 1),
            name: "room:status_changed", targets: [EventTarget(Audience(.tenant), projection: 1)],
            projections: [Array(#"{"a":1,"meta":{"id":"x""#.utf8), Array(#"{"meta":{"id":"x""#.utf8)])
        var output = Array("=".utf8)
        event.appendPayload(1, to: &output)
        let expected = #"={"meta":{"id":"x","seq":48211,"recorded_at":"2026-03-08T14:05:09.123Z"}}"#
        #expect(String(decoding: output, as: UTF8.self) == expected)
    }

    @Test func `a quoted payload is the payload as a JSON string`() throws {
        let event = LoggedEvent(
            seq: 7, recordedAt: Timestamp(milliseconds: 1_772_978_709_123), id: EventID(raw: 1), name: "a:b",
            targets: [], projections: [Array("{\"a\":\"\\n \\\" grüß\",\"meta\":{\"id\":\"x\"".utf8)])
        var plain: [UInt8] = []
        event.appendPayload(0, to: &plain)
        var quoted: [UInt8] = []
        event.appendQuotedPayload(0, to: &quoted)
        #expect(try JSONValue(parsing: quoted) == .string(String(decoding: plain, as: UTF8.self)))
        #expect(throws: Never.self) { try JSONValue(parsing: plain) }
    }
}
