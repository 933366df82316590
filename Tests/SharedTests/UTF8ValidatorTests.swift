import Shared
import Testing

@Suite struct UTF8ValidatorTests {
    /// Feeds `bytes` one at a time; the count of bytes up to and with the first refused one, or `nil`.
    private func refusal(of bytes: [UInt8]) -> Int? {
        var validator = UTF8Validator()
        for (index, byte) in bytes.enumerated() {
            let accepted = [byte].withUnsafeBytes { validator.feed($0) }
            if !accepted { return index + 1 }
        }
        return nil
    }

    private func isValid(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { UTF8Validator.isValid($0) }
    }

    @Test(
        arguments: [
            ([0xC0], 1), ([0xC1], 1), ([0xF5], 1), ([0xFF], 1), ([0x80], 1), ([0xBF], 1),
            ([0xC2, 0x7F], 2), ([0xC2, 0xC0], 2), ([0xE0, 0x9F], 2), ([0xED, 0xA0], 2), ([0xE1, 0x80, 0x22], 3),
            ([0xF0, 0x8F], 2), ([0xF4, 0x90], 2), ([0xF1, 0x80, 0x80, 0x00], 4), ([0x41, 0xC2, 0x80, 0x80], 4),
        ] as [([UInt8], Int)])
    func `the first impossible byte is refused when it comes`(bytes: [UInt8], position: Int) {
        #expect(self.refusal(of: bytes) == position)
        #expect(self.refusal(of: Array(bytes.dropLast())) == nil)
    }

    @Test(
        arguments: [
            [0xC2, 0x80], [0xDF, 0xBF], [0xE0, 0xA0, 0x80], [0xED, 0x9F, 0xBF], [0xEE, 0x80, 0x80], [0xEF, 0xBF, 0xBF],
            [0xF0, 0x90, 0x80, 0x80], [0xF4, 0x8F, 0xBF, 0xBF],
        ] as [[UInt8]])
    func `a character is complete with its last byte and not before`(character: [UInt8]) {
        var validator = UTF8Validator()
        for (index, byte) in character.enumerated() {
            let accepted = [byte].withUnsafeBytes { validator.feed($0) }
            #expect(accepted)
            #expect(validator.isComplete == (index == character.count - 1))
        }
    }

    @Test func `it agrees with the standard library on every mix of boundary bytes`() {
        let edges: [UInt8] = [
            0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xED, 0xEE, 0xF0, 0xF1, 0xF4,
            0xF5,
        ]
        var disagreements: [[UInt8]] = []
        for a in edges {
            for b in edges {
                for c in edges {
                    for d in edges
                    where self.isValid([a, b, c, d]) != (String(validating: [a, b, c, d], as: UTF8.self) != nil) {
                        disagreements.append([a, b, c, d])
                    }
                }
            }
        }
        #expect(disagreements.isEmpty)
    }

    @Test func `every cut of a long text gives the same result`() {
        let text = Array((String(repeating: "a", count: 37) + "Zürich 日本語 🏨 " + String(repeating: "é", count: 40)).utf8)
        for cut in 0...text.count {
            var validator = UTF8Validator()
            let first = text[..<cut].withUnsafeBytes { validator.feed($0) }
            let second = text[cut...].withUnsafeBytes { validator.feed($0) }
            #expect(first && second && validator.isComplete)
        }
    }

    @Test(arguments: [0xFF, 0x80, 0xC0] as [UInt8])
    func `one bad byte is found at every place of a long text`(bad: UInt8) {
        for length in [1, 7, 8, 9, 31, 32, 33, 63, 64, 65, 100] {
            for position in 0..<length {
                var text = [UInt8](repeating: 0x61, count: length)
                #expect(self.isValid(text))
                text[position] = bad
                #expect(!self.isValid(text))
            }
        }
    }

    @Test func `a text that ends inside a character is not complete`() {
        let text = Array("🏨".utf8)
        for length in 1...3 {
            #expect(self.refusal(of: Array(text[..<length])) == nil)
            #expect(!self.isValid(Array(text[..<length])))
        }
        #expect(self.isValid([]))
    }

    @Test func `nothing after a refused byte makes the text valid again`() {
        var validator = UTF8Validator()
        let first = [0xFF as UInt8].withUnsafeBytes { validator.feed($0) }
        let second = Array("hello, and more than thirty-two bytes of it".utf8).withUnsafeBytes { validator.feed($0) }
        let nothing = validator.feed(UnsafeRawBufferPointer(start: nil, count: 0))
        #expect(!first && !second && !nothing && !validator.isComplete)
    }
}
