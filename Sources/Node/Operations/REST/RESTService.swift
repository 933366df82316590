internal import Hotel
package import Shared
package import Wire

/// The REST side of a node: brings requests to their operations and makes answers of what becomes of them.
///
/// It is asked on event loops and never blocks there: what can be refused by looking at the head is refused at once, all else
/// is a `RESTCall`. Nothing below `/v1` is cached anywhere, and nothing that was not meant for clients reaches one.
package final class RESTService: Sendable {
    private let table: RESTTable
    private let callers: any CallerResolver
    private let cors: CORSPolicy
    private let limits: RESTLimits
    private let cursorKeys: [[UInt8]]
    private let gate: RESTGate
    private let log: Logger
    private let documents: StaticFiles

    /// - Parameters:
    ///   - documents: to be served beside the table's own, in the same way.
    ///   - cursorKeys: what cursors are sealed with, the same on all nodes; the first seals, all open.
    package init(
        _ table: RESTTable, documents: [StaticFile] = [], callers: any CallerResolver, cors: CORSPolicy,
        cursorKeys: [[UInt8]], limits: RESTLimits = RESTLimits(), log: Logger
    ) {
        precondition(!cursorKeys.isEmpty, "cursors need a key")
        self.table = table
        self.callers = callers
        self.cors = cors
        self.limits = limits
        self.cursorKeys = cursorKeys
        self.gate = RESTGate(limits)
        self.log = log
        self.documents = StaticFiles(
            [StaticFile(path: String(RESTTable.documentPath.dropFirst()), bytes: table.document)] + documents)
    }

    /// How many operations run and how many wait, for metrics.
    package var load: (running: Int, waiting: Int) { self.gate.load }

    /// Whether the request is for the REST side at all.
    package func serves(_ request: HTTPRequest) -> Bool {
        let path = request.path
        return self.documents.serves(path) || path == RESTTable.root || path.hasPrefix(RESTTable.root + "/")
    }

    /// Says, before the body of a request is read, how many bytes of it are wanted, or refuses it.
    package func welcome(_ head: HTTPRequest, from client: ClientAddress?) -> RESTWelcome {
        let visit = self.visit(head, client)
        switch self.approach(visit) {
        case .refused(let response): return .refused(response)
        case .document: return .bodyUpTo(0)
        case .operation(let operation, _, _):
            if let length = head.contentLength, length > self.bodyBytes(of: operation) {
                return .refused(self.finish(Refusal(.payloadTooLarge), visit))
            }
            return .bodyUpTo(self.bodyBytes(of: operation))
        }
    }

    /// Says what becomes of a complete request.
    package func dispatch(_ request: HTTPRequest, from client: ClientAddress?) -> RESTDispatch {
        let visit = self.visit(request, client)
        switch self.approach(visit) {
        case .refused(let response): return .now(response)
        case .document: return self.answerDocument(visit)
        case .operation(let operation, let path, let token):
            guard request.body.count <= self.bodyBytes(of: operation) else {
                return .now(self.finish(Refusal(.payloadTooLarge), visit))
            }
            guard let place = self.gate.reserve() else {
                self.log.warning("rest.overloaded", ["operation": .string(operation.id)])
                return .now(self.finish(Refusal(.overloaded), visit))
            }
            return .later(
                RESTCall(place, deadline: visit.deadline) {
                    await self.perform(operation, visit, path, token)
                } refuse: { code in
                    self.log.warning(
                        "rest.given_up",
                        [
                            "request": .string(visit.requestID), "operation": .string(operation.id),
                            "code": .string(code.rawValue),
                        ])
                    return self.finish(Refusal(code), visit)
                })
        }
    }

    private func bodyBytes(of operation: RESTOperation) -> Int {
        operation.input.body == nil ? 0 : self.limits.bodyBytes
    }

    private func visit(_ request: HTTPRequest, _ client: ClientAddress?) -> RESTVisit {
        RESTVisit(
            requestID: ID<Subject.Correlation>.new().description, deadline: .now + self.limits.deadline,
            client: client, origin: self.cors.verdict(request, isSecure: client?.isSecure ?? false), http: request)
    }
}

/// What is said to a request whose body has not been read.
package enum RESTWelcome: Sendable {
    case bodyUpTo(Int)
    case refused(HTTPResponse)
}

// MARK: - Before the operation

extension RESTService {
    /// Where a head leads.
    private enum Approach {
        case refused(HTTPResponse)
        case document
        case operation(RESTOperation, RouteParameters, token: String?)
    }

    private func approach(_ visit: RESTVisit) -> Approach {
        let request = visit.http
        if self.documents.serves(request.path) { return .document }
        switch self.table.router.match(request) {
        case .notFound: return .refused(self.finish(Refusal(.notFound), visit))
        case .methodNotImplemented: return .refused(self.finish(Refusal(.methodNotImplemented), visit))
        case .methodNotAllowed(let allow):
            var response = Refusal(.methodNotAllowed).response(requestID: visit.requestID)
            response.setField("Allow", allow)
            return .refused(self.finish(response, visit))
        case .options(let allow): return .refused(self.options(allow, visit))
        case .found(let index, let path):
            let operation = self.table.operations[index]
            if let refusal = self.refusal(of: request, operation) { return .refused(self.finish(refusal, visit)) }
            return .operation(operation, path, token: BearerToken.read(request))
        }
    }

    /// What can be said against a request by its head alone.
    private func refusal(of request: HTTPRequest, _ operation: RESTOperation) -> Refusal? {
        // First: who may not ask learns nothing else, and nobody's body is read who has not shown a token.
        if operation.needsCaller, BearerToken.read(request) == nil { return Refusal(.unauthenticated) }
        guard operation.input.body != nil, request.contains(.contentType) || self.announcesBody(request) else {
            return nil
        }
        return Self.isJSON(request.value(.contentType)) ? nil : Refusal(.unsupportedMediaType)
    }

    private func announcesBody(_ request: HTTPRequest) -> Bool {
        !request.body.isEmpty || (request.contentLength ?? 0) > 0 || request.contains(.transferEncoding)
    }

    /// `application/json`, with nothing beside it but UTF-8, which it is anyway.
    private static func isJSON(_ contentType: String?) -> Bool {
        let parts = (contentType ?? "").lowercased().split(separator: ";", omittingEmptySubsequences: false)
            .map { $0.filter { $0 != " " && $0 != "\t" && $0 != "\"" } }
        guard parts.first == "application/json" else { return false }
        return parts.dropFirst().allSatisfy { $0.isEmpty || $0 == "charset=utf-8" }
    }

    private func options(_ allow: String, _ visit: RESTVisit) -> HTTPResponse {
        if let preflight = self.cors.preflight(visit.http, verdict: visit.origin, allow: allow) { return preflight }
        var response = HTTPResponse(status: .noContent)
        response.setField("Allow", allow)
        return self.finish(response, visit)
    }

    private func answerDocument(_ visit: RESTVisit) -> RESTDispatch {
        switch visit.http.method {
        case .get, .head:
            guard var response = self.documents.response(to: visit.http) else {
                return .now(self.finish(Refusal(.notFound), visit))
            }
            if visit.origin != .noOrigin { self.cors.apply(visit.origin, to: &response) }
            return .now(response)
        case .options: return .now(self.options("GET, HEAD, OPTIONS", visit))
        case .other: return .now(self.finish(Refusal(.methodNotImplemented), visit))
        case .post, .put, .patch, .delete, .trace:
            var response = Refusal(.methodNotAllowed).response(requestID: visit.requestID)
            response.setField("Allow", "GET, HEAD, OPTIONS")
            return .now(self.finish(response, visit))
        }
    }
}

// MARK: - The operation and after

extension RESTService {
    private func perform(
        _ operation: RESTOperation, _ visit: RESTVisit, _ path: RouteParameters, _ token: String?
    ) async -> HTTPResponse {
        let response: HTTPResponse
        do {
            var caller: RESTCaller?
            if operation.needsCaller, let token {
                caller = try await self.callers.caller(bearing: token, on: visit)
            }
            let answer = try await operation.handle(
                RESTArrival(
                    visit: visit, path: path, caller: caller, operationID: operation.id, cursorKeys: self.cursorKeys,
                    limits: self.limits))
            response = self.finish(answer, visit)
        } catch {
            var refused = self.refusal(of: error, operation, visit).response(requestID: visit.requestID)
            for field in (error as? any RESTRefusable)?.fields ?? [] { refused.setField(field.name, field.value) }
            response = self.finish(refused, visit)
        }
        self.log.info(
            "rest.answered",
            [
                "request": .string(visit.requestID), "operation": .string(operation.id),
                "status": .int(Int(response.status.rawValue)),
                "duration_ms": .milliseconds(.now - visit.deadline + self.limits.deadline),
            ])
        return response
    }

    /// What a client is told of an error. Of one that is not meant for clients: that there was one, and its number in the log.
    private func refusal(of error: any Error, _ operation: RESTOperation, _ visit: RESTVisit) -> Refusal {
        let refusal: Refusal
        switch error {
        case let refusable as any RESTRefusable: refusal = refusable.refusal
        case is CancellationError: refusal = Refusal(.deadlineExceeded)
        default: refusal = Refusal(.internalError)
        }
        if refusal.code == .internalError {
            self.log.error(
                "rest.failed",
                [
                    "request": .string(visit.requestID), "operation": .string(operation.id), "error": .error(error),
                ])
            return Refusal(.internalError)
        }
        if !operation.allRefusals.contains(refusal.code) {
            self.log.warning(
                "rest.undocumented", ["operation": .string(operation.id), "code": .string(refusal.code.rawValue)])
        }
        return refusal
    }

    private func finish(_ refusal: Refusal, _ visit: RESTVisit) -> HTTPResponse {
        self.finish(refusal.response(requestID: visit.requestID), visit)
    }

    /// Adds what all answers below `/v1` have.
    private func finish(_ response: HTTPResponse, _ visit: RESTVisit) -> HTTPResponse {
        var response = response
        response.setField("Cache-Control", "no-store")
        response.setField("X-Request-Id", visit.requestID)
        if visit.origin != .noOrigin { self.cors.apply(visit.origin, to: &response) }
        return response
    }
}
