import Shared
import Testing

@Suite struct JSONReaderTests {
    private func read<Result>(_ text: String, _ body: (JSONReader) throws -> Result) throws -> Result {
        try Array(text.utf8).withUnsafeBytes { try body(try JSONReader($0)) }
    }

    private func cut(_ reader: JSONReader, _ slice: JSONSlice?) throws -> String {
        String(decoding: reader.bytes(of: try #require(slice)), as: UTF8.self)
    }

    @Test func `members are cut out byte for byte`() throws {
        let text = #" { "event" : "a:b", "data" : {"x": [1, 2.50e0 ,"\u00e9" ]} , "n":null,"seq":-7} "#
        try self.read(text) { (reader) throws in
            #expect(try self.cut(reader, reader["data"]) == #"{"x": [1, 2.50e0 ,"\u00e9" ]}"#)
            #expect(try self.cut(reader, reader["event"]) == #""a:b""#)
            #expect(try self.cut(reader, reader["n"]) == "null")
            #expect(try self.cut(reader, reader["seq"]) == "-7")
            #expect(reader["dat"] == nil)
            #expect(reader["dataa"] == nil)
            #expect(reader["x"] == nil)
            #expect(reader.members.map { reader.text(of: $0.name) } == ["event", "data", "n", "seq"])
            #expect(reader.elements.isEmpty)
            #expect(reader.root.range == 1..<text.utf8.count - 1)
        }
    }

    @Test func `elements are cut out in their order`() throws {
        try self.read(#"["room:join" , {"id":1},[],7]"#) { (reader) throws in
            #expect(try reader.elements.map { try self.cut(reader, $0) } == [#""room:join""#, #"{"id":1}"#, "[]", "7"])
            #expect(reader.elements.map(\.kind) == [.string, .object, .array, .number])
            #expect(reader.members.isEmpty)
            #expect(reader["id"] == nil)
        }
    }

    @Test func `a name is found whether it was written with escapes or not`() throws {
        try self.read(#"{"\u0064ata":1,"event":2,"":3}"#) { (reader) throws in
            #expect(try self.cut(reader, reader["data"]) == "1")
            #expect(try self.cut(reader, reader["event"]) == "2")
            #expect(try self.cut(reader, reader[""]) == "3")
        }
    }

    @Test func `strings are unescaped when asked for`() throws {
        try self.read(#"["plain","\ud83c\udfe8\t\"\\\/\u0000","",1]"#) { (reader) throws in
            #expect(reader.elements.map { reader.text(of: $0) } == ["plain", "🏨\t\"\\/\u{0}", "", nil])
            #expect(reader.elements.map(\.hasEscapes) == [false, true, false, false])
            #expect(reader.elements.map { reader.isString($0, "plain") } == [true, false, false, false])
            #expect(reader.elements.map { reader.isString($0, "") } == [false, false, true, false])
            #expect(reader.isString(reader.elements[1], "🏨\t\"\\/\u{0}"))
            #expect(!reader.isString(reader.elements[3], "1"))
        }
    }

    @Test func `scalars are given as what they are`() throws {
        try self.read("[true,false,12.50,\"1\",null]") { (reader) throws in
            #expect(reader.elements.map { reader.bool($0) } == [true, false, nil, nil, nil])
            #expect(reader.elements.map { reader.number($0)?.text } == [nil, nil, "12.50", nil, nil])
        }
    }

    @Test func `what is inside a slice can be read on, as slices or as a tree`() throws {
        try self.read(#"{"data":{"room":{"id":"r1"}}}"#) { (reader) throws in
            let data = try #require(reader["data"])
            let inside = try reader.inside(data)
            #expect(try self.cut(inside, inside["room"]) == #"{"id":"r1"}"#)
            #expect(try reader.value(data) == ["room": ["id": "r1"]])
            #expect(throws: JSONError(offset: 8, reason: .tooDeep(limit: 1))) {
                try reader.value(data, limits: JSONLimits(depth: 1))
            }
        }
    }

    @Test func `a slice is spliced into another text unchanged`() throws {
        let frame = try self.read(#"{"channel":"\u0061","data": {"z" : 1.00, "a":[ ]} }"#) { (reader) throws in
            try JSONWriter.text { writer in
                try writer.object { writer in
                    writer.member("event", "RoomStatusChanged")
                    writer.name("channel")
                    writer.raw(reader.bytes(of: try #require(reader["channel"])))
                    writer.name("data")
                    writer.raw(reader.bytes(of: try #require(reader["data"])))
                }
            }
        }
        #expect(
            String(decoding: frame, as: UTF8.self)
                == #"{"event":"RoomStatusChanged","channel":"\u0061","data":{"z" : 1.00, "a":[ ]}}"#)
        #expect(try JSONTextTable.refusal(frame) == nil)
    }

    @Test(arguments: JSONTextTable.accepted)
    func `every part of an accepted text is JSON by itself and the tree's part`(text: String) throws {
        try self.read(text) { (reader) throws in
            switch try JSONValue(parsing: Array(text.utf8)) {
            case .object(let object):
                #expect(object.members.count == reader.members.count)
                for (member, slices) in zip(object.members, reader.members) {
                    #expect(reader.text(of: slices.name).map { Array($0.utf8) } == Array(member.name.utf8))
                    #expect(try reader.value(slices.value) == member.value)
                }
            case .array(let elements):
                #expect(try reader.elements.map { try reader.value($0) } == elements)
            case let scalar:
                #expect(try reader.value(reader.root) == scalar)
            }
        }
    }
}
