import Testing
import Wire

@testable import LoadTest

@Suite struct RequestLineTests {
    private static let endpoint = Endpoint(scheme: .http, host: "h", port: 5, path: "/p")

    private static func request(body: String = "") -> ServerRequest {
        ServerRequest(.post, "/p", json: Array(body.utf8))
    }

    private struct Answered: Equatable {
        var number: UInt64
        var status: Int
    }

    private static func answers(_ line: inout RequestLine, _ text: String) throws -> [Answered] {
        var all: [Answered] = []
        try Array(text.utf8).withUnsafeBytes { bytes in
            var input = bytes
            while let answer = try line.nextAnswer(&input) {
                all.append(Answered(number: answer.number, status: answer.status))
            }
        }
        return all
    }

    @Test func `requests are pipelined and answered in order`() throws {
        var line = RequestLine(Self.endpoint)
        for number in 5...7 as ClosedRange<UInt64> { line.add(number, Self.request(body: "x")) }
        let bytes = String(decoding: line.takeUnsent() ?? [], as: UTF8.self)
        #expect(bytes.split(separator: "POST /p HTTP/1.1\r\nHost: h:5\r\n").count == 3)
        #expect(line.takeUnsent() == nil)
        let text =
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 503 No\r\nContent-Length: 2\r\n\r\nno"
        #expect(try Self.answers(&line, text) == [.init(number: 5, status: 204), .init(number: 6, status: 503)])
        #expect(line.reset() == [7])
        #expect(line.reset() == [])
    }

    @Test func `answers are the same however they were cut`() throws {
        let text = "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"
        for cut in 0...text.utf8.count {
            var line = RequestLine(Self.endpoint)
            line.add(1, Self.request())
            line.add(2, Self.request())
            let first = try Self.answers(&line, String(text.prefix(cut)))
            let second = try Self.answers(&line, String(text.dropFirst(cut)))
            #expect(first + second == [.init(number: 1, status: 204), .init(number: 2, status: 200)])
        }
    }

    @Test func `an answer that nobody asked for is an error`() {
        var line = RequestLine(Self.endpoint)
        #expect(throws: HTTPError.self) { _ = try Self.answers(&line, "HTTP/1.1 204 No Content\r\n\r\n") }
    }

    @Test func `many answers leave nothing behind`() throws {
        var line = RequestLine(Self.endpoint)
        for number in 0..<5000 as Range<UInt64> { line.add(number, Self.request()) }
        for number in 0..<4999 as Range<UInt64> {
            #expect(try Self.answers(&line, "HTTP/1.1 204 X\r\n\r\n") == [.init(number: number, status: 204)])
        }
        #expect(line.reset() == [4999])
    }
}
