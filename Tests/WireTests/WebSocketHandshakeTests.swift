import Testing

@testable import Wire

/// A field look-up as an HTTP client gives it: any case, repeated fields joined.
func fields(_ list: [(String, String)]) -> WebSocketClientHandshake.Fields {
    { name in
        let values = list.filter { $0.0.lowercased() == "\(name)" }.map(\.1)
        return values.isEmpty ? nil : Array(values.joined(separator: ", ").utf8)
    }
}

/// The request with this line and these fields, as the server's parser gives it.
func parsed(_ list: [(String, String)], line: String = "GET /chat HTTP/1.1") throws -> HTTPRequest {
    let text = line + "\r\n" + list.map { "\($0.0): \($0.1)\r\n" }.joined() + "\r\n"
    var parser = HTTPRequestParser()
    return try Array(text.utf8).withUnsafeBytes { bytes throws in
        var input = bytes
        guard case .request(let request) = try parser.next(&input, limits: HTTPLimits()) else {
            throw HTTPError.malformedRequestLine
        }
        return request
    }
}

@Suite struct WebSocketHandshakeTests {
    /// The request of RFC 6455 1.2.
    static let request = [
        ("Host", "server.example.com"), ("Upgrade", "websocket"), ("Connection", "Upgrade"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="), ("Sec-WebSocket-Version", "13"),
    ]

    static func request(_ name: String, _ value: String?) -> [(String, String)] {
        let others = self.request.filter { $0.0 != name }
        return value.map { others + [(name, $0)] } ?? others
    }

    static func response(
        _ list: [(String, String)], policy: WebSocketHandshake.Policy = .init()
    ) throws -> String {
        let handshake = try WebSocketHandshake(parsed(list), policy: policy)
        var output: [UInt8] = []
        handshake.appendResponse(to: &output)
        return String(decoding: output, as: UTF8.self)
    }

    @Test func `the request of RFC 6455 1_2 is answered as there`() throws {
        #expect(
            try Self.response(Self.request) == """
                HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n
                """)
    }

    @Test(arguments: [
        ("Upgrade", "WebSocket"), ("Upgrade", "h2c, websocket"), ("Connection", "keep-alive, Upgrade"),
        ("Connection", "UPGRADE"), ("Connection", ",, upgrade\t,"),
    ])
    func `tokens are found in lists and in any case`(name: String, value: String) throws {
        #expect(try Self.response(Self.request(name, value)).hasPrefix("HTTP/1.1 101 "))
    }

    @Test(
        arguments: [
            ("Upgrade", nil, .upgradeMissing), ("Upgrade", "websockets", .upgradeMissing),
            ("Upgrade", "web socket", .upgradeMissing), ("Connection", nil, .upgradeMissing),
            ("Connection", "keep-alive", .upgradeMissing), ("Connection", "\"upgrade\"", .upgradeMissing),
            ("Sec-WebSocket-Version", nil, .versionUnsupported),
            ("Sec-WebSocket-Version", "8", .versionUnsupported),
            ("Sec-WebSocket-Version", "13, 8", .versionUnsupported),
            ("Sec-WebSocket-Version", "013", .versionUnsupported), ("Sec-WebSocket-Key", nil, .keyInvalid),
            ("Sec-WebSocket-Key", "", .keyInvalid), ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=", .keyInvalid),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ", .keyInvalid),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQAA", .keyInvalid),
            ("Sec-WebSocket-Key", "SGVsbG8sIHdvcmxkIQ==", .keyInvalid),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBs-SBub25jZQ==", .keyInvalid),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==, dGhlIHNhbXBsZSBub25jZQ==", .keyInvalid),
            ("Sec-WebSocket-Protocol", "", .listInvalid), ("Sec-WebSocket-Protocol", "chat, a b", .listInvalid),
        ] as [(String, String?, WebSocketHandshakeError)])
    func `a request that lacks something is refused`(name: String, value: String?, error: WebSocketHandshakeError) {
        #expect(throws: error) { try Self.response(Self.request(name, value)) }
    }

    @Test func `each refusal has its status and says how to ask right`() {
        let answers: [(WebSocketHandshakeError, Int, String?)] = [
            (.methodNotGet, 405, "Allow: GET"), (.upgradeMissing, 426, "Upgrade: websocket"), (.oldHTTP, 400, nil),
            (.versionUnsupported, 426, "Sec-WebSocket-Version: 13"), (.keyInvalid, 400, nil),
            (.listInvalid, 400, nil),
        ]
        for (error, status, field) in answers {
            #expect(error.answer.status == status)
            #expect(error.answer.field.map { "\($0.name): \($0.value)" } == field)
        }
    }

    @Test func `only GET and HTTP 1_1 become a WebSocket`() {
        #expect(throws: WebSocketHandshakeError.methodNotGet) {
            try WebSocketHandshake(parsed(Self.request, line: "OPTIONS /chat HTTP/1.1"), policy: .init())
        }
        #expect(throws: WebSocketHandshakeError.oldHTTP) {
            try WebSocketHandshake(parsed(Self.request, line: "GET /chat HTTP/1.0"), policy: .init())
        }
    }

    @Test(arguments: [
        ("chat, superchat", "chat"), ("superchat, chat", "superchat"), ("other , superchat", "superchat"),
        ("other", nil), ("Chat", nil),
    ])
    func `the client's first subprotocol that is offered is chosen`(wanted: String, chosen: String?) throws {
        let policy = WebSocketHandshake.Policy(subprotocols: ["chat", "superchat"])
        let response = try Self.response(Self.request + [("Sec-WebSocket-Protocol", wanted)], policy: policy)
        let line = chosen.map { "Sec-WebSocket-Protocol: \($0)\r\n" }
        #expect(response.contains(line ?? "101") && response.contains("Protocol:") == (chosen != nil))
    }

    @Test func `compression is agreed on in the answer and for the reader`() throws {
        let policy = WebSocketHandshake.Policy(deflate: .init())
        let list = Self.request + [("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits")]
        let handshake = try WebSocketHandshake(parsed(list), policy: policy)
        #expect(handshake.deflate == PerMessageDeflate())
        let line =
            "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover\r\n"
        #expect(try Self.response(list, policy: policy).contains(line))
        #expect(try !Self.response(list).contains("Extensions"))
        #expect(throws: WebSocketHandshakeError.listInvalid) {
            try Self.response(Self.request + [("Sec-WebSocket-Extensions", "permessage deflate")], policy: policy)
        }
    }
}

@Suite struct WebSocketClientHandshakeTests {
    static func handshake() -> WebSocketClientHandshake {
        var request = WebSocketClientHandshake.Request(target: "/echo?a=1", host: "localhost:8080")
        request.subprotocols = ["chat", "superchat"]
        request.deflate = PerMessageDeflate.ClientOffer()
        request.fields = [("Origin", "http://localhost\r\nX-Evil: 1")]
        return WebSocketClientHandshake(request, nonce: Array("the sample nonce".utf8))
    }

    static let answer = [
        ("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
    ]

    @Test func `the request has every field once and no value begins a new one`() {
        var output: [UInt8] = []
        Self.handshake().appendRequest(to: &output)
        #expect(
            String(decoding: output, as: UTF8.self) == """
                GET /echo?a=1 HTTP/1.1\r\nHost: localhost:8080\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
                Sec-WebSocket-Protocol: chat, superchat\r\n\
                Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\
                Origin: http://localhostX-Evil: 1\r\n\r\n
                """)
    }

    @Test func `a right answer opens the connection`() throws {
        let plain = try Self.handshake().validate(status: 101, fields: fields(Self.answer))
        #expect(plain == WebSocketClientHandshake.Agreement())
        let rich = try Self.handshake().validate(
            status: 101,
            fields: fields(
                Self.answer + [
                    ("Sec-WebSocket-Protocol", "superchat"),
                    ("Sec-WebSocket-Extensions", "permessage-deflate; server_no_context_takeover"),
                ]))
        #expect(rich.subprotocol == "superchat")
        #expect(
            rich.deflate
                == PerMessageDeflate(server: .init(keepsContext: false), client: .init(keepsContext: true)))
    }

    @Test(
        arguments: [
            ("Upgrade", nil, .upgradeMissing), ("Upgrade", "h2c", .upgradeMissing),
            ("Connection", "close", .upgradeMissing),
            ("Sec-WebSocket-Accept", nil, .acceptKeyWrong),
            ("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOO=", .acceptKeyWrong),
            ("Sec-WebSocket-Protocol", "other", .subprotocolUnknown),
            ("Sec-WebSocket-Protocol", "chat, superchat", .subprotocolUnknown),
            ("Sec-WebSocket-Extensions", "x-webkit-deflate-frame", .extensionUnknown),
            ("Sec-WebSocket-Extensions", "permessage-deflate, permessage-deflate", .extensionUnknown),
            ("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits", .extensionUnknown),
            ("Sec-WebSocket-Extensions", "", .extensionUnknown),
        ] as [(String, String?, WebSocketClientHandshakeError)])
    func `a wrong answer fails`(name: String, value: String?, error: WebSocketClientHandshakeError) {
        let others = Self.answer.filter { $0.0 != name }
        let answer = value.map { others + [(name, $0)] } ?? others
        #expect(throws: error) { try Self.handshake().validate(status: 101, fields: fields(answer)) }
    }

    @Test(arguments: [200, 301, 400, 401, 426, 503]) func `another status is a refusal`(status: Int) {
        #expect(throws: WebSocketClientHandshakeError.refused(status: status)) {
            try Self.handshake().validate(status: status, fields: fields(Self.answer))
        }
    }

    @Test func `client and server agree with each other`() throws {
        var output: [UInt8] = []
        Self.handshake().appendRequest(to: &output)
        let lines = String(decoding: output, as: UTF8.self).split(separator: "\r\n").dropFirst()
        let asked = lines.map { line in
            let parts = line.split(separator: ": ", maxSplits: 1)
            return (String(parts[0]), String(parts[1]))
        }
        let policy = WebSocketHandshake.Policy(subprotocols: ["superchat"], deflate: .init())
        let server = try WebSocketHandshake(parsed(asked), policy: policy)
        #expect(server.subprotocol == "superchat" && server.deflate == PerMessageDeflate())
    }
}
