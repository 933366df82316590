import Testing

@testable import Wire

@Suite struct HTTPRequestParserTests {
    static let accepted: [String] = [
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /livez HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n",
        "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "HEAD /a/b?c=d&e HTTP/1.1\r\nHost: [::1]:80\r\nConnection: close\r\n\r\n",
        "GET / HTTP/1.0\r\n\r\n",
        "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
        "PURGE / HTTP/1.1\r\nhOsT:a\r\nX-Empty:\r\nX-Blank: \t \r\nX: a\tb \t\r\n\r\n",
        "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
        "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
        "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 0005\r\nExpect: 100-Continue\r\n\r\nhello",
        "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n2;x=\"y\"\r\nhe\r\n0003\r\nllo\r\n0\r\nA: b\r\n\r\n",
        "GET /x HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n\r\n",
        "GET /%C3%A9/a%20b HTTP/1.1\r\nHost: a\r\nX: \u{e9}\r\n\r\n",
        // Pipelined, of all kinds
        "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"
            + "POST /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"
            + "GET /4 HTTP/1.1\r\nHost: a\r\n\r\n\r\nGET /5 HTTP/1.1\r\nHost: a\r\n\r\n",
        // Incomplete at the end
        "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\nX: y",
        "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhell",
        "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nA: b\r\n",
    ]

    @Test(arguments: accepted) func `every split of the bytes gives the same requests`(text: String) {
        let whole = HTTPTranscript(text)
        #expect(whole.failure == nil)
        #expect(HTTPTranscript.everySplit(of: text).allSatisfy { $0 == whole })
    }

    @Test func `an accepted head says what it means`() throws {
        let request = try #require(
            try oneRequest(
                "GET /v1/a%20b?x=1+2&y=%26&z HTTP/1.1\r\nHost: h:80\r\nCOOKIE: a\r\nX-Own: b\r\ncookie: c\r\n\r\n"))
        #expect(request.method == .get)
        #expect(request.path == "/v1/a b")
        #expect(request.rawPath == "/v1/a%20b")
        #expect(request.queryItems.map { "\($0.name)=\($0.value)" } == ["x=1 2", "y=&", "z="])
        #expect(request.queryValue("y") == "&")
        #expect(request.value(.host) == "h:80")
        #expect(request.value(named: "x-OWN") == "b")
        #expect(request.value(named: "x-other") == nil)
        #expect(request.value(.origin) == nil)
        #expect(request.list(.cookie) == ["a", "c"])
        #expect(request.keepAlive && request.isVersion11 && !request.wantsUpgrade)
    }

    @Test(arguments: [
        ("a", "1 2"), ("b", "&"), ("c", ""), ("d", nil), ("e f", "g"), ("h", "first"), ("", nil), ("A", nil),
    ])
    func `a value of the query is found by its name as it is meant, the first of several`(
        name: String, value: String?
    ) throws {
        let query = "&a=1+2&b=%26&c&&e%20f=g&%68=first&h=second"
        let request = try #require(try oneRequest("GET /?\(query) HTTP/1.1\r\nHost: h\r\n\r\n"))
        #expect(request.queryValue(name) == value)
        #expect(request.queryItems.first { $0.name == name }?.value == value)
    }

    @Test(arguments: HTTPFieldName.allCases) func `each known field is found by its index`(name: HTTPFieldName) throws {
        let values: [HTTPFieldName: String] = [
            .host: "a", .contentLength: "0", .transferEncoding: "chunked", .expect: "100-continue",
        ]
        let host = name == .host ? "" : "Host: a\r\n"
        let spelled = String(describing: name.text).uppercased()
        let text = "GET / HTTP/1.1\r\n\(host)\(spelled): \(values[name] ?? "v")\r\n\r\n"
        let request = try #require(try oneRequest(text))
        #expect(request.value(name) == values[name] ?? "v")
        #expect(
            HTTPFieldName.allCases.filter { request.contains($0) }
                == HTTPFieldName.allCases.filter { $0 == .host || $0 == name })
    }

    @Test func `a request with a body is announced by its head`() {
        let transcript = HTTPTranscript(
            "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\nhi")
        let fields = "keep=true upgrade=false continue=true Host=a|Content-Length=2|Expect=100-continue"
        #expect(transcript.events == ["head POST /a - \(fields)", "request POST /a - \(fields) hi"])
    }

    @Test func `bytes after an upgrade stay with the caller`() {
        let head = "GET /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
        let bytes = Array(head.utf8) + [0x81, 0x00]
        var parser = HTTPRequestParser()
        bytes.withUnsafeBytes { buffer in
            var input = buffer
            let event = try? parser.next(&input, limits: HTTPLimits())
            guard case .request(let request)? = event else {
                Issue.record("no request")
                return
            }
            #expect(request.wantsUpgrade)
            #expect(Array(input) == [0x81, 0x00])
        }
    }

    @Test(arguments: [
        ("", HTTPRequestParser.Phase.idle), ("G", .head), ("GET / HTTP/1.1\r\nHost: a\r\n", .head),
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", .idle),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n", .body),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx", .idle),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", .body),
    ]) func `the phase tells which deadline applies`(text: String, phase: HTTPRequestParser.Phase) {
        #expect(HTTPTranscript(text).phase == phase)
    }

    @Test func `an idle parser is one pointer`() {
        #expect(MemoryLayout<HTTPRequestParser>.size <= 8)
    }

    @Test func `a route can lower the limit of its body, and the head tells at once`() throws {
        let bytes = Array("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n".utf8)
        var parser = HTTPRequestParser()
        try bytes.withUnsafeBytes { buffer in
            var input = buffer
            _ = try parser.next(&input, limits: HTTPLimits())
        }
        try parser.limitBody(to: 6)
        #expect(throws: HTTPError.contentTooLarge) { try parser.limitBody(to: 5) }
    }

    @Test(arguments: [(2, HTTPError?.none), (1, .contentTooLarge)])
    func `a lowered limit holds for chunks`(limit: Int, failure: HTTPError?) throws {
        let head = Array(
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n".utf8)
        var parser = HTTPRequestParser()
        var seen: HTTPError?
        head.withUnsafeBytes { buffer in
            var input = buffer
            do throws(HTTPError) {
                _ = try parser.next(&input, limits: HTTPLimits())
                try parser.limitBody(to: limit)
                _ = try parser.next(&input, limits: HTTPLimits())
            } catch {
                seen = error
            }
        }
        #expect(seen == failure)
    }
}
