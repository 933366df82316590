import Testing

@testable import Wire

@Suite struct HTTPClientAddressTests {
    @Test(arguments: [
        ("127.0.0.1", "127.0.0.1"), ("255.255.255.255", "255.255.255.255"), ("::1", "::1"),
        ("::ffff:1.2.3.4", "1.2.3.4"),
        ("2001:DB8:0:0::1", "2001:db8::1"), ("::", "::"),
    ]) func `an address has one text form`(text: String, expected: String) {
        #expect(IPAddress(text)?.description == expected)
    }

    @Test(arguments: [
        "", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.4 ", "[::1]", "::1%lo", "1::2::3", "g::", "a.b.c.d",
        "1.2.3.4\0",
    ])
    func `what is no address is none`(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test(arguments: [
        ("10.0.0.0/8", "10.255.255.255", true), ("10.0.0.0/8", "11.0.0.0", false), ("10.1.2.3/8", "10.0.0.0", true),
        ("0.0.0.0/0", "1.2.3.4", true), ("0.0.0.0/0", "::1", false), ("::/0", "2001:db8::1", true),
        ("::/0", "1.2.3.4", false), ("192.0.2.1", "192.0.2.1", true), ("192.0.2.1", "192.0.2.2", false),
        ("192.0.2.128/25", "192.0.2.127", false), ("192.0.2.128/25", "192.0.2.128", true),
        ("2001:db8::/33", "2001:db8:7fff::", true), ("2001:db8::/33", "2001:db8:8000::", false),
        ("127.0.0.0/8", "::ffff:127.0.0.1", true), ("1.2.3.4/32", "1.2.3.4", true),
    ]) func `a block holds its addresses`(block: String, address: String, isInside: Bool) throws {
        let block = try #require(CIDR(block))
        #expect(block.contains(try #require(IPAddress(address))) == isInside)
    }

    @Test(arguments: [
        "", "/8", "10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "10.0.0.0/8/8", "10.0.0.0/ 8", "10.0.0.0/0x8",
        "a/8",
    ])
    func `what is no block is none`(text: String) {
        #expect(CIDR(text) == nil)
    }

    @Test(arguments: [
        // peer, fields, client, secure
        ("203.0.113.9", "X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-Proto: https\r\n", "203.0.113.9", false),
        ("127.0.0.1", "", "127.0.0.1", false), ("127.0.0.1", "X-Forwarded-For: 1.1.1.1\r\n", "1.1.1.1", false),
        ("127.0.0.1", "X-Forwarded-For: 6.6.6.6, 1.1.1.1\r\nX-Forwarded-Proto: https\r\n", "1.1.1.1", true),
        ("127.0.0.1", "X-Forwarded-For: 6.6.6.6, 1.1.1.1, 10.0.0.7\r\n", "1.1.1.1", false),
        ("127.0.0.1", "X-Forwarded-For: 6.6.6.6\r\nx-forwarded-for: 1.1.1.1\r\n", "1.1.1.1", false),
        ("127.0.0.1", "X-Forwarded-For: 10.0.0.1, 10.0.0.2\r\n", "10.0.0.1", false),
        ("127.0.0.1", "X-Forwarded-For: 1.1.1.1, unknown, 10.0.0.2\r\n", "10.0.0.2", false),
        ("127.0.0.1", "X-Forwarded-For: 1.1.1.1, \r\n", "1.1.1.1", false),
        ("127.0.0.1", "X-Forwarded-For: 1.1.1.1:4711\r\n", "1.1.1.1", false),
        ("127.0.0.1", "X-Forwarded-For: [2001:db8::1]:4711\r\n", "2001:db8::1", false),
        ("127.0.0.1", "X-Forwarded-For: 2001:db8::1\r\n", "2001:db8::1", false),
        ("127.0.0.1", "X-Forwarded-For: 1.1.1.1:x\r\n", "127.0.0.1", false),
        ("127.0.0.1", "X-Forwarded-For: [::1\r\n", "127.0.0.1", false),
        ("127.0.0.1", "X-Forwarded-Proto: https, http\r\n", "127.0.0.1", false),
    ]) func `only trusted proxies speak for the client`(peer: String, fields: String, client: String, isSecure: Bool)
        throws
    {
        let proxies = TrustedProxies(try ["127.0.0.0/8", "10.0.0.0/8"].map { try #require(CIDR($0)) })
        let request = try #require(try oneRequest("GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n"))
        let found = proxies.client(peer: try #require(IPAddress(peer)), request: request)
        #expect(found == ClientAddress(address: try #require(IPAddress(client)), isSecure: isSecure))
    }
}

@Suite struct HTTPProxyHeaderTests {
    private enum Outcome: Equatable {
        case header(ProxyHeader, rest: Int)
        case failure(ProxyHeaderError)
        case incomplete
    }

    private func outcome(_ pieces: [ArraySlice<UInt8>]) -> Outcome {
        var parser = ProxyHeaderParser()
        var header: ProxyHeader?
        var rest = 0
        do throws(ProxyHeaderError) {
            for piece in pieces {
                try piece.withUnsafeBufferPointer { (bytes) throws(ProxyHeaderError) in
                    var input = UnsafeRawBufferPointer(bytes)
                    if header == nil { header = try parser.next(&input) }
                    rest += input.count
                }
            }
        } catch {
            return .failure(error)
        }
        return header.map { .header($0, rest: rest) } ?? .incomplete
    }

    private func everySplit(_ bytes: [UInt8]) -> Outcome {
        let whole = self.outcome([bytes[...]])
        for index in bytes.indices { #expect(self.outcome([bytes[..<index], bytes[index...]]) == whole) }
        #expect(self.outcome(bytes.indices.map { bytes[$0...$0] }) == whole)
        return whole
    }

    private func proxied(_ address: String, _ port: UInt16, isSecure: Bool = false) throws -> Outcome {
        .header(.proxied(source: try #require(IPAddress(address)), sourcePort: port, isSecure: isSecure), rest: 3)
    }

    /// A version 2 header with the given command, family and payload.
    private static func binary(_ command: UInt8, _ family: UInt8, _ payload: [UInt8]) -> [UInt8] {
        [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A, command, family]
            + [UInt8(payload.count >> 8), UInt8(payload.count & 255)] + payload
    }

    private static let ipv4: [UInt8] = [192, 0, 2, 1, 192, 0, 2, 2, 0x12, 0x34, 0, 80]

    @Test func `version 1 names the client`() throws {
        #expect(
            self.everySplit(Array("PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\nGET".utf8))
                == (try self.proxied("192.0.2.1", 56_324)))
        #expect(
            self.everySplit(Array("PROXY TCP6 2001:db8::1 ::1 0 443\r\nGET".utf8))
                == (try self.proxied("2001:db8::1", 0)))
        #expect(self.everySplit(Array("PROXY UNKNOWN\r\nGET".utf8)) == .header(.local, rest: 3))
        #expect(self.everySplit(Array("PROXY UNKNOWN what ever\r\nGET".utf8)) == .header(.local, rest: 3))
        #expect(self.everySplit(Array("PROXY TCP4 192.0.2.1".utf8)) == .incomplete)
    }

    @Test(arguments: [
        ("GET / HTTP/1.1\r\n", ProxyHeaderError.missing), ("PROXI", .missing), ("PROXY\r\n", .missing),
        ("proxy ", .missing),
        ("PROXY \r\n", .malformed), ("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n", .malformed),
        ("PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n", .malformed), ("PROXY TCP4 192.0.2.1  192.0.2.2 1 2\r\n", .malformed),
        ("PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \r\n", .malformed), ("PROXY TCP4 ::1 ::1 1 2\r\n", .malformed),
        ("PROXY TCP6 192.0.2.1 ::1 1 2\r\n", .malformed), ("PROXY TCP4 192.0.2.1 192.0.2.2 65536 2\r\n", .malformed),
        ("PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n", .malformed),
        ("PROXY TCP4 192.0.2.1 192.0.2.2 -1 2\r\n", .malformed),
        ("PROXY TCP5 192.0.2.1 192.0.2.2 1 2\r\n", .malformed), ("\r\n\r\n\0\r\nQUIX", .missing),
        ("\r\nGET /", .missing),
    ]) func `what is no header is refused`(text: String, failure: ProxyHeaderError) {
        #expect(self.everySplit(Array(text.utf8)) == .failure(failure))
    }

    @Test func `version 1 ends within 107 bytes`() {
        let fill = 107 - "PROXY UNKNOWN \r\n".utf8.count
        #expect(
            self.everySplit(Array("PROXY UNKNOWN \(String(repeating: "x", count: fill))\r\n".utf8))
                == .header(.local, rest: 0))
        #expect(
            self.everySplit(Array("PROXY UNKNOWN \(String(repeating: "x", count: fill + 1))\r\n".utf8))
                == .failure(.tooLong))
    }

    @Test func `version 2 names the client and skips what it does not know`() throws {
        let rest = Array("GET".utf8)
        #expect(self.everySplit(Self.binary(0x21, 0x11, Self.ipv4) + rest) == (try self.proxied("192.0.2.1", 0x1234)))
        let ipv6: [UInt8] =
            [0x20, 0x01, 0x0D, 0xB8] + Array(repeating: 0, count: 11) + [1] + Array(repeating: 0, count: 16) + [
                0, 7, 0, 8,
            ]
        #expect(self.everySplit(Self.binary(0x21, 0x21, ipv6) + rest) == (try self.proxied("2001:db8::1", 7)))
        let additions: [UInt8] = [0xEE, 0, 2, 1, 2, 0x20, 0, 5, 1, 0, 0, 0, 0, 0x04, 0, 0]
        #expect(
            self.everySplit(Self.binary(0x21, 0x11, Self.ipv4 + additions) + rest)
                == (try self.proxied("192.0.2.1", 0x1234, isSecure: true)))
        #expect(self.everySplit(Self.binary(0x20, 0x11, Self.ipv4) + rest) == .header(.local, rest: 3))
        #expect(self.everySplit(Self.binary(0x20, 0x00, []) + rest) == .header(.local, rest: 3))
        #expect(self.everySplit(Self.binary(0x21, 0x00, [1, 2]) + rest) == .header(.local, rest: 3))
    }

    @Test func `a malformed version 2 header is refused`() {
        #expect(self.everySplit(Self.binary(0x22, 0x11, Self.ipv4)) == .failure(.malformed))
        #expect(self.everySplit(Self.binary(0x11, 0x11, Self.ipv4)) == .failure(.malformed))
        #expect(self.everySplit(Self.binary(0x21, 0x12, Self.ipv4)) == .failure(.malformed))
        #expect(self.everySplit(Self.binary(0x21, 0x31, Self.ipv4)) == .failure(.malformed))
        #expect(self.everySplit(Self.binary(0x21, 0x11, Array(Self.ipv4.dropLast()))) == .failure(.malformed))
        #expect(self.everySplit(Self.binary(0x21, 0x21, Self.ipv4)) == .failure(.malformed))
        #expect(self.everySplit(Self.binary(0x21, 0x11, Self.ipv4 + [1, 0])) == .failure(.malformed))
        #expect(self.everySplit(Self.binary(0x21, 0x11, Self.ipv4 + [1, 0, 1])) == .failure(.malformed))
    }

    @Test func `version 2 has a limit that is known from its length`() {
        let full = Self.binary(0x20, 0, Array(repeating: 0, count: 2_048))
        #expect(self.outcome([full[...]]) == .header(.local, rest: 0))
        let more = Self.binary(0x20, 0, Array(repeating: 0, count: 2_049)).prefix(16)
        #expect(self.everySplit(Array(more)) == .failure(.tooLong))
    }
}
