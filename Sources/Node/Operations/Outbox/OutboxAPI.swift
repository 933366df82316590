internal import Hotel
internal import Ports
internal import Shared
internal import Wire

/// What a device did while it was offline, sent in order when it is back (`domain.md` 11.3).
///
/// Each operation is a call of this API and is carried out as if it had come alone, under its own id. One that is refused does
/// not stop those behind it, unless they name it; what the stores cannot do now stops all that follows, so that the order is kept.
package final class OutboxAPI: Sendable {
    package static let tag = RESTTag("Outbox", "What was done offline.")

    /// The table holds this API with its operations: it must not be held in turn.
    private struct Served {
        weak var table: RESTTable?
    }

    private let served = Locked(Served())

    package init() {}

    /// Makes the calls of this table, for as long as somebody else holds it; to be said once, before requests come.
    package func serve(_ table: RESTTable) { self.served.withLock { $0.table = table } }

    package var operations: [RESTOperation] {
        [
            RESTOperation(
                .post, "/v1/ops", id: "sendOperations", "Carries out what was done offline, in order.",
                tag: Self.tag.name, permission: nil, effect: .repeatable, takes: OutboxInput.self,
                answers: .one(OutboxResult.list)
            ) { await self.perform($0) }
        ]
    }

    private func perform(_ request: RESTRequest<OutboxInput>) async -> [OutboxResult] {
        guard let table = self.served.withLock({ $0.table }) else { return [] }
        var results: [OutboxResult] = []
        var failed: Set<OperationID> = []
        var isStopped = false
        for operation in request.input.operations {
            let result: OutboxResult
            if isStopped {
                result = OutboxResult(notTried: operation)
            } else if let cause = operation.dependsOn.first(where: { failed.contains($0) }) {
                result = OutboxResult(skipped: operation, because: cause)
            } else {
                let response = await OutboxCall(operation, table).perform(for: request)
                result = OutboxResult(operation, response)
                isStopped = response.status.rawValue >= 500
            }
            if !result.isDone { failed.insert(operation.id) }
            results.append(result)
        }
        return results
    }
}

/// What the request says.
struct OutboxInput: RESTInput {
    static let most = 100

    let operations: [OutboxOperation]

    init(reading request: inout RESTReader) {
        self.operations = request.bodyList(of: OutboxOperation.self, count: 1...Self.most)
    }
}

/// One thing that was done offline.
struct OutboxOperation: JSONDecodable {
    static let schemaName = "OfflineOperation"

    let id: OperationID
    let effectiveAt: Timestamp?
    let dependsOn: [OperationID]
    /// `PATCH /v1/rooms/…`
    let call: String
    let body: JSONObject?

    init(fields: inout JSONFields) {
        self.id = fields.required("op_id", .id())
        self.effectiveAt = fields.optional("effective_at", .timestamp)
        self.dependsOn = fields.optional("depends_on", .array(of: .id(), count: 0...OutboxInput.most)) ?? []
        self.call = fields.required(
            "call",
            .string(9...512).parsed(placeholder: "", pattern: "^(POST|PUT|PATCH|DELETE) /v1/[!-~]+$") { text in
                let words = text.split(separator: " ", omittingEmptySubsequences: false)
                let isCall =
                    words.count == 2 && ["POST", "PUT", "PATCH", "DELETE"].contains(words[0])
                    && words[1].hasPrefix("/v1/") && words[1].utf8.count > 4
                    && words[1].utf8.allSatisfy { (0x21...0x7E).contains($0) }
                return isCall ? text : nil
            })
        let body = fields.optional("body", .any)
        if case .object(let object)? = body {
            self.body = object
        } else {
            self.body = nil
            if let body, body != .null { fields.fail("body", .type) }
        }
    }
}

/// One operation of an outbox as a request of its own: it goes through the same parser, the same table and the same rules.
private struct OutboxCall {
    private let operation: OutboxOperation
    private let table: RESTTable

    init(_ operation: OutboxOperation, _ table: RESTTable) {
        self.operation = operation
        self.table = table
    }

    func perform(for request: RESTRequest<OutboxInput>) async -> HTTPResponse {
        let visit = request.visit
        do {
            guard let http = self.request() else { throw Refusal(.malformedRequest) }
            guard case .found(let index, let path) = self.table.router.match(http) else { throw Refusal(.notFound) }
            let target = self.table.operations[index]
            // An outbox within an outbox would go round the bound on either.
            guard target.input.isWrite else { throw Refusal(.methodNotAllowed) }
            let inner = RESTVisit(
                requestID: visit.requestID, deadline: visit.deadline, client: visit.client, origin: visit.origin,
                http: try self.request(for: target) ?? http)
            return try await target.handle(
                RESTArrival(
                    visit: inner, path: path, caller: request.caller, operationID: target.id, cursorKeys: [],
                    limits: RESTLimits()))
        } catch let refusable as any RESTRefusable {
            return refusable.refusal.response(requestID: visit.requestID)
        } catch {
            return Refusal(.internalError).response(requestID: visit.requestID)
        }
    }

    /// The call with the body that its operation takes: when it was done goes along where that is asked for.
    private func request(for target: RESTOperation) throws -> HTTPRequest? {
        guard let at = self.operation.effectiveAt, case .object(let schema)? = target.input.body?.schema,
            schema.members.contains(where: { $0.name == "effective_at" })
        else { return nil }
        var body = self.operation.body ?? JSONObject()
        if body["effective_at"] == nil { body["effective_at"] = .string(at.description) }
        return self.request(with: body)
    }

    private func request(with body: JSONObject? = nil) -> HTTPRequest? {
        let body = (body ?? self.operation.body).map { JSONValue.object($0).serialized } ?? []
        let type = body.isEmpty ? "" : "Content-Type: application/json\r\n"
        let text = """
            \(self.operation.call) HTTP/1.1\r\nHost: outbox\r\nIdempotency-Key: \(self.operation.id)\r\n\
            \(type)Content-Length: \(body.count)\r\n\r\n
            """
        return HTTPRequestParser.whole(Array(text.utf8) + body)
    }
}

/// What became of one operation.
struct OutboxResult: Sendable {
    enum Word: String, CaseIterable, Sendable {
        /// It was tried; the status and the body say what came of it.
        case answered
        /// One that it depends on was not done.
        case skipped
        /// The stores could not do one before it: to be sent again.
        case notTried = "not_tried"
    }

    let id: OperationID
    let word: Word
    let status: Int?
    /// The answer as the call alone would have had it.
    let body: [UInt8]?
    let cause: OperationID?

    var isDone: Bool { self.status.map { $0 < 300 } ?? false }

    init(_ operation: OutboxOperation, _ response: HTTPResponse) {
        self.id = operation.id
        self.word = .answered
        self.status = Int(response.status.rawValue)
        self.body = response.body.isEmpty ? nil : response.body
        self.cause = nil
    }

    init(skipped operation: OutboxOperation, because cause: OperationID) {
        (self.id, self.word, self.status, self.body, self.cause) = (operation.id, .skipped, nil, nil, cause)
    }

    init(notTried operation: OutboxOperation) {
        (self.id, self.word, self.status, self.body, self.cause) = (operation.id, .notTried, nil, nil, nil)
    }

    private static let shape = JSONShape<OutboxResult>.object("OfflineResult") { members in
        members.member("op_id", .id(), \.id)
        members.member("result", .oneOf(Word.self), \.word)
        members.nullable("status", .int(200...599), \.status)
        members.nullable("body", JSONShape<[UInt8]>(.anyObject) { $1.raw($0) }, \.body)
        members.nullable("because_of", .id(), \.cause)
    }

    static let list = JSONShape<[OutboxResult]>.object("OfflineResults") { members in
        members.member("results", .array(of: Self.shape)) { $0 }
    }
}
