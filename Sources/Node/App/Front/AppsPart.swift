import Realtime
import Wire

/// The HTTP API of external apps.
struct AppsPart: FrontPart {
    let api: AppAPI
    private let done = HTTPPrebuiltResponse(AppErrand.empty)

    init(api: AppAPI) { self.api = api }

    func serves(_ request: HTTPRequest) -> Bool { self.api.serves(request) }

    func welcome(_ head: HTTPRequest, in context: HTTPContext) -> HTTPWelcome { self.api.welcome(head) }

    func answer(_ request: HTTPRequest, in context: HTTPContext) -> HTTPAnswer {
        switch self.api.answer(request) {
        case .now(let response): .now(response)
        case .done: .prebuilt(self.done)
        case .later(let errand): .later { reply in Task { reply.send(await errand.run()) } }
        }
    }
}
