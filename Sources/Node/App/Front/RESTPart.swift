import Operations
import Realtime
import Wire

/// Brings requests below `/v1`, and for the document that describes them, to their operations.
struct RESTPart: FrontPart {
    let service: RESTService
    let proxies: TrustedProxies

    func serves(_ request: HTTPRequest) -> Bool { self.service.serves(request) }

    func welcome(_ head: HTTPRequest, in context: HTTPContext) -> HTTPWelcome {
        switch self.service.welcome(head, from: context.client(of: head, trusting: self.proxies)) {
        case .bodyUpTo(let limit): .bodyUpTo(limit)
        case .refused(let response): .refused(response)
        }
    }

    func answer(_ request: HTTPRequest, in context: HTTPContext) -> HTTPAnswer {
        switch self.service.dispatch(request, from: context.client(of: request, trusting: self.proxies)) {
        case .now(let response): .now(response)
        case .later(let call): .later { reply in Task { reply.send(await call.run()) } }
        }
    }

    var unfinished: Int {
        let load = self.service.load
        return load.running + load.waiting
    }
}
