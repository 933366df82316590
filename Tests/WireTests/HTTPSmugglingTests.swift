import Testing

@testable import Wire

/// A request that must be refused, and why.
struct RefusedRequest: Sendable, CustomTestStringConvertible {
    let text: String
    let failure: HTTPError
    var testDescription: String { "\(self.failure): \(self.text.debugDescription)" }

    init(_ text: String, _ failure: HTTPError) {
        self.text = text
        self.failure = failure
    }

    /// Field lines of an otherwise blameless POST, with what follows the head.
    static func fields(_ lines: String, _ rest: String, _ failure: HTTPError) -> RefusedRequest {
        RefusedRequest("POST / HTTP/1.1\r\nHost: a\r\n\(lines)\r\n\r\n\(rest)", failure)
    }

    static func fields(_ lines: String, _ failure: HTTPError) -> RefusedRequest {
        self.fields(lines, "", failure)
    }

    static func target(_ target: String, _ failure: HTTPError) -> RefusedRequest {
        RefusedRequest("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n", failure)
    }

    static func chunks(_ body: String, _ failure: HTTPError) -> RefusedRequest {
        RefusedRequest("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\(body)", failure)
    }
}

@Suite struct HTTPSmugglingTests {
    static let lengths: [RefusedRequest] = [
        .fields("Content-Length: 5\r\nContent-Length: 6", "hello", .repeatedField),
        .fields("Content-Length: 5\r\nContent-Length: 5", "hello", .repeatedField),
        .fields("Content-Length: 5, 5", "hello", .invalidContentLength),
        .fields("Content-Length: +5", "hello", .invalidContentLength),
        .fields("Content-Length: -5", .invalidContentLength),
        .fields("Content-Length: 0x5", "hello", .invalidContentLength),
        .fields("Content-Length: 5 5", "hello", .invalidContentLength),
        .fields("Content-Length:", .invalidContentLength),
        .fields("Content-Length: 9223372036854775808", .invalidContentLength),
        .fields("Content-Length: 18446744073709551621", .invalidContentLength),
        .fields("Content-Length: 5\r\nTransfer-Encoding: chunked", "0\r\n\r\n", .conflictingLength),
        .fields("Transfer-Encoding: chunked\r\nContent-Length: 0", "0\r\n\r\n", .conflictingLength),
        .fields("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", .repeatedField),
        .fields("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", .repeatedField),
        .fields("Transfer-Encoding: gzip, chunked", .unsupportedTransferCoding),
        .fields("Transfer-Encoding: chunked, chunked", .unsupportedTransferCoding),
        .fields("Transfer-Encoding: chunked, identity", .unsupportedTransferCoding),
        .fields("Transfer-Encoding: identity", .unsupportedTransferCoding),
        .fields("Transfer-Encoding: xchunked", .unsupportedTransferCoding),
        .fields("Transfer-Encoding: chunked;q=1", .unsupportedTransferCoding),
        .fields("Transfer-Encoding: \"chunked\"", .unsupportedTransferCoding),
        .fields("Transfer-Encoding: \u{B}chunked", .malformedField),
        .fields("Transfer-Encoding:", .unsupportedTransferCoding),
        .fields("Transfer-Encoding : chunked", .malformedField),
        .fields("Transfer-Encoding\t: chunked", .malformedField),
        .fields("Transfer-Encoding\r\n: chunked", .malformedField),
        .fields(" Transfer-Encoding: chunked", .obsoleteFolding),
        .fields("X: y\r\n Transfer-Encoding: chunked", .obsoleteFolding),
        .fields("X: y\r\n\tz", .obsoleteFolding),
        .fields("X: y\nTransfer-Encoding: chunked", .bareLineEnd),
        .fields("X: y\rTransfer-Encoding: chunked", .bareLineEnd),
        .fields("X: y\r\r\nTransfer-Encoding: chunked", .bareLineEnd),
        .fields("X: a\0b", .malformedField),
        .fields("X: a\u{7f}b", .malformedField),
        .fields("X\u{e9}: a", .malformedField),
        .fields("X[: a", .malformedField),
        .fields(": a", .malformedField),
        .fields("X", .malformedField),
        .fields("Expect: 200-ok\r\nContent-Length: 1", .expectationFailed),
        .fields("Authorization: a\r\nauthorization: b", .repeatedField),
        .fields("Host: a", .repeatedField),
        .fields("hOsT: b", .repeatedField),
        RefusedRequest("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", .conflictingLength),
        RefusedRequest("GET / HTTP/1.1\r\n\r\n", .missingHost),
        RefusedRequest("GET / HTTP/1.1\r\nX: y\r\n\r\n", .missingHost),
    ]

    static let hosts: [RefusedRequest] = [
        "", "a b", "a/b", "a@b", "a,b", "a:8x", "a:123456", ":80", "[::1", "[]", "[::1]x", "[g]", "\u{e9}", "a?b",
        "a\\b",
    ].map { RefusedRequest("GET / HTTP/1.1\r\nHost: \($0)\r\n\r\n", .invalidHost) }

    static let requestLines: [RefusedRequest] = [
        .target("http://a/", .unsupportedTargetForm), .target("a:443", .unsupportedTargetForm),
        .target("*", .unsupportedTargetForm), .target("a", .unsupportedTargetForm),
        .target("", .malformedTarget), .target("/a#b", .malformedTarget), .target("/?a#b", .malformedTarget),
        .target("/\u{e9}", .malformedTarget), .target("/a b", .malformedRequestLine), .target("/\"", .malformedTarget),
        .target("/a\tb", .malformedTarget), .target("/a\0", .malformedTarget), .target("/a\\..\\b", .malformedTarget),
        .target("/%", .malformedTarget), .target("/%4", .malformedTarget), .target("/%4g", .malformedTarget),
        .target("/?%zz", .malformedTarget), .target("/%00", .unsafePath), .target("/%0a", .unsafePath),
        .target("/%7F", .unsafePath), .target("/a%2Fb", .unsafePath), .target("/a%5cb", .unsafePath),
        .target("/..", .unsafePath), .target("/.", .unsafePath), .target("/a/../b", .unsafePath),
        .target("/a/./b", .unsafePath), .target("/a/%2e%2E/b", .unsafePath), .target("/.%2e", .unsafePath),
        .target("/%2e", .unsafePath), .target("/%FF", .unsafePath), .target("/%C0%AF", .unsafePath),
        .target("/..?x", .unsafePath),
        RefusedRequest("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", .unsupportedTargetForm),
        RefusedRequest("GET / HTTP/2.0\r\n\r\n", .unsupportedVersion),
        RefusedRequest("GET / HTTP/1.2\r\n\r\n", .unsupportedVersion),
        RefusedRequest("GET / HTTP/0.9\r\n\r\n", .unsupportedVersion),
        RefusedRequest("GET / http/1.1\r\n\r\n", .malformedRequestLine),
        RefusedRequest("GET / HTTP/1.1 \r\n\r\n", .malformedRequestLine),
        RefusedRequest("GET / HTTP/11\r\n\r\n", .malformedRequestLine),
        RefusedRequest("GET / HTTP/x.1\r\n\r\n", .malformedRequestLine),
        RefusedRequest("GET / \r\n\r\n", .malformedRequestLine),
        RefusedRequest("GET /\r\n\r\n", .malformedTarget),
        RefusedRequest("GET\r\n\r\n", .malformedRequestLine),
        RefusedRequest("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", .malformedTarget),
        RefusedRequest("GET /  HTTP/1.1\r\nHost: a\r\n\r\n", .malformedRequestLine),
        RefusedRequest("G@T / HTTP/1.1\r\nHost: a\r\n\r\n", .malformedRequestLine),
        RefusedRequest("GET / HTTP/1.1\nHost: a\n\n", .bareLineEnd),
        RefusedRequest("GET / HTTP/1.1\rHost: a\r\n\r\n", .bareLineEnd),
        RefusedRequest("GET / HTTP/1.1\r\nHost: a\r\n\n", .bareLineEnd),
        RefusedRequest("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", .malformedRequestLine),
        RefusedRequest("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", .notHTTP),
        RefusedRequest(" GET / HTTP/1.1\r\nHost: a\r\n\r\n", .notHTTP),
        RefusedRequest("\u{16}\u{3}\u{1}", .notHTTP),
    ]

    static let chunked: [RefusedRequest] = [
        .chunks("+5\r\nhello\r\n", .malformedChunk), .chunks("-1\r\n", .malformedChunk),
        .chunks("0x5\r\nhello\r\n", .malformedChunk), .chunks(" 5\r\nhello\r\n", .malformedChunk),
        .chunks("5 \r\nhello\r\n", .malformedChunk), .chunks("5 ;a\r\nhello\r\n", .malformedChunk),
        .chunks("\r\n", .malformedChunk), .chunks(";a\r\n", .malformedChunk), .chunks("g\r\n", .malformedChunk),
        .chunks("000000005\r\nhello\r\n", .malformedChunk), .chunks("ffffffff\r\n", .contentTooLarge),
        .chunks("fffffffffffffffff\r\n", .contentTooLarge), .chunks("5\nhello\r\n", .bareLineEnd),
        .chunks("5\rhello\r\n", .bareLineEnd), .chunks("5;a\nhello\r\n", .bareLineEnd),
        .chunks("5;\0\r\nhello\r\n", .malformedChunk), .chunks("5\r\nhello0\r\n\r\n", .malformedChunk),
        .chunks("5\r\nhello\n0\r\n\r\n", .malformedChunk), .chunks("5\r\nhello\rx", .malformedChunk),
        .chunks("5\r\nhello!\r\n", .malformedChunk), .chunks("0\r\nA : b\r\n\r\n", .malformedField),
        .chunks("0\r\n\n", .bareLineEnd), .chunks("0\r\n A: b\r\n\r\n", .obsoleteFolding),
        .chunks("0\r\nA: b\n\r\n", .bareLineEnd),
    ]

    @Test(arguments: lengths + hosts + requestLines + chunked)
    func `each trick is refused the same way however it is split`(request: RefusedRequest) {
        let whole = HTTPTranscript(request.text)
        #expect(whole.failure == request.failure)
        for split in HTTPTranscript.everySplit(of: request.text) {
            #expect(split.failure == request.failure)
            #expect(split.events == whole.events)
        }
    }

    @Test func `trailers change nothing of the head`() throws {
        let text =
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n"
            + "Host: evil\r\nContent-Length: 9\r\nAuthorization: b\r\n\r\n"
        let request = try #require(try oneRequest(text))
        #expect(request.fields.map(\.name) == ["Host", "Transfer-Encoding"])
        #expect(request.value(.authorization) == nil)
        #expect(request.body == [UInt8(ascii: "x")])
    }

    @Test(arguments: HTTPError.allCases) func `each failure is answered with an error and a close`(failure: HTTPError) {
        #expect((400...505).contains(failure.answer.status.rawValue))
        var output: [UInt8] = []
        let writer = HTTPResponseWriter(date: HTTPDate(unixSeconds: 0))
        writer.append(failure.response, to: &output, isHead: false, keepAlive: true)
        #expect(String(decoding: output, as: UTF8.self).contains("\r\nConnection: close\r\n"))
    }
}
