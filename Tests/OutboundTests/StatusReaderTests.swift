import Testing

@testable import Outbound

@Suite struct StatusReaderTests {
    private static let texts: [(String, StatusReader.Finding)] = [
        ("HTTP/1.1 200 OK\r\n\r\n", .status(200)), ("HTTP/1.0 204 \r\n", .status(204)),
        ("HTTP/1.1 500\r\n", .status(500)), ("HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n", .status(302)),
        ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\n", .status(201)),
        ("HTTP/1.1 103 Early Hints\r\nLink: HTTP/1.1 200 x\r\n\r\nHTTP/1.1 404 Not Found\r\n", .status(404)),
        ("HTTP/1.1 100\n\nHTTP/1.1 200 OK\n", .status(200)),
        ("HTTP/1.1 100 Continue\r\n\r\n", .more), ("HTTP/1.1 20", .more), ("", .more),
        ("HTTP/2.0 200 OK\r\n", .malformed), ("HTTP/1.1 99 x\r\n\r\n", .malformed), ("HTTP/1.1 2000 x\r\n", .malformed),
        ("HTTP/1.1 600 x\r\n", .malformed), ("HTTP/1.1  200 x\r\n", .malformed), ("\r\n", .malformed),
        ("SSH-2.0-OpenSSH_9.2p1 Debian\r\n", .malformed), ("HTTP/1.1 -20 x\r\n", .malformed),
    ]

    @Test(arguments: Self.texts.indices)
    func `a status is found wherever the bytes are cut`(number: Int) {
        let (text, expected) = Self.texts[number]
        let bytes = Array(text.utf8)
        for cut in 0...bytes.count {
            var reader = StatusReader()
            var finding = reader.feed(bytes[..<cut])
            if finding == .more { finding = reader.feed(bytes[cut...]) }
            #expect(finding == expected, "cut at \(cut) of \(text.debugDescription)")
        }
    }

    @Test func `what never ends is no answer`() {
        for text in ["HTTP/1.1 100 ", "HTTP/1.1 100 Continue\r\nA: "] {
            var reader = StatusReader()
            var (finding, fed) = (reader.feed(text.utf8), 0)
            while finding == .more, fed < 1_000_000 {
                finding = reader.feed(repeatElement(UInt8(ascii: "b"), count: 100))
                fed += 100
            }
            #expect(finding == .malformed && fed <= 66_000)
        }
    }

    @Test func `interim answers without end are no answer`() {
        var reader = StatusReader()
        var (finding, fed) = (StatusReader.Finding.more, 0)
        while finding == .more, fed < 100_000 {
            finding = reader.feed("HTTP/1.1 100 Continue\r\n\r\n".utf8)
            fed += 1
        }
        #expect(finding == .malformed && fed < 3_000)
    }
}
