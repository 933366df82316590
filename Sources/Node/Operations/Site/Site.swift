package import Wire

/// What one port serves over HTTP: a table of routes, the pages, and who may read the answers from another origin.
///
/// It knows neither sockets nor threads: it is asked, and says what the answer is or how to come by it.
package struct Site: Sendable {
    /// How a request is answered.
    package enum Answer: Sendable {
        /// One of the answers that are the same each time.
        case prebuilt(HTTPPrebuiltResponse)
        case now(HTTPResponse)
        /// It takes longer than an event loop may be kept: to be called on another thread.
        case slow(@Sendable () -> HTTPResponse)
    }

    private enum Route: Sendable {
        case health(HealthEndpoints.Endpoint)
    }

    private let port: HealthEndpoints.Port
    private let health: HealthEndpoints
    private let cors: CORSPolicy
    private let files: StaticFiles?
    private let router: Router<Route>
    /// Health answers of one word, made once: balancers ask for them all day.
    private let words: [(answer: HealthAnswer, response: HTTPPrebuiltResponse)]

    package init(
        port: HealthEndpoints.Port, health: HealthEndpoints, cors: CORSPolicy, files: StaticFiles? = nil
    ) throws(RouteError) {
        self.port = port
        self.health = health
        self.cors = cors
        self.files = files
        var routes: [Router<Route>.Route] = []
        for endpoint in HealthEndpoints.Endpoint.allCases {
            routes.append(try .init(.get, endpoint.rawValue, .health(endpoint)))
        }
        self.router = try Router(routes)
        self.words = HealthEndpoints.words.map { ($0, HTTPPrebuiltResponse(HTTPResponse($0))) }
    }

    /// Answers a complete request.
    ///
    /// - Parameter isSecure: whether the client came over TLS, as far as a trusted proxy says so.
    package func answer(_ request: HTTPRequest, isSecure: Bool) -> Answer {
        let match = self.router.match(request)
        guard request.contains(.origin) else { return self.answer(match, request) }
        let verdict = self.cors.verdict(request, isSecure: isSecure)
        if case .options(let allow) = match,
            let response = self.cors.preflight(request, verdict: verdict, allow: allow)
        {
            return .now(response)
        }
        return self.answer(match, request).readable(by: self.cors, verdict)
    }

    /// The answer to a request that leads nowhere, whatever its body says.
    package func refusal(of head: HTTPRequest) -> HTTPResponse? { self.router.match(head).response }

    private func answer(_ match: RouteMatch<Route>, _ request: HTTPRequest) -> Answer {
        switch match {
        case .found(.health(let endpoint), _): self.answer(endpoint)
        case .notFound:
            .now(self.page(request) ?? match.response ?? HTTPResponse(status: .notFound))
        case .options, .methodNotAllowed, .methodNotImplemented:
            .now(match.response ?? HTTPResponse(status: .notFound))
        }
    }

    private func page(_ request: HTTPRequest) -> HTTPResponse? {
        guard let response = self.files?.response(to: request) else { return nil }
        if request.method == .get || request.method == .head { return response }
        return RouteMatch<Route>.methodNotAllowed(allow: "GET, HEAD").response
    }

    private func answer(_ endpoint: HealthEndpoints.Endpoint) -> Answer {
        // Reports walk through /proc: with twenty thousand open descriptors that takes milliseconds.
        if self.health.isReport(endpoint, on: self.port) {
            let (health, port) = (self.health, self.port)
            return .slow { health.answer(endpoint, on: port).map { HTTPResponse($0) } ?? Self.nothing }
        }
        guard let answer = self.health.answer(endpoint, on: self.port) else { return .now(Self.nothing) }
        if let word = self.words.first(where: { $0.answer == answer }) { return .prebuilt(word.response) }
        return .now(HTTPResponse(answer))
    }

    private static var nothing: HTTPResponse { HTTPResponse(status: .notFound, problem: "nothing is here") }
}

extension Site.Answer {
    /// The same answer, marked for the browser page that asked.
    fileprivate func readable(by cors: CORSPolicy, _ verdict: CORSPolicy.Verdict) -> Site.Answer {
        switch self {
        case .prebuilt(let prebuilt):
            var response = prebuilt.response
            cors.apply(verdict, to: &response)
            return .now(response)
        case .now(var response):
            cors.apply(verdict, to: &response)
            return .now(response)
        case .slow(let work):
            return .slow {
                var response = work()
                cors.apply(verdict, to: &response)
                return response
            }
        }
    }
}

extension HTTPResponse {
    fileprivate init(_ answer: HealthAnswer) {
        self.init(status: HTTPStatus(rawValue: UInt16(clamping: answer.status)), body: answer.body)
        self.setField("Content-Type", answer.contentType)
        self.setField("Cache-Control", "no-store")
    }
}
