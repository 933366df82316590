import Hotel
import Operations
import Reactor
import Realtime
import Shared
import TestSupport
import Testing
import Wire

@testable import App

/// What a port serves, put together as the node does it, over real sockets.
@Suite(.timeLimit(.minutes(5))) struct FrontTests {
    /// Answers with what it was asked for, below one path.
    private struct Echo: FrontPart {
        let path: String

        func serves(_ request: HTTPRequest) -> Bool { request.path.hasPrefix(self.path) }

        func welcome(_ head: HTTPRequest, in context: HTTPContext) -> HTTPWelcome {
            let isLocal = context.client(of: head, trusting: TrustedProxies([])) != nil
            return isLocal ? .bodyUpTo(8) : .refused(HTTPResponse(status: .forbidden, problem: "who is there"))
        }

        func answer(_ request: HTTPRequest, in context: HTTPContext) -> HTTPAnswer {
            .now(HTTPResponse(status: .ok, contentType: "text/plain", body: Array(self.path.utf8) + request.body))
        }

        var unfinished: Int { 2 }
    }

    private struct Upgrade: FrontPart {
        let number: Int

        func serves(_ request: HTTPRequest) -> Bool { request.path == "/socket\(self.number)" }
        func welcome(_ head: HTTPRequest, in context: HTTPContext) -> HTTPWelcome { .bodyUpTo(0) }
        func answer(_ request: HTTPRequest, in context: HTTPContext) -> HTTPAnswer { .upgrade(endpoint: self.number) }
    }

    /// Says its name to whoever comes, and ends.
    private final class Greeter: WebSocketEndpoint {
        let terms = WebSocketTerms(limits: WebSocketLimits())
        private unowned let host: SessionHost
        private let name: String

        init(_ name: String, host: SessionHost) {
            self.host = host
            self.name = name
        }

        func opened(_ id: ConnectionID, request: HTTPRequest) {
            Array(self.name.utf8).withUnsafeBytes { self.host.send($0, to: id, isText: true) }
        }

        func received(_ id: ConnectionID, _ payload: UnsafeRawBufferPointer, isText: Bool) {}
        func closed(_ id: ConnectionID) {}
        func turnEnded() {}
    }

    private struct Nobody: CallerResolver {
        func caller(bearing token: String, on visit: RESTVisit) async throws -> RESTCaller {
            throw Refusal(.tokenExpired)
        }
    }

    private func rest() throws -> RESTPart {
        let shape = JSONShape<String>.object("Word") { $0.member("word", .text, \.self) }
        let table = try RESTTable(
            [
                RESTOperation.open(
                    .get, "/v1/word", id: "getWord", "A word.", tag: "Words", takes: RESTNoInput.self,
                    answers: .one(shape)
                ) { _, _ in "bell" },
                RESTOperation(
                    .get, "/v1/secret", id: "getSecret", "A secret.", tag: "Words", permission: nil,
                    takes: RESTNoInput.self, answers: .one(shape)
                ) { _ in "hop" },
            ], tags: [RESTTag("Words", "Words.")])
        let service = RESTService(
            table, callers: Nobody(), cors: CORSPolicy(allowed: []), cursorKeys: [[1]], log: .silent)
        return RESTPart(service: service, proxies: TrustedProxies([]))
    }

    private func served(_ body: (UInt16, Front) throws -> Void) throws {
        let health = HealthEndpoints(health: NodeState(nodeID: "n"), metrics: MetricsRegistry(), hasAdminPort: true)
        let site = try Site(port: .client, health: health, cors: CORSPolicy(allowed: []))
        var front = Front(pages: SitePart(site: site, proxies: TrustedProxies([]), workbench: try Workbench()))
        front.add(Echo(path: "/a"))
        front.add(Echo(path: "/ab"))
        front.add(Upgrade(number: front.add { host, _ in Greeter("first", host: host) }))
        front.add(Upgrade(number: front.add { host, _ in Greeter("second", host: host) }))
        front.add(try self.rest())
        let registry = MetricsRegistry()
        let address = try #require(SocketAddress("127.0.0.1", port: 0))
        let server = try ClientServer(
            loops: 1, connectionLimit: 10,
            clients: front.port(at: address, doors: FanoutDoors(), metrics: FanoutMetrics(in: registry)),
            metrics: NodeMetrics(in: registry, loops: { [] }))
        defer { server.stop() }
        try body(server.address?.port ?? 0, front)
    }

    private func ask(_ port: UInt16, _ line: String, _ more: String = "", body: String = "") -> String {
        let socket = BlockingSocket(port: port)
        let length = body.isEmpty ? "" : "Content-Length: \(body.utf8.count)\r\n"
        socket.send("\(line) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\(length)\(more)\r\n\(body)")
        let answer = String(decoding: socket.receiveToEnd() ?? [], as: UTF8.self)
        let parts = answer.split(separator: "\r\n\r\n", maxSplits: 1).map(String.init)
        return String(answer.dropFirst(9).prefix(3)) + " " + (parts.count > 1 ? parts[1] : "")
    }

    @Test func `the first part that a path belongs to answers, and the pages all else`() throws {
        try self.served { port, front in
            #expect(self.ask(port, "POST /abc", body: "xyz") == "200 /axyz")
            #expect(self.ask(port, "POST /abc", body: "far too long").hasPrefix("413"))
            #expect(self.ask(port, "GET /livez") == "200 ok\n")
            #expect(self.ask(port, "GET /readyz") == "404 starting\n")
            #expect(self.ask(port, "GET /nothing").hasPrefix("404"))
            #expect(front.unfinished == 4, "every part is asked")
        }
    }

    @Test func `operations are run off the loop and answered on it`() throws {
        try self.served { port, _ in
            #expect(self.ask(port, "GET /v1/word") == #"200 {"word":"bell"}"#)
            #expect(self.ask(port, "GET /v1/secret", "Authorization: Bearer abc\r\n").contains("token_expired"))
            #expect(self.ask(port, "GET /v1/nothing").hasPrefix("404"))
            #expect(self.ask(port, "POST /v1/word", body: "{}").hasPrefix("405"))
            #expect(self.ask(port, "GET /openapi.json").hasPrefix(#"200 {"openapi":"3.1"#))
        }
    }

    @Test func `sockets come to the endpoint that was added with their path`() throws {
        try self.served { port, _ in
            for (path, name) in [("/socket0", "first"), ("/socket1", "second")] {
                let socket = BlockingSocket(port: port)
                socket.send(
                    "GET \(path) HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
                var answer = ""
                while !answer.hasSuffix(name), let more = socket.receive(), !more.isEmpty {
                    answer += String(decoding: more, as: UTF8.self)
                }
                #expect(answer.hasPrefix("HTTP/1.1 101") && answer.hasSuffix(name))
            }
        }
    }
}
