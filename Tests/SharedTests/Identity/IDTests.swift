import Testing

@testable import Shared

@Suite struct IDTests {
    private let text = "0195c8e0-7d3a-7b11-9c2f-0123456789ab"

    @Test func `the text of an id reads back, in either case, and is written in lower case`() throws {
        let id = try #require(UserID(text))
        #expect(id.description == text)
        #expect(UserID(text.uppercased()) == id)
        #expect(id.raw >> 124 == 0 && id.raw & 0xFF == 0xAB)
    }

    @Test(arguments: [
        "", "0195c8e07d3a7b119c2f0123456789ab", "0195c8e0-7d3a-7b11-9c2f-0123456789a",
        "0195c8e0-7d3a-7b11-9c2f-0123456789abc", "{195c8e0-7d3a-7b11-9c2f-0123456789a}",
        "0195c8e0-7d3a-7b11-9c2f_0123456789ab", "0195c8e0-7d3a-7b11-9c2f-0123456789ag",
        "٠195c8e0-7d3a-7b11-9c2f-0123456789",
    ])
    func `anything else is no id`(text: String) {
        #expect(UserID(text) == nil)
    }

    @Test func `new ids are of version 7 and variant 2, carry the time, and differ`() {
        let now = Timestamp(milliseconds: 0x0195_C8E0_7D3A)
        let ids = (0..<1000).map { _ in EventID.new(at: now) }
        #expect(Set(ids).count == ids.count)
        for id in ids {
            #expect(id.raw >> 80 == 0x0195_C8E0_7D3A)
            #expect(id.raw >> 76 & 0xF == 7)
            #expect(id.raw >> 62 & 0b11 == 0b10)
        }
    }

    @Test func `ids of later moments are greater`() {
        let ids = (0..<100).map { RoomID.new(at: Timestamp(milliseconds: 1_000_000 + $0)) }
        #expect(ids == ids.sorted())
    }
}
