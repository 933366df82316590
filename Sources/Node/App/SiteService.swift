import Operations
import Realtime
import Wire

/// Brings a port's connections to its site.
struct SiteService: HTTPService {
    let site: Site
    let proxies: TrustedProxies
    let workbench: Workbench

    func welcome(_ head: HTTPRequest) -> HTTPWelcome {
        // Nothing that is served takes a body: whoever sends one is told so before it is read.
        if let refusal = self.site.refusal(of: head) { return .refused(refusal) }
        return .bodyUpTo(0)
    }

    func answer(_ request: HTTPRequest, in context: HTTPContext) -> HTTPAnswer {
        // Only pages of other origins depend on it, and finding it out is not free.
        let isSecure =
            request.contains(.origin) && context.client(of: request, trusting: self.proxies)?.isSecure ?? false
        switch self.site.answer(request, isSecure: isSecure) {
        case .prebuilt(let response): return .prebuilt(response)
        case .now(let response): return .now(response)
        case .slow(let work):
            return .later { reply in
                guard self.workbench.take({ reply.send(work()) }) else {
                    var busy = HTTPResponse(status: .serviceUnavailable, problem: "too many reports are asked for")
                    busy.setField("Retry-After", "1")
                    return reply.send(busy)
                }
            }
        }
    }
}
