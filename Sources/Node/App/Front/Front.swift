import Reactor
import Realtime
import Wire

/// What one port serves: of its parts the first to which a request belongs answers it, and the pages answer all else.
struct Front: HTTPService {
    /// Makes what is behind a WebSocket path, for one loop.
    typealias MakeEndpoint = @Sendable (SessionHost, Hub) -> any WebSocketEndpoint

    private var parts: [any FrontPart] = []
    private let pages: SitePart
    /// In the order of their numbers.
    private(set) var endpoints: [MakeEndpoint] = []

    init(pages: SitePart) { self.pages = pages }

    /// Adds paths behind those that are there.
    mutating func add(_ part: any FrontPart) { self.parts.append(part) }

    /// Adds what is behind a WebSocket path.
    ///
    /// - Parameter endpoint: makes it; called once per loop.
    /// - Returns: the number that `HTTPAnswer.upgrade` names it by.
    mutating func add(_ endpoint: @escaping MakeEndpoint) -> Int {
        self.endpoints.append(endpoint)
        return self.endpoints.count - 1
    }

    /// The port that serves all of it, with a hub on each of its loops.
    func port(
        at address: SocketAddress, terms: SessionTerms = SessionTerms(), doors: FanoutDoors, metrics: FanoutMetrics
    ) -> ClientServer.Port {
        let endpoints = self.endpoints
        return ClientServer.Port(address: address, terms: terms, service: self) { host in
            let hub = Hub(host: host, doors: doors, metrics: metrics, names: .catalogue)
            for make in endpoints { host.add(make(host, hub)) }
        }
    }

    /// Operations that have not ended.
    var unfinished: Int { self.parts.reduce(0) { $0 + $1.unfinished } }

    func welcome(_ head: HTTPRequest, in context: HTTPContext) -> HTTPWelcome {
        for part in self.parts where part.serves(head) { return part.welcome(head, in: context) }
        return self.pages.welcome(head, in: context)
    }

    func answer(_ request: HTTPRequest, in context: HTTPContext) -> HTTPAnswer {
        for part in self.parts where part.serves(request) { return part.answer(request, in: context) }
        return self.pages.answer(request, in: context)
    }
}
