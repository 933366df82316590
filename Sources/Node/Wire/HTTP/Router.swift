internal import Shared

/// The parameters of a matched path; they keep the path's bytes alive and decode nothing before they are asked.
package struct RouteParameters: Sendable {
    private let names: [String]
    private let bytes: [UInt8]
    private let offset: Int
    private let captures: RouteTable.Captures

    init(names: [String], bytes: [UInt8], offset: Int, captures: RouteTable.Captures) {
        self.names = names
        self.bytes = bytes
        self.offset = offset
        self.captures = captures
    }

    /// The parameter's text; `nil` when the route has none of that name.
    package func string(_ name: String) -> String? {
        self.withBytes(name) { String(decoding: $0, as: UTF8.self) }
    }

    /// The value of an `int` parameter.
    package func int(_ name: String) -> Int? {
        self.string(name).flatMap { Int($0) }
    }

    /// The value of a `uuid` parameter, its first digit in the highest bits.
    package func uuid(_ name: String) -> UInt128? {
        self.withBytes(name) { UUIDText.parse($0) } ?? nil
    }

    private func withBytes<Result>(_ name: String, _ body: (UnsafeRawBufferPointer) -> Result) -> Result? {
        guard let position = self.names.firstIndex(of: name), position < Int(self.captures.count) else { return nil }
        let start = self.offset &+ Int(self.captures.starts[position])
        let end = start &+ Int(self.captures.counts[position])
        return self.bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[start..<end])) }
    }
}

/// What a request's method and path lead to.
package enum RouteMatch<Handler: Sendable>: Sendable {
    case found(Handler, RouteParameters)
    /// OPTIONS on a known path, or on `*`: the table is the answer.
    case options(allow: String)
    /// 405 with `Allow`.
    case methodNotAllowed(allow: String)
    /// 501: no method of this server.
    case methodNotImplemented
    case notFound

    /// The answer, unless there is a handler to give it.
    package var response: HTTPResponse? {
        switch self {
        case .found:
            return nil
        case .options(let allow):
            var response = HTTPResponse(status: .noContent)
            response.setField("Allow", allow)
            return response
        case .methodNotAllowed(let allow):
            var response = HTTPResponse(status: .methodNotAllowed, problem: "the method is not allowed here")
            response.setField("Allow", allow)
            return response
        case .methodNotImplemented:
            return HTTPError.methodNotImplemented.response
        case .notFound:
            return HTTPResponse(status: .notFound, problem: "nothing is here")
        }
    }
}

/// A table of routes, built and checked once at start, then only read, from any thread.
package struct Router<Handler: Sendable>: Sendable {
    /// One line of the table.
    package struct Route: Sendable {
        package let method: HTTPMethod
        package let pattern: RoutePattern
        package let handler: Handler

        /// Throws when `pattern` is not well-formed.
        package init(_ method: HTTPMethod, _ pattern: String, _ handler: Handler) throws(RouteError) {
            self.method = method
            self.pattern = try RoutePattern(pattern)
            self.handler = handler
        }
    }

    /// The table as it was given: documents are generated from it.
    package let routes: [Route]
    @usableFromInline package let handlers: [Handler]
    @usableFromInline package let table: RouteTable

    /// Throws when a route is there twice or when a path could fit two patterns.
    package init(_ routes: [Route]) throws(RouteError) {
        self.routes = routes
        self.handlers = routes.map(\.handler)
        self.table = try RouteTable(routes.map { ($0.method, $0.pattern) })
    }

    /// Finds the handler of a request.
    ///
    /// Inlined because the caller knows `Handler`; the search itself does not need it and is an ordinary call.
    @inlinable
    package func match(_ request: HTTPRequest) -> RouteMatch<Handler> {
        switch self.table.match(request) {
        case .route(let index, let parameters): .found(self.handlers[index], parameters)
        case .options(let allow): .options(allow: allow)
        case .methodNotAllowed(let allow): .methodNotAllowed(allow: allow)
        case .methodNotImplemented: .methodNotImplemented
        case .notFound: .notFound
        }
    }
}

/// What a path leads to in the table, by the number of the route.
package enum RouteIndexMatch: Sendable {
    case route(Int, RouteParameters)
    case options(allow: String)
    case methodNotAllowed(allow: String)
    case methodNotImplemented
    case notFound
}

extension RouteTable {
    /// Finds the route of a request; an escaped path is decoded before.
    package func match(_ request: HTTPRequest) -> RouteIndexMatch {
        guard request.method != .other else { return .methodNotImplemented }
        if request.head.traits.contains(.escapedPath) {
            let path = request.withPath { HTTPPath.decoded($0) }
            return self.match(request.method, path: path, offset: 0, count: path.count)
        }
        let offset = Int(request.head.targetStart)
        return self.match(request.method, path: request.storage, offset: offset, count: Int(request.head.pathCount))
    }

    private func match(_ method: HTTPMethod, path: [UInt8], offset: Int, count: Int) -> RouteIndexMatch {
        if path[offset] != UInt8(ascii: "/") { return .options(allow: self.allow) }
        let outcome = path.withUnsafeBytes { bytes in
            self.find(method, UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset &+ count)]))
        }
        switch outcome {
        case .route(let index, let captures):
            let names = self.parameterNames[index]
            return .route(index, RouteParameters(names: names, bytes: path, offset: offset, captures: captures))
        case .wrongMethod(let allow):
            return method == .options ? .options(allow: allow) : .methodNotAllowed(allow: allow)
        case .nothing:
            return .notFound
        }
    }
}
