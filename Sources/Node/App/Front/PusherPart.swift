import Realtime
import Wire

/// The sockets of Pusher clients, `/app/{key}`: of the hotel's own app, and of external ones.
///
/// Pages of other sites open none of the hotel's: what `Origin` says is looked at first. External apps say themselves whose pages
/// may come.
struct PusherPart: FrontPart {
    let endpoint: Int
    let externalEndpoint: Int
    let apps: ExternalApps
    let cors: CORSPolicy
    let proxies: TrustedProxies

    private static let root = "/app/"

    func serves(_ request: HTTPRequest) -> Bool {
        let path = request.path
        return path.hasPrefix(Self.root) && !path.dropFirst(Self.root.count).contains("/")
    }

    func welcome(_ head: HTTPRequest, in context: HTTPContext) -> HTTPWelcome { .bodyUpTo(0) }

    func answer(_ request: HTTPRequest, in context: HTTPContext) -> HTTPAnswer {
        guard request.wantsUpgrade else {
            var response = HTTPResponse(status: .upgradeRequired, problem: "this is a WebSocket")
            response.setField("Upgrade", "websocket")
            return .now(response)
        }
        if self.apps.index(ofKey: String(request.path.dropFirst(Self.root.count))) != nil {
            return .upgrade(endpoint: self.externalEndpoint)
        }
        let isSecure = context.client(of: request, trusting: self.proxies)?.isSecure ?? false
        guard self.cors.verdict(request, isSecure: isSecure) != .refused else {
            return .now(HTTPResponse(status: .forbidden, problem: "this origin is not allowed"))
        }
        return .upgrade(endpoint: self.endpoint)
    }
}
