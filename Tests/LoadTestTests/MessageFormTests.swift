import Testing

@testable import LoadTest

@Suite struct MessageFormTests {
    private static let stamp = EventStamp(lane: 0xDEAD_BEEF, sequence: 0x0123_4567_89AB_CDEF, due: .max)

    private static func read(_ form: MessageForm, _ bytes: [UInt8]) -> EventStamp? {
        bytes.withUnsafeBytes { form.stamp(of: $0) }
    }

    @Test(arguments: [MessageForm.minimumBytes, MessageForm.minimumBytes + 1, 300, 65_536])
    func `a message has the asked length and gives its stamp back`(byteCount: Int) {
        let form = MessageForm(run: 42, byteCount: byteCount)
        let message = form.message(Self.stamp)
        #expect(message.count == byteCount)
        #expect(Self.read(form, message) == Self.stamp)
    }

    @Test func `a shorter length than the minimum gives the minimum`() {
        #expect(MessageForm(run: 1, byteCount: 3).byteCount == MessageForm.minimumBytes)
    }

    @Test func `no byte can change without being noticed`() {
        let form = MessageForm(run: 42, byteCount: 120)
        let message = form.message(Self.stamp)
        for place in message.indices {
            var damaged = message
            damaged[place] ^= 0x40
            #expect(Self.read(form, damaged) != Self.stamp, "byte \(place)")
        }
        #expect(Self.read(form, Array(message.dropLast())) == nil)
        #expect(Self.read(form, message + [0]) == nil)
        #expect(Self.read(form, []) == nil)
    }

    @Test func `messages of another run are strangers`() {
        let message = MessageForm(run: 1, byteCount: 300).message(Self.stamp)
        #expect(Self.read(MessageForm(run: 2, byteCount: 300), message) == nil)
    }

    @Test func `a message is the JSON text that it looks like`() {
        let message = MessageForm(run: 42, byteCount: 110).message(EventStamp(lane: 7, sequence: 255, due: 16))
        #expect(
            String(decoding: message, as: UTF8.self)
                == #"{"run":"000000000000002a","lane":"00000007","seq":"00000000000000ff","due":"0000000000000010","fill":"000000"}"#
        )
    }
}
