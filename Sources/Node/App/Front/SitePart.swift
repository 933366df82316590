import Operations
import Realtime
import Wire

/// Health, metrics and pages of a port: whatever belongs to no other part.
struct SitePart: FrontPart {
    let site: Site
    let proxies: TrustedProxies
    let workbench: Workbench

    func serves(_ request: HTTPRequest) -> Bool { true }

    func welcome(_ head: HTTPRequest, in context: HTTPContext) -> HTTPWelcome {
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
