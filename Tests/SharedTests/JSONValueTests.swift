import Shared
import Testing

@Suite struct JSONValueTests {
    @Test(arguments: JSONTextTable.accepted)
    func `what is JSON is accepted, written and read back the same`(text: String) throws {
        let value = try JSONValue(parsing: Array(text.utf8))
        #expect(try JSONTextTable.refusal(Array(text.utf8)) == nil)
        #expect(try JSONValue(parsing: value.serialized) == value)
    }

    @Test(arguments: JSONTextTable.refused)
    func `what is not JSON is refused where it goes wrong, by both readers`(refused: JSONTextTable.Refused) throws {
        #expect(try JSONTextTable.refusal(refused.bytes) == refused.error)
    }

    @Test(arguments: JSONTextTable.accepted)
    func `a text cut at any byte is refused at the cut, or is a shorter value`(text: String) throws {
        let bytes = Array(text.utf8)
        for cut in 0..<bytes.count {
            guard let error = try JSONTextTable.refusal(Array(bytes[..<cut])) else {
                let isNumberOrSpace = bytes[..<cut].allSatisfy { "0123456789-+.eE \n\t\r]".utf8.contains($0) }
                #expect(isNumberOrSpace || bytes[cut...].allSatisfy { " \n".utf8.contains($0) })
                continue
            }
            #expect(error.offset == cut)
            #expect(error.reason == .unexpectedEnd || error.reason == .invalidUTF8)
        }
    }

    @Test func `each kind of value becomes its case`() throws {
        let text = #"{"n":null,"b":[true,false],"i":-12,"s":"a\u00e9\ud83c\udfe8\n/","o":{"z":1,"a":2}}"#
        let value = try JSONValue(parsing: Array(text.utf8))
        #expect(
            value == [
                "n": nil, "b": [true, false], "i": -12, "s": "aé🏨\n/", "o": ["z": 1, "a": 2],
            ])
        #expect(
            [value, nil, true, 1, "", []].map(\.kind) == [.object, .null, .bool, .number, .string, .array])
    }

    @Test func `a special byte is found at every place of a long string`() throws {
        for length in 1...40 {
            for place in 0..<length {
                var text = [UInt8](repeating: UInt8(ascii: "x"), count: length)
                text[place] = 0x1F
                #expect(
                    try JSONTextTable.refusal([0x22] + text + [0x22])
                        == JSONError(offset: place + 1, reason: .controlCharacter))
                text[place] = UInt8(ascii: "\"")
                #expect(
                    try JSONTextTable.refusal([0x22] + text + [0x22])
                        == JSONError(offset: place + 2, reason: .trailingBytes))
                text.replaceSubrange(place...place, with: Array("\\n".utf8))
                let expected =
                    String(repeating: "x", count: place) + "\n" + String(repeating: "x", count: length - place - 1)
                #expect(try JSONValue(parsing: [0x22] + text + [0x22]) == .string(expected))
            }
        }
    }

    @Test func `every byte stands for itself in a string or is refused`() throws {
        for byte in UInt8.min...0x7F {
            for length in [0, 5, 9] {
                let padding = [UInt8](repeating: 0x7A, count: length)
                let accepted = try JSONTextTable.refusal([0x22] + padding + [byte] + padding + [0x22]) == nil
                #expect(accepted == (byte >= 0x20 && byte != 0x22 && byte != 0x5C))
            }
        }
    }

    @Test func `texts and names are compared by their bytes`() throws {
        #expect(JSONValue.string("é") != JSONValue.string("e\u{301}"))
        let object = JSONObject(dictionaryLiteral: ("é", 1), ("e\u{301}", 2))
        #expect(object["é"] == 1)
        #expect(object["e\u{301}"] == 2)
    }

    @Test func `an object is changed in place and keeps its order`() {
        var object: JSONObject = ["b": 1, "a": 2]
        object["b"] = 3
        object["c"] = nil
        object["d"] = 4
        object["a"] = nil
        #expect(object == ["b": 3, "d": 4])
        #expect(object != ["d": 4, "b": 3])
        #expect(object["missing"] == nil)
    }
}
