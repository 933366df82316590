import Testing

@testable import Wire

@Suite struct HTTPLimitsTests {
    /// The failure of a request under limits, the same for every split.
    private func failure(_ text: String, _ limits: HTTPLimits) -> HTTPError? {
        let whole = HTTPTranscript(text, limits: limits)
        let splits = HTTPTranscript.everySplit(of: text, limits: limits)
        #expect(splits.allSatisfy { $0.failure == whole.failure && $0.events == whole.events })
        return whole.failure
    }

    @Test(arguments: [(0, HTTPError?.none), (1, .targetTooLong)])
    func `the request line`(excess: Int, expected: HTTPError?) {
        let line = "GET /\(String(repeating: "a", count: 10 + excess)) HTTP/1.1\r\n"
        let limits = HTTPLimits(requestLine: 26)
        #expect(self.failure(line + "Host: a\r\n\r\n", limits) == expected)
        #expect(self.failure("GET /\(String(repeating: "a", count: 40 + excess))", limits) == .targetTooLong)
    }

    @Test(arguments: [(0, HTTPError?.none), (1, .fieldTooLong)])
    func `a field line`(excess: Int, expected: HTTPError?) {
        let line = "X: \(String(repeating: "a", count: 15 + excess))\r\n"
        let limits = HTTPLimits(fieldLine: 20)
        #expect(self.failure("GET / HTTP/1.1\r\nHost: a\r\n" + line + "\r\n", limits) == expected)
        // Whatever else is wrong with the line is not looked at.
        let bad = "X: \0\(String(repeating: "a", count: 30))\r\n\r\n"
        #expect(self.failure("GET / HTTP/1.1\r\nHost: a\r\n" + bad, limits) == .fieldTooLong)
    }

    @Test(arguments: [(0, HTTPError?.none), (1, .tooManyFields)])
    func `the number of fields`(excess: Int, expected: HTTPError?) {
        let fields = String(repeating: "X: y\r\n", count: 4 + excess)
        #expect(self.failure("GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n", HTTPLimits(fieldCount: 5)) == expected)
    }

    @Test func `the largest number of fields keeps every index`() throws {
        let fields = String(repeating: "X: y\r\n", count: 252)
        let text = "GET / HTTP/1.1\r\nHost: a\r\n\(fields)Cookie: c\r\n\r\n"
        let request = try #require(try oneRequest(text, limits: HTTPLimits(fieldCount: 254)))
        #expect(request.value(.cookie) == "c")
        #expect(request.fields.count == 254)
    }

    @Test(arguments: [(0, HTTPError?.none), (1, .headTooLarge)])
    func `the whole head`(excess: Int, expected: HTTPError?) {
        let text = "GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "a", count: 50 + excess))\r\n\r\n"
        #expect(self.failure(text, HTTPLimits(head: 82)) == expected)
        #expect(self.failure(text + "GET", HTTPLimits(head: 82)) == expected)
    }

    @Test func `a head as large as can be has all its values`() throws {
        let filler = String(repeating: "X: \(String(repeating: "a", count: 8_000))\r\n", count: 8)
        let base = "GET / HTTP/1.1\r\nHost: a\r\n\(filler)"
        let missing = 65_535 - base.utf8.count - "Cookie: \r\n\r\n".utf8.count
        let value = String(repeating: "c", count: missing)
        let text = base + "Cookie: \(value)\r\n\r\n"
        let request = try #require(try oneRequest(text, limits: HTTPLimits(head: 65_535)))
        #expect(text.utf8.count == 65_535)
        #expect(request.value(.cookie) == value)
    }

    @Test(arguments: [(0, HTTPError?.none), (1, .contentTooLarge)])
    func `an announced body, by its head alone`(excess: Int, expected: HTTPError?) {
        let head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(100 + excess)\r\n\r\n"
        #expect(self.failure(head, HTTPLimits(body: 100)) == expected)
        #expect(HTTPTranscript(head, limits: HTTPLimits(body: 100)).events.count == 1 - excess)
    }

    @Test(arguments: [(0, HTTPError?.none), (1, .contentTooLarge)])
    func `a chunked body, by its chunk's size alone`(excess: Int, expected: HTTPError?) {
        let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        #expect(self.failure("\(head)2\r\nab\r\n\(2 + excess)\r\n", HTTPLimits(body: 4)) == expected)
    }

    @Test(arguments: [(0, HTTPError?.none), (1, .chunkExtensionsTooLong)])
    func `chunk extensions over the whole message`(excess: Int, expected: HTTPError?) {
        let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        let last = String(repeating: "b", count: 3 + excess)
        #expect(self.failure("\(head)1;aaa\r\nx\r\n0;\(last)\r\n\r\n", HTTPLimits(chunkExtensions: 6)) == expected)
    }

    @Test func `trailers have the limits of fields`() {
        let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
        #expect(self.failure(head + "A: b\r\nA: b\r\n\r\n", HTTPLimits(fieldCount: 2)) == nil)
        #expect(self.failure(head + "A: b\r\nA: b\r\nA: b\r\n\r\n", HTTPLimits(fieldCount: 2)) == .tooManyFields)
        let long = "A: \(String(repeating: "b", count: 60))\r\n"
        #expect(self.failure(head + long + "\r\n", HTTPLimits(fieldLine: 65)) == nil)
        #expect(self.failure(head + long + "\r\n", HTTPLimits(fieldLine: 64)) == .fieldTooLong)
        #expect(self.failure(head + long + long + "\r\n", HTTPLimits(head: 132)) == nil)
        #expect(self.failure(head + long + long + "\r\n", HTTPLimits(head: 131)) == .headTooLarge)
    }
}
