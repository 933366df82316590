package import Hotel
internal import Shared
package import Wire

/// A request as its handler sees it.
package struct RESTRequest<Input: RESTInput>: Sendable {
    package let caller: RESTCaller
    package let input: Input
    package let visit: RESTVisit
    /// Whose rows it is about, where the caller has no tenant and says it.
    var tenant: TenantID?

    package init(caller: RESTCaller, input: Input, visit: RESTVisit) {
        self.caller = caller
        self.input = input
        self.visit = visit
    }
}

/// One line of the table: how a request is recognised, what it takes, who may send it, what it answers, and who handles it.
///
/// Everything that the document says of an operation is in here and works here: parameters and body come from the type that
/// reads them, answers from the shape that writes them.
package struct RESTOperation: Sendable {
    /// What a call does, besides what its method says.
    package enum Effect: Sendable {
        /// GET reads; everything else is a write and takes an `Idempotency-Key`.
        case byMethod
        /// Changes nothing that could be done twice (a login, a batch whose parts have their own keys).
        case repeatable
    }

    let method: HTTPMethod
    let path: String
    let id: String
    let summary: String
    let tag: String
    let permission: String?
    let needsCaller: Bool
    let effect: Effect
    let input: RESTInputDescription
    let answers: [RESTAnswerCase]
    /// What it may refuse beyond what every operation of its kind may.
    let refusals: [RefusalCode]
    let handle: @Sendable (RESTArrival) async throws -> HTTPResponse

    /// An operation for callers with a token.
    ///
    /// - Parameters:
    ///   - path: a `RoutePattern`, below `/v1`.
    ///   - id: unique; what generated clients call the function.
    ///   - permission: what the handler will ask for, for readers of the document.
    ///   - refusals: codes that this handler throws; those that the kit itself throws need not be named.
    package init<Input: RESTInput, Output>(
        _ method: HTTPMethod, _ path: String, id: String, _ summary: String, tag: String, permission: String?,
        effect: Effect = .byMethod, takes input: Input.Type, answers: RESTAnswer<Output>,
        refuses refusals: [RefusalCode] = [],
        handler: @escaping @Sendable (RESTRequest<Input>) async throws -> Output
    ) {
        self.init(
            method, path, id, summary, tag, permission, needsCaller: true, effect, RESTReader.describe(Input.self),
            answers.cases, refusals
        ) { arrival in
            // The service resolves the caller before it comes here; without one there is nothing to go on.
            guard let caller = arrival.caller else { throw Refusal(.unauthenticated) }
            let input = try RESTReader.read(Input.self, from: arrival)
            let output = try await handler(RESTRequest(caller: caller, input: input, visit: arrival.visit))
            return answers.response(output)
        }
    }

    /// An operation that anybody may call.
    package static func open<Input: RESTInput, Output>(
        _ method: HTTPMethod, _ path: String, id: String, _ summary: String, tag: String,
        effect: Effect = .byMethod, takes input: Input.Type, answers: RESTAnswer<Output>,
        refuses refusals: [RefusalCode] = [],
        handler: @escaping @Sendable (Input, RESTVisit) async throws -> Output
    ) -> RESTOperation {
        RESTOperation(
            method, path, id, summary, tag, nil, needsCaller: false, effect, RESTReader.describe(Input.self),
            answers.cases, refusals
        ) { arrival in
            let input = try RESTReader.read(Input.self, from: arrival)
            return answers.response(try await handler(input, arrival.visit))
        }
    }

    private init(
        _ method: HTTPMethod, _ path: String, _ id: String, _ summary: String, _ tag: String, _ permission: String?,
        needsCaller: Bool, _ effect: Effect, _ input: RESTInputDescription, _ answers: [RESTAnswerCase],
        _ refusals: [RefusalCode], _ handle: @escaping @Sendable (RESTArrival) async throws -> HTTPResponse
    ) {
        self.method = method
        self.path = path
        self.id = id
        self.summary = summary
        self.tag = tag
        self.permission = permission
        self.needsCaller = needsCaller
        self.effect = effect
        self.input = input
        self.answers = answers
        self.refusals = refusals
        self.handle = handle
    }

    /// Everything that it may refuse, by the order of the codes.
    var allRefusals: [RefusalCode] {
        var codes: Set<RefusalCode> = [
            .malformedRequest, .validationFailed, .payloadTooLarge, .rateLimited, .overloaded, .unavailable,
            .deadlineExceeded, .internalError,
        ]
        if self.needsCaller {
            codes.formUnion([.unauthenticated, .tokenExpired, .tenantSuspended, .tenantPending, .userSuspended])
        }
        if self.permission != nil { codes.insert(.forbidden) }
        // What is named may not be there, a tenant too.
        if self.input.parameters.contains(where: { $0.place == .path || $0.name == "tenant_id" }) {
            codes.insert(.notFound)
        }
        if self.input.body != nil { codes.formUnion([.malformedJSON, .unsupportedMediaType]) }
        if self.input.isWrite { codes.formUnion([.operationMismatch, .outcomeUnknown]) }
        if self.input.readsVersion { codes.insert(.versionConflict) }
        codes.formUnion(self.refusals)
        return RefusalCode.allCases.filter { codes.contains($0) }
    }
}
