import Shared
import Testing

@Suite struct JSONLimitsTests {
    @Test func `a text may have as many bytes as the limit and not one more`() throws {
        let text = Array(" [1] ".utf8)
        #expect(try JSONTextTable.refusal(text, JSONLimits(bytes: 5)) == nil)
        #expect(
            try JSONTextTable.refusal(text, JSONLimits(bytes: 4)) == JSONError(offset: 4, reason: .tooLarge(limit: 4)))
        #expect(try JSONTextTable.refusal([], JSONLimits(bytes: 0)) == JSONError(offset: 0, reason: .unexpectedEnd))
    }

    @Test(arguments: [("[", "]", "1"), ("{\"a\":", "}", "1"), ("[{\"b\":", "}]", "[]")])
    func `containers may nest as deep as the limit and not deeper`(open: String, close: String, core: String) throws {
        let text = String(repeating: open, count: 4) + core + String(repeating: close, count: 4)
        let depth = text.filter { "[{".contains($0) }.count
        #expect(try JSONTextTable.refusal(Array(text.utf8), JSONLimits(depth: depth)) == nil)
        let error = try JSONTextTable.refusal(Array(text.utf8), JSONLimits(depth: depth - 1))
        #expect(error?.reason == .tooDeep(limit: depth - 1))
        #expect(error?.offset == text.utf8.lastIndex { "[{".utf8.contains($0) }?.utf16Offset(in: text))
    }

    @Test func `depth zero allows values without containers only`() throws {
        #expect(try JSONTextTable.refusal(Array("1".utf8), JSONLimits(depth: 0)) == nil)
        #expect(try JSONTextTable.refusal(Array("[]".utf8), JSONLimits(depth: 0))?.reason == .tooDeep(limit: 0))
    }

    @Test func `the deepest text that can be allowed does not exhaust the stack`() throws {
        let deep = [UInt8](repeating: UInt8(ascii: "["), count: 512) + [UInt8](repeating: UInt8(ascii: "]"), count: 512)
        #expect(try JSONTextTable.refusal(deep, JSONLimits(depth: 512)) == nil)
        let hostile = [UInt8](repeating: UInt8(ascii: "["), count: 1 << 20)
        #expect(
            try JSONTextTable.refusal(hostile, JSONLimits(depth: 512))
                == JSONError(offset: 512, reason: .tooDeep(limit: 512)))
    }

    @Test(arguments: ["1234567890", "-123456.89", "1234567e89", "0.12345678"])
    func `a number may be as long as the limit and not longer`(text: String) throws {
        let bytes = Array("[\(text)]".utf8)
        #expect(try JSONTextTable.refusal(bytes, JSONLimits(numberBytes: 10)) == nil)
        #expect(
            try JSONTextTable.refusal(bytes, JSONLimits(numberBytes: 9))
                == JSONError(offset: 10, reason: .numberTooLong(limit: 9)))
    }

    @Test(arguments: [2, 31, 32, 33, 1000])
    func `a repeated name is found among any number of names`(count: Int) throws {
        for (earlier, later) in [(0, count - 1), (0, 1), (count / 2, count - 1), (count - 2, count - 1)]
        where earlier < later {
            var names = (0..<count).map { "name \($0)" }
            #expect(try JSONTextTable.refusal(self.object(names)) == nil)
            names[later] = names[earlier]
            let offset = self.object(Array(names[..<later])).count
            #expect(
                try JSONTextTable.refusal(self.object(names)) == JSONError(offset: offset, reason: .duplicateKey))
        }
    }

    @Test func `the first of several repetitions is reported`() throws {
        let names = (0..<100).map { "n\($0)" } + ["n70", "n3", "n70"]
        let offset = self.object(Array(names[..<100])).count
        #expect(try JSONTextTable.refusal(self.object(names)) == JSONError(offset: offset, reason: .duplicateKey))
    }

    @Test func `names of every length and nearly alike are told apart`() throws {
        for length in 1...40 {
            let plain = [UInt8](repeating: UInt8(ascii: "n"), count: length)
            let names =
                [String(decoding: plain, as: UTF8.self)]
                + (0..<length).map { place in
                    var name = plain
                    name[place] = UInt8(ascii: "m")
                    return String(decoding: name, as: UTF8.self)
                }
            #expect(try JSONTextTable.refusal(self.object(names)) == nil)
        }
    }

    @Test(.timeLimit(.minutes(5)))
    func `a megabyte of one name or of different names takes no more than linear work`() throws {
        let limits = JSONLimits(bytes: 4 << 20)
        let same = self.object([String](repeating: "a", count: 150_000))
        #expect(try JSONTextTable.refusal(same, limits)?.reason == .duplicateKey)
        let different = self.object((0..<100_000).map(String.init))
        #expect(try JSONTextTable.refusal(different, limits) == nil)
    }

    private func object(_ names: [String]) -> [UInt8] {
        Array("{\(names.map { "\"\($0)\":0" }.joined(separator: ","))}".utf8)
    }
}
