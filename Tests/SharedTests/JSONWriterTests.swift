import Shared
import Testing

@Suite struct JSONWriterTests {
    private func text(_ body: (inout JSONWriter) throws -> Void) rethrows -> String {
        String(decoding: try JSONWriter.text(body), as: UTF8.self)
    }

    @Test func `members and elements are separated by commas, everything else by nothing`() {
        let text = self.text { writer in
            writer.object { writer in
                writer.member("id", "r1")
                writer.member("floor", 12)
                writer.member("clean", true)
                writer.member("guest", nil as String?)
                writer.object("empty") { _ in }
                writer.array("list") { writer in
                    writer.array { _ in }
                    writer.object { $0.member("a", nil as Int?) }
                    writer.null()
                    writer.int(UInt64.max)
                    writer.double(0.1)
                }
                writer.member("tree", ["k": [1, "x"]])
                writer.name(text: "a\"b")
                writer.raw(Array("[1, 2]".utf8))
                writer.member("last", Int64.min)
            }
        }
        #expect(
            text
                == #"{"id":"r1","floor":12,"clean":true,"guest":null,"empty":{},"list":[[],{"a":null},null,18446744073709551615,0.1],"tree":{"k":[1,"x"]},"a\"b":[1, 2],"last":-9223372036854775808}"#
        )
    }

    @Test func `text goes to the end of the bytes that were handed over`() throws {
        var writer = JSONWriter(appendingTo: Array("42".utf8))
        writer.array { $0.string("message") }
        #expect(writer.finish() == Array(#"42["message"]"#.utf8))
    }

    @Test func `quotes, backslashes and control characters are escaped and nothing else`() throws {
        for code in UInt32(0)...0x3000 {
            guard let scalar = Unicode.Scalar(code) else { continue }
            let text = self.text { $0.string("a\(scalar)b") }
            let isEscaped = text.utf8.count != String(scalar).utf8.count + 4
            #expect(isEscaped == (code < 0x20 || scalar == "\"" || scalar == "\\"))
            #expect(try JSONValue(parsing: Array(text.utf8)) == .string("a\(scalar)b"))
        }
        #expect(self.text { $0.string("\u{8}\t\n\u{C}\r\u{0}\u{1F}\"\\/🏨") } == #""\b\t\n\f\r\u0000\u001f\"\\/🏨""#)
    }

    @Test func `an escape is written at every place of a text`() throws {
        for length in 0...40 {
            for place in 0...length {
                let text = String(repeating: "é", count: place) + "\n" + String(repeating: "x", count: length - place)
                let written = JSONWriter.text { $0.string(text) }
                #expect(try JSONValue(parsing: written) == .string(text))
            }
        }
    }

    @Test(arguments: [0, 1, 9, 10, 99, 100, -1, -10, .max, .min, 1_234_567_890] as [Int64])
    func `integers are written as they are spelt`(integer: Int64) {
        #expect(self.text { $0.int(integer) } == "\(integer)")
        #expect(self.text { $0.number(JSONNumber(integer)) } == "\(integer)")
    }

    @Test(arguments: [0, -0.0, 0.1, 1.0 / 3, 1e21, 1e-7, 123_456_789, .pi, 1e-300, .greatestFiniteMagnitude])
    func `doubles read back as the same bits`(double: Double) throws {
        let bytes = JSONWriter.text { $0.double(double) }
        guard case .number(let number) = try JSONValue(parsing: bytes) else {
            Issue.record("not a number: \(bytes)")
            return
        }
        #expect(number.double?.bitPattern == double.bitPattern)
    }

    #if DEBUG
        @Test func `a value without a name traps`() async {
            await #expect(processExitsWith: .failure) {
                _ = JSONWriter.text { writer in writer.object { $0.int(1) } }
            }
        }

        @Test func `a name outside an object traps`() async {
            await #expect(processExitsWith: .failure) {
                _ = JSONWriter.text { writer in writer.array { $0.name("a") } }
            }
        }

        @Test func `a name without a value traps`() async {
            await #expect(processExitsWith: .failure) {
                _ = JSONWriter.text { writer in writer.object { $0.name("a") } }
            }
        }

        @Test func `a second value after the first traps`() async {
            await #expect(processExitsWith: .failure) {
                _ = JSONWriter.text { writer in
                    writer.int(1)
                    writer.int(2)
                }
            }
        }

        @Test func `an unfinished text traps`() async {
            await #expect(processExitsWith: .failure) {
                _ = JSONWriter.text { $0.beginArray() }
            }
        }

        @Test func `the wrong bracket traps`() async {
            await #expect(processExitsWith: .failure) {
                _ = JSONWriter.text { writer in
                    writer.beginArray()
                    writer.endObject()
                }
            }
        }

        @Test func `an infinite number traps`() async {
            await #expect(processExitsWith: .failure) {
                _ = JSONWriter.text { $0.double(.infinity) }
            }
        }

        @Test func `a static name that needs escapes traps`() async {
            await #expect(processExitsWith: .failure) {
                _ = JSONWriter.text { writer in writer.object { $0.member("a\"b", 1) } }
            }
        }
    #endif
}
