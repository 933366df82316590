import Operations
import Realtime
import Wire

/// Brings questions for signatures to whom signs.
struct BroadcastingPart: FrontPart {
    let service: BroadcastingService
    let proxies: TrustedProxies

    func serves(_ request: HTTPRequest) -> Bool {
        request.path == BroadcastingService.path || request.path == BroadcastingService.userPath
    }

    func welcome(_ head: HTTPRequest, in context: HTTPContext) -> HTTPWelcome {
        let isSecure = context.client(of: head, trusting: self.proxies)?.isSecure ?? false
        if let refusal = self.service.refusal(of: head, isSecure: isSecure) { return .refused(refusal) }
        return .bodyUpTo(ChannelSigning.longestBody)
    }

    func answer(_ request: HTTPRequest, in context: HTTPContext) -> HTTPAnswer {
        let isSecure = context.client(of: request, trusting: self.proxies)?.isSecure ?? false
        if let refusal = self.service.refusal(of: request, isSecure: isSecure) { return .now(refusal) }
        return .later { reply in
            Task { reply.send(await self.service.answer(request, isSecure: isSecure)) }
        }
    }

    var unfinished: Int { self.service.unfinished }
}
