import Reactor
import Realtime
import Shared
import Wire

/// The peer's few paths.
struct PeerService: HTTPService {
    private enum Route {
        case echo, fanout, publish, ready
    }

    private static let bodyBytes = 1 << 20

    let desk: FanoutDesk
    private let router: Router<Route>
    private let accepted = HTTPPrebuiltResponse(HTTPResponse(status: .noContent))
    private let ready = HTTPPrebuiltResponse(
        HTTPResponse(status: .ok, contentType: "text/plain", body: Array("ready\n".utf8)))

    init(desk: FanoutDesk) throws(RouteError) {
        self.desk = desk
        self.router = try Router([
            try .init(.get, "/echo", .echo),
            try .init(.get, "/fanout", .fanout),
            try .init(.post, "/fanout", .publish),
            try .init(.get, "/readyz", .ready),
        ])
    }

    func welcome(_ head: HTTPRequest, in context: HTTPContext) -> HTTPWelcome { .bodyUpTo(Self.bodyBytes) }

    func answer(_ request: HTTPRequest, in context: HTTPContext) -> HTTPAnswer {
        switch self.router.match(request) {
        case .found(.echo, _): return .upgrade(endpoint: 0)
        case .found(.fanout, _): return .upgrade(endpoint: 1)
        case .found(.ready, _): return .prebuilt(self.ready)
        case .found(.publish, _):
            var validator = UTF8Validator()
            guard request.body.withUnsafeBytes({ validator.feed($0) }), validator.isComplete else {
                return .now(HTTPResponse(status: .badRequest, problem: "the body is not UTF-8"))
            }
            self.desk.publish(request.body, from: context.loop)
            return .prebuilt(self.accepted)
        case let refusal: return .now(refusal.response ?? HTTPError.methodNotImplemented.response)
        }
    }
}
