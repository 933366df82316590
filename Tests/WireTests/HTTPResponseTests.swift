import Testing

@testable import Wire

@Suite struct HTTPResponseTests {
    private let writer = HTTPResponseWriter(date: HTTPDate(unixSeconds: 784_111_777))

    private func text(_ response: HTTPResponse, isHead: Bool = false, keepAlive: Bool = true) -> String {
        var output: [UInt8] = []
        self.writer.append(response, to: &output, isHead: isHead, keepAlive: keepAlive)
        return String(decoding: output, as: UTF8.self)
    }

    @Test(arguments: [
        (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
        (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"), (951_868_799, "Tue, 29 Feb 2000 23:59:59 GMT"),
        (951_868_800, "Wed, 01 Mar 2000 00:00:00 GMT"), (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
        (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT"), (1_735_689_599, "Tue, 31 Dec 2024 23:59:59 GMT"),
        (-1, "Thu, 01 Jan 1970 00:00:00 GMT"), (Int64.max, "Fri, 31 Dec 9999 23:59:59 GMT"),
    ]) func `dates are in the one form of HTTP`(seconds: Int64, expected: String) {
        let date = HTTPDate(unixSeconds: seconds)
        #expect(String(decoding: date.bytes, as: UTF8.self) == expected)
        #expect(date.bytes.count == HTTPDate.byteCount)
    }

    @Test func `an answer is complete and has no Server`() {
        let response = HTTPResponse(status: .ok, contentType: "text/plain", body: Array("ok\n".utf8))
        let expected =
            "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Type: text/plain\r\n"
            + "X-Content-Type-Options: nosniff\r\n"
            + "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\nReferrer-Policy: no-referrer\r\n"
            + "Content-Length: 3\r\n\r\n"
        #expect(self.text(response) == expected + "ok\n")
        #expect(self.text(response, isHead: true) == expected)
        #expect(self.text(response, keepAlive: false).contains("GMT\r\nConnection: close\r\n"))
    }

    @Test(arguments: [HTTPStatus.noContent, .notModified, .switchingProtocols])
    func `a status without a body sends none and announces none`(status: HTTPStatus) {
        let text = self.text(HTTPResponse(status: status, body: [1, 2, 3]))
        #expect(!text.contains("Content-Length"))
        #expect(text.hasSuffix("\r\n\r\n"))
    }

    @Test(arguments: [0, 1, 9, 10, 99, 100, 12_345_678, Int.max])
    func `numbers are decimal`(number: Int) {
        var output: [UInt8] = []
        HTTPResponseWriter.append(number, to: &output)
        #expect(String(decoding: output, as: UTF8.self) == "\(number)")
    }

    @Test(arguments: HTTPContentKind.allCases) func `every kind forbids sniffing, and pages cannot be framed`(
        kind: HTTPContentKind
    ) {
        let text = self.text(HTTPResponse(status: .ok, kind: kind))
        #expect(text.contains("\r\nX-Content-Type-Options: nosniff\r\n"))
        #expect(text.contains("\r\nReferrer-Policy: "))
        if kind == .page {
            #expect(text.contains("frame-ancestors 'none'"))
            #expect(text.contains("X-Frame-Options: DENY"))
        }
        var parser = HTTPResponseParser()
        let parsed = text.utf8.withContiguousStorageIfAvailable { bytes in
            var input = UnsafeRawBufferPointer(bytes)
            return try? parser.next(&input)
        }
        #expect(parsed??.status == 200)
    }

    @Test(arguments: [true, false], [true, false])
    func `a prebuilt answer is the same answer with the date of now`(isHead: Bool, keepAlive: Bool) {
        let response = HTTPResponse(status: .ok, contentType: "text/plain", body: Array("ok\n".utf8))
        let prebuilt = HTTPPrebuiltResponse(response)
        var output = Array("before".utf8)
        self.writer.append(prebuilt, to: &output, isHead: isHead, keepAlive: keepAlive)
        let expected = "before" + self.text(response, isHead: isHead, keepAlive: keepAlive)
        #expect(String(decoding: output, as: UTF8.self) == expected)
    }

    @Test func `line ends in a value cannot become fields`() {
        let value = Array("a\r\nSet-Cookie: b\0\u{7f}\tc".utf8)
        let clean = value.withUnsafeBytes { HTTPResponse.sanitized($0) }
        #expect(String(decoding: clean, as: UTF8.self) == "aSet-Cookie: b\tc")
    }

    #if DEBUG
        @Test func `line ends in a value are a mistake of ours`() async {
            await #expect(processExitsWith: .failure) {
                var response = HTTPResponse(status: .ok)
                response.setField("X", "a\r\nb")
            }
        }
    #endif

    @Test func `a failure is an error object`() {
        let body = String(decoding: HTTPError.headTooLarge.response.body, as: UTF8.self)
        #expect(
            body
                == #"{"error":{"code":"request_header_fields_too_large","#
                + #""message_key":"http.request_header_fields_too_large","#
                + #""params":{"detail":"request head too large"},"field_errors":[],"current":null,"request_id":""}}"#
        )
    }
}
