import Glibc
import Ports
import Shared
import StoreSupport
import Testing

@testable import Outbound

@Suite(.timeLimit(.minutes(2))) struct HTTPCallerTests {
    private static func request(_ url: String, _ body: String = "{}") throws -> WebhookRequest {
        WebhookRequest(
            to: try WebAddress(setting: url), fields: [("Content-Type", "application/json")], body: Array(body.utf8))
    }

    /// A caller that does not try a test's patience.
    private static func caller(_ change: (inout HTTPCaller.Terms) -> Void = { _ in }) -> HTTPCaller {
        var terms = HTTPCaller.Terms()
        (terms.connectLimit, terms.limit) = (.seconds(1), .seconds(2))
        change(&terms)
        return HTTPCaller(terms)
    }

    @Test func `a request is sent as it is, and its status comes back`() async throws {
        let receiver = try Receiver { _, number in .answer(number == 0 ? 200 : 503) }
        let (caller, body) = (Self.caller(), String(repeating: "é", count: 100_000))
        #expect(await caller.post(try Self.request(receiver.url, body)) == .status(200))
        let request = try #require(receiver.requests.first)
        #expect(request.line == "POST /hook?a=1 HTTP/1.1")
        #expect(request.fields["Host"] == "127.0.0.1:\(receiver.port)")
        #expect(request.fields["Content-Type"] == "application/json")
        #expect(request.text == body)
        let answer = await caller.post(try Self.request(receiver.url))
        #expect(answer == .status(503) && !answer.isDone)
    }

    @Test func `an answer without end is cut off behind its status`() async throws {
        let receiver = try Receiver { _, _ in .torrent }
        #expect(await Self.caller().post(try Self.request(receiver.url)) == .status(200))
    }

    @Test func `a redirect is not followed`() async throws {
        let target = try Receiver { _, _ in .answer(200) }
        let receiver = try Receiver { [url = target.url] _, _ in
            .says("HTTP/1.1 302 Found\r\nLocation: \(url)\r\nContent-Length: 0\r\n\r\n")
        }
        let answer = await Self.caller().post(try Self.request(receiver.url))
        #expect(answer == .status(302) && !answer.isDone)
        #expect(target.requests.isEmpty)
    }

    @Test(arguments: [false, true])
    func `whoever says nothing, or never comes to an end, is waited for no longer than the limit`(trickles: Bool)
        async throws
    {
        let receiver = try Receiver { _, _ in trickles ? .trickle : .silence(.seconds(30)) }
        let start = ContinuousClock.now
        let answer = await Self.caller { $0.limit = .seconds(1) }.post(try Self.request(receiver.url))
        // A trickle ends by the time, or by its length.
        #expect(answer == .failed(.timedOut) || trickles && answer == .failed(.malformed))
        #expect(ContinuousClock.now - start < .seconds(8))
    }

    @Test func `whoever hangs up, talks of something else or is not there is told apart`() async throws {
        let caller = Self.caller()
        let closing = try Receiver { _, _ in .hangUp }
        #expect(await caller.post(try Self.request(closing.url)) == .failed(.closed))
        let other = try Receiver { _, _ in .says("220 mail.example ESMTP\r\n") }
        #expect(await caller.post(try Self.request(other.url)) == .failed(.malformed))
        #expect(await caller.post(try Self.request("http://127.0.0.1:1/")) == .failed(.unreachable))
        #expect(await caller.post(try Self.request("http://no-such-host.invalid/")) == .failed(.unreachable))
        // Speaks HTTP where TLS is expected: nothing is sent to it in the clear.
        let plain = try Receiver { _, _ in .answer(200) }
        let answer = await caller.post(try Self.request("https://127.0.0.1:\(plain.port)/"))
        #expect([.failed(.tls), .failed(.closed), .failed(.timedOut)].contains(answer))
        #expect(plain.requests.isEmpty)
    }

    @Test func `there are never more calls at once than may be`() async throws {
        let receiver = try Receiver { _, _ in .silence(.seconds(30)) }
        let caller = Self.caller { $0.mostAtOnce = 1 }
        let request = try Self.request(receiver.url)
        let first = Task { await caller.post(request) }
        #expect(await eventually { receiver.requests.count == 1 })
        #expect(await caller.post(request) == .failed(.busy))
        // Nobody waits for it any more, and the place is free when its thread has ended.
        first.cancel()
        #expect(await first.value == .failed(.cancelled))
        let other = try Receiver { _, _ in .answer(200) }
        let next = try Self.request(other.url)
        #expect(await eventually { await caller.post(next) == .status(200) })
    }

    @Test func `a call of a task that was cancelled before says so`() async throws {
        let receiver = try Receiver { _, _ in .silence(.seconds(30)) }
        let (caller, request) = (Self.caller(), try Self.request(receiver.url))
        let call = Task {
            while !Task.isCancelled { await Task.yield() }
            return await caller.post(request)
        }
        call.cancel()
        #expect(await call.value == .failed(.cancelled))
    }

    @Test func `over TLS a server has to prove its name by an authority that is trusted`() async throws {
        let server = try await SecureServer.start()
        let trusting = Self.caller { $0.authorities = server.certificate }
        let body = String(repeating: "b", count: 100_000)
        #expect(await trusting.post(try Self.request("https://localhost:\(server.port)/", body)) == .status(200))
        // Its certificate names this address, too, and no other.
        #expect(await trusting.post(try Self.request("https://127.0.0.1:\(server.port)/", body)) == .status(200))
        #expect(await trusting.post(try Self.request("https://127.0.0.2:\(server.port)/")) == .failed(.tls))
        // The system knows nothing of that authority.
        #expect(await Self.caller().post(try Self.request("https://localhost:\(server.port)/")) == .failed(.tls))
        let astray = Self.caller { $0.authorities = "/no/such/file" }
        #expect(await astray.post(try Self.request("https://localhost:\(server.port)/")) == .failed(.tls))
    }
}

/// An HTTPS server with a certificate of its own making, for `localhost` and 127.0.0.1; it listens on all of 127.0.0.0/8.
private final class SecureServer: Sendable {
    let folder: String
    let port: UInt16
    private let process: ChildProcess

    var certificate: String { "\(self.folder)/cert.pem" }

    private static let program = """
        import http.server, ssl, sys
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                count = int(self.headers['Content-Length'])
                self.send_response(200 if len(self.rfile.read(count)) == count else 500)
                self.end_headers()
        server = http.server.HTTPServer(('0.0.0.0', 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[1] + '/cert.pem', sys.argv[1] + '/key.pem')
        server.socket = context.wrap_socket(server.socket, server_side=True)
        with open(sys.argv[1] + '/port.new', 'w') as file:
            file.write(str(server.server_port))
        import os
        os.rename(sys.argv[1] + '/port.new', sys.argv[1] + '/port')
        server.serve_forever()
        """

    static func start() async throws -> SecureServer {
        let (folder, process) = try await onOwnThread { try Self.run() }
        let port = Locked<UInt16?>(nil)
        let isUp = await eventually(within: .seconds(20)) {
            let text = try? FileBytes.read("\(folder)/port", limit: 16)
            port.withLock { $0 = text.flatMap { UInt16(String(decoding: $0, as: UTF8.self)) } }
            return port.withLock { $0 != nil }
        }
        guard isUp, let port = port.withLock({ $0 }) else { throw SystemError("listen") }
        return SecureServer(folder, port, process)
    }

    private init(_ folder: String, _ port: UInt16, _ process: ChildProcess) {
        self.folder = folder
        self.port = port
        self.process = process
    }

    private static func run() throws -> (String, ChildProcess) {
        var template = Array("/tmp/bellhop-test-tls.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemError("mkdtemp") }
        let folder = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        try ChildProcess.run(
            [
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-days", "2", "-subj", "/CN=test", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout",
                "\(folder)/key.pem", "-out", "\(folder)/cert.pem",
            ], log: "\(folder)/openssl.log")
        return (folder, try ChildProcess(["python3", "-c", Self.program, folder], log: "\(folder)/server.log"))
    }

    deinit {
        self.process.kill()
        _ = try? ChildProcess.run(["rm", "-rf", self.folder], log: "/dev/null")
    }
}
