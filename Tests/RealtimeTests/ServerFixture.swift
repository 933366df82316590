import Reactor
import Shared
import TestSupport
import Wire

@testable import Realtime

/// A server on a free port whose paths exercise what sessions can do.
final class ServerFixture: Sendable {
    let server: ClientServer
    let service: FixtureService
    let port: UInt16

    init(
        port: UInt16 = 0, loops: Int = 1, connectionLimit: Int = 1000, hasAdmin: Bool = false,
        options: LoopOptions = LoopOptions(),
        timings: WebSocketTimings = WebSocketTimings(), messageWithin: UInt64 = 60_000,
        change: (inout SessionTerms) -> Void = { _ in }
    ) throws {
        guard let address = SocketAddress("127.0.0.1", port: port) else { fatalError("no loopback") }
        var terms = SessionTerms()
        change(&terms)
        let service = try FixtureService()
        self.service = service
        let metrics = NodeMetrics(in: MetricsRegistry(), loops: { [] })
        self.server = try ClientServer(
            loops: loops, options: options, connectionLimit: connectionLimit,
            clients: ClientServer.Port(address: address, terms: terms, service: service) { host in
                let endpoint = FixtureEndpoint(host: host, timings: timings)
                endpoint.terms.messageWithin = messageWithin
                host.add(endpoint)
                host.loop.attach(endpoint)
            }, admin: hasAdmin ? ClientServer.Port(address: address, service: service) : nil, metrics: metrics)
        self.port = self.server.address?.port ?? 0
    }

    func stop() { self.server.stop() }

    /// Publishes on every loop.
    func publish(_ text: String) {
        for loop in self.server.loops {
            loop.post { loop in loop.attachment(FixtureEndpoint.self)?.publish(text) }
        }
    }

    var outboxBytes: Int { self.server.loops.reduce(0) { $0 + $1.figures.outboxBytes } }
    var slowConsumers: UInt64 { self.server.loops.reduce(0) { $0 + $1.figures.slowConsumers } }
}

/// Answers at once, later, never, at length, with the client's address, or with a WebSocket.
struct FixtureService: HTTPService {
    enum Route { case hello, later, twice, never, big, echo, address, socket }

    private let router: Router<Route>
    private let waiting = Locked<[HTTPReply]>([])
    static let bigBody = [UInt8](repeating: 0x78, count: 200_000)

    init() throws {
        self.router = try Router([
            .init(.get, "/hello", .hello), .init(.get, "/later", .later), .init(.get, "/twice", .twice),
            .init(.get, "/never", .never), .init(.get, "/big", .big), .init(.post, "/echo", .echo),
            .init(.get, "/address", .address), .init(.get, "/socket", .socket),
            .init(.get, "/app/{key:string}", .socket),
        ])
    }

    func welcome(_ head: HTTPRequest, in context: HTTPContext) -> HTTPWelcome {
        if head.path == "/refused" {
            return .refused(HTTPResponse(status: .unauthorized, problem: "who are you"))
        }
        return .bodyUpTo(1000)
    }

    func answer(_ request: HTTPRequest, in context: HTTPContext) -> HTTPAnswer {
        guard case .found(let route, _) = self.router.match(request) else {
            return .now(self.router.match(request).response ?? HTTPResponse(status: .notFound))
        }
        switch route {
        case .hello: return .now(Self.text("hello"))
        case .later: return .later { reply in Self.elsewhere { reply.send(Self.text("later")) } }
        case .twice:
            return .later { reply in
                Self.elsewhere {
                    reply.send(Self.text("first"))
                    reply.send(Self.text("second"))
                }
            }
        case .never: return .later { reply in self.waiting.withLock { $0.append(reply) } }
        case .big: return .now(HTTPResponse(status: .ok, body: Self.bigBody))
        case .echo: return .now(HTTPResponse(status: .ok, body: request.body))
        case .address:
            let trusted = TrustedProxies(["127.0.0.0/8"].compactMap { CIDR($0) })
            let client = context.client(of: request, trusting: trusted)
            return .now(Self.text(client.map { "\($0.address) \($0.isSecure)" } ?? "nobody"))
        case .socket: return .upgrade(endpoint: 0)
        }
    }

    /// Answers those who asked for `/never`.
    func answerWaiting() -> Int {
        let replies = self.waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
        for reply in replies { reply.send(Self.text("at last")) }
        return replies.count
    }

    static func text(_ text: String) -> HTTPResponse {
        HTTPResponse(status: .ok, contentType: "text/plain", body: Array(text.utf8))
    }

    private static func elsewhere(_ body: @escaping @Sendable () -> Void) {
        do { try spawnThread(named: "elsewhere", body) } catch { fatalError("\(error)") }
    }
}

/// Sends everything back, and everything that is published to everyone.
final class FixtureEndpoint: WebSocketEndpoint {
    var terms = WebSocketTerms(limits: WebSocketLimits(), deflate: PerMessageDeflate.Policy())
    private unowned let host: SessionHost
    private let broadcast: Broadcast

    init(host: SessionHost, timings: WebSocketTimings) {
        self.host = host
        self.broadcast = Broadcast(host: host)
        self.terms.timings = timings
        self.terms.limits.messageBytes = 100_000
    }

    func publish(_ text: String) {
        Array(text.utf8).withUnsafeBytes { self.broadcast.publish(text: $0) }
    }

    func opened(_ id: ConnectionID, request: HTTPRequest) { self.broadcast.join(id) }

    func received(_ id: ConnectionID, _ payload: UnsafeRawBufferPointer, isText: Bool) {
        if payload.elementsEqual("bye".utf8) { return self.host.closeSocket(id, .normal) }
        self.host.send(payload, to: id, isText: isText)
    }

    func closed(_ id: ConnectionID) { self.broadcast.leave(id) }

    func turnEnded() { self.broadcast.flush() }
}
