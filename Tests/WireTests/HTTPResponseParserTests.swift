import Testing

@testable import Wire

@Suite struct HTTPResponseParserTests {
    private struct Outcome: Equatable {
        var responses: [HTTPReceivedResponse] = []
        var failure: HTTPError?
        var atClose: HTTPReceivedResponse?
    }

    private func outcome(_ pieces: [ArraySlice<UInt8>], limits: HTTPLimits) -> Outcome {
        var parser = HTTPResponseParser(limits: limits)
        var outcome = Outcome()
        do throws(HTTPError) {
            for piece in pieces {
                try piece.withUnsafeBufferPointer { (bytes) throws(HTTPError) in
                    var input = UnsafeRawBufferPointer(bytes)
                    while let response = try parser.next(&input) { outcome.responses.append(response) }
                }
            }
        } catch {
            outcome.failure = error
        }
        outcome.atClose = parser.finish()
        return outcome
    }

    private func everySplit(_ text: String, limits: HTTPLimits = HTTPLimits()) -> Outcome {
        let bytes = Array(text.utf8)
        let whole = self.outcome([bytes[...]], limits: limits)
        for index in bytes.indices {
            #expect(self.outcome([bytes[..<index], bytes[index...]], limits: limits) == whole)
        }
        #expect(self.outcome(bytes.indices.map { bytes[$0...$0] }, limits: limits) == whole)
        return whole
    }

    @Test func `answers of every length arrive in order`() {
        let text =
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A:  b \r\n\r\nhi"
            + "HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"
            + "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\nHTTP/1.0 200 OK\r\n\r\nuntil the end"
        let outcome = self.everySplit(text)
        #expect(outcome.failure == nil)
        #expect(outcome.responses.map(\.status) == [100, 200, 200, 204, 304])
        #expect(outcome.responses.map { String(decoding: $0.body, as: UTF8.self) } == ["", "hi", "abc", "", ""])
        #expect(outcome.responses[1].value(named: "x-a") == "b")
        #expect(outcome.atClose.map { String(decoding: $0.body, as: UTF8.self) } == "until the end")
    }

    @Test(arguments: [
        ("HTTP/2 200\r\n\r\n", HTTPError.malformedRequestLine), ("HTTP/1.1 20\r\n\r\n", .malformedRequestLine),
        ("HTTP/1.1 2000 OK\r\n\r\n", .malformedRequestLine), ("HTTP/1.1 600 X\r\n\r\n", .malformedRequestLine),
        ("HTTP/1.1 200 OK\r\nX : y\r\n\r\n", .malformedField), ("HTTP/1.1 200 OK\r\nX: y\n\r\n", .bareLineEnd),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", .repeatedField),
        ("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", .invalidContentLength),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", .conflictingLength),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", .unsupportedTransferCoding),
        ("HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n", .contentTooLarge),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", .malformedChunk),
    ]) func `a malformed answer is refused`(text: String, failure: HTTPError) {
        #expect(self.everySplit(text, limits: HTTPLimits(body: 100)).failure == failure)
    }

    @Test func `the answer to HEAD has a length and no body`() throws {
        let bytes = Array("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHTTP".utf8)
        var parser = HTTPResponseParser()
        bytes.withUnsafeBytes { buffer in
            var input = buffer
            let response = try? parser.next(&input, isHead: true)
            #expect(response?.status == 200)
            #expect(input.count == 4)
        }
    }

    @Test func `what the request writer writes is what the request parser reads`() throws {
        var output: [UInt8] = []
        HTTPRequestWriter.append(
            .post, "/v1/rooms?x=y", host: "a:1", fields: [(name: "X-Own", value: "b")], body: Array("hi".utf8),
            to: &output)
        let request = try #require(try oneRequest(String(decoding: output, as: UTF8.self)))
        #expect(request.method == .post && request.path == "/v1/rooms" && request.rawQuery == "x=y")
        #expect(request.value(.host) == "a:1" && request.value(named: "x-own") == "b")
        #expect(request.body == Array("hi".utf8))
    }
}
