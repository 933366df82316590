/// A browser origin, `https://app.example.com`: scheme, host and port, in lower case, without the scheme's own port.
package struct HTTPOrigin: Hashable, Sendable {
    package let text: String
    /// Host and port, as `Host` would say it.
    let authority: String
    let isSecure: Bool

    /// Reads an origin; `null`, paths, users and other schemes are none.
    package init?(_ text: String) {
        let text = text.lowercased()
        let isSecure = text.hasPrefix("https://")
        guard isSecure || text.hasPrefix("http://") else { return nil }
        let authority = String(text.dropFirst(isSecure ? 8 : 7))
        let isValid = Array(authority.utf8).withUnsafeBytes { HTTPHost.isValid($0) }
        guard isValid else { return nil }
        self.authority = HTTPOrigin.withoutDefaultPort(authority, isSecure: isSecure)
        self.text = (isSecure ? "https://" : "http://") + self.authority
        self.isSecure = isSecure
    }

    static func withoutDefaultPort(_ authority: String, isSecure: Bool) -> String {
        let port = isSecure ? ":443" : ":80"
        return authority.hasSuffix(port) ? String(authority.dropLast(port.utf8.count)) : authority
    }
}

/// Which browser pages may read our answers and open our sockets: our own, and those on the list.
package struct CORSPolicy: Sendable, Equatable {
    /// What a request's `Origin` means.
    package enum Verdict: Sendable, Equatable {
        /// No browser, or a navigation: there is nothing to decide.
        case noOrigin
        case sameOrigin
        case allowed(HTTPOrigin)
        case refused
    }

    private let origins: Set<HTTPOrigin>

    /// An empty list leaves the same origin only.
    package init(allowed origins: [HTTPOrigin]) {
        self.origins = Set(origins)
    }

    /// Judges a request.
    ///
    /// - Parameter isSecure: a trusted proxy says the client uses TLS: then only an `https` page is of the same origin.
    package func verdict(_ request: HTTPRequest, isSecure: Bool) -> Verdict {
        guard let value = request.value(.origin) else { return .noOrigin }
        guard let origin = HTTPOrigin(value) else { return .refused }
        if self.origins.contains(origin) { return .allowed(origin) }
        guard let host = request.value(.host)?.lowercased(), origin.isSecure || !isSecure else { return .refused }
        return origin.authority == HTTPOrigin.withoutDefaultPort(host, isSecure: origin.isSecure)
            ? .sameOrigin : .refused
    }

    /// Adds to an answer what lets an allowed page read it; caches are told that the answer depends on the page.
    package func apply(_ verdict: Verdict, to response: inout HTTPResponse) {
        response.setField("Vary", "Origin")
        guard case .allowed(let origin) = verdict else { return }
        response.setField("Access-Control-Allow-Origin", origin.text)
        response.setField("Access-Control-Allow-Credentials", "true")
        response.setField("Access-Control-Expose-Headers", "ETag, Location, Retry-After, X-Request-Id")
    }

    /// The answer to a preflight, `nil` when the request is none.
    ///
    /// - Parameter allow: the methods of the path, from the router.
    package func preflight(_ request: HTTPRequest, verdict: Verdict, allow: String) -> HTTPResponse? {
        guard request.method == .options, request.contains(.accessControlRequestMethod) else { return nil }
        guard case .allowed(let origin) = verdict else {
            var response = HTTPResponse(status: .forbidden, problem: "this origin is not allowed")
            response.setField("Vary", "Origin")
            return response
        }
        var response = HTTPResponse(status: .noContent)
        response.setField("Vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers")
        response.setField("Access-Control-Allow-Origin", origin.text)
        response.setField("Access-Control-Allow-Credentials", "true")
        response.setField("Access-Control-Allow-Methods", allow)
        response.setField(
            "Access-Control-Allow-Headers",
            "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-Requested-With")
        response.setField("Access-Control-Max-Age", "600")
        return response
    }
}
