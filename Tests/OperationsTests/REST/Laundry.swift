import Crypto
import Hotel
import Shared
import TestSupport
import Testing
import Wire

@testable import Operations

/// A node's REST side with towels behind it: requests go in as bytes and answers come out as bytes, each of them held against
/// the document.
final class Laundry: RESTBench {
    static let token = "good-token"
    static let caller = Laundry.caller(of: TenantID(raw: 1))
    static let key = "018f3f54-1f2e-7c3a-9d4b-5a6b7c8d9e0f"

    let linen = Linen()
    let slow: Slow
    let lines = KeptLines()
    let table: RESTTable
    let service: RESTService
    let check: DocumentCheck

    init(limits: RESTLimits = RESTLimits(), cursorKeys: [[UInt8]] = [[1, 2, 3]], slow: Slow = Slow()) throws {
        self.slow = slow
        let outbox = OutboxAPI()
        self.table = try RESTTable(
            Self.operations(self.linen, slow) + outbox.operations,
            tags: [
                RESTTag("Towels", "What guests dry themselves with."), RESTTag("Trials", "What goes wrong."),
                OutboxAPI.tag,
            ])
        outbox.serve(self.table)
        self.check = try DocumentCheck(self.table.document)
        self.service = RESTService(
            self.table, callers: Tokens(),
            cors: CORSPolicy(allowed: [try #require(HTTPOrigin("https://app.example"))]), cursorKeys: cursorKeys,
            limits: limits, log: Logger(to: self.lines, style: LogStyle(.json), threshold: .info))
    }

    private static func caller(of tenant: TenantID) -> RESTCaller {
        let user = UserID(raw: 2)
        let token = AccessToken(
            user: user, tenant: tenant, session: SessionID(raw: 3), epoch: TokenEpoch(raw: 1), now: SystemClock.now)
        return RESTCaller(token, actor: .user(user, name: "Lin", tenant: tenant, assignments: []))
    }

    private struct Tokens: CallerResolver {
        func caller(bearing token: String, on visit: RESTVisit) async throws -> RESTCaller {
            switch token {
            case Laundry.token: return Laundry.caller
            case "other-token":
                return Laundry.caller(of: TenantID(raw: 9))
            case "old-token": throw Refusal(.tokenExpired)
            case "suspended": throw Refusal(.tenantSuspended)
            default: throw Refusal(.unauthenticated)
            }
        }
    }

    private static func operations(_ linen: Linen, _ slow: Slow) -> [RESTOperation] {
        [
            RESTOperation(
                .get, "/v1/towels", id: "listTowels", "Towels, the oldest first.", tag: "Towels",
                permission: "towel.read", takes: TowelInput.List.self, answers: .page(of: Towel.shape)
            ) { await linen.page($0.input) },
            RESTOperation(
                .post, "/v1/towels", id: "createTowel", "A new towel.", tag: "Towels", permission: "towel.write",
                takes: TowelInput.Create.self,
                answers: .outcome("towel", Towel.shape, version: \.version, creates: true)
            ) { await linen.create($0.input, at: SystemClock.now) },
            RESTOperation(
                .get, "/v1/towels/{id:uuid}", id: "getTowel", "One towel.", tag: "Towels", permission: "towel.read",
                takes: TowelInput.One.self, answers: .one(Towel.shape, version: \.version)
            ) { try await linen.find($0.input.id) },
            RESTOperation(
                .patch, "/v1/towels/{id:uuid}", id: "changeTowel", "Other words for a towel.", tag: "Towels",
                permission: "towel.write", takes: TowelInput.Change.self,
                answers: .outcome("towel", Towel.shape, version: \.version, registers: ["name", "note"])
            ) { try await linen.change($0.input) },
            RESTOperation(
                .delete, "/v1/towels/{id:uuid}", id: "deleteTowel", "A towel less.", tag: "Towels",
                permission: "towel.write", takes: TowelInput.Act.self, answers: .nothing
            ) { try await linen.remove($0.input.id) },
            RESTOperation(
                .post, "/v1/towels/{id:uuid}/fold", id: "foldTowel", "Folds it.", tag: "Towels",
                permission: "towel.write", takes: TowelInput.Act.self, answers: .outcome("towel", Towel.shape),
                refuses: [.transitionNotAllowed]
            ) { try await linen.fold($0.input) },
            RESTOperation(
                .post, "/v1/trouble/{with:string}", id: "makeTrouble", "What can go wrong with a write.",
                tag: "Trials", permission: nil, takes: Trouble.WriteInput.self, answers: .nothing
            ) { try $0.input.trouble.raise() },
            RESTOperation(
                .get, "/v1/kinds", id: "kinds", "Every kind of parameter.", tag: "Trials", permission: nil,
                takes: TowelInput.Kinds.self, answers: .one(.text)
            ) { request in
                let input = request.input
                return "\(input.number) \(input.must) \(input.colors.map(\.rawValue)) \(input.cookie ?? "-")"
            },
            RESTOperation(
                .get, "/v1/trouble", id: "trouble", "What can go wrong.", tag: "Trials", permission: nil,
                takes: Trouble.Input.self, answers: .nothing, refuses: [.outcomeUnknown]
            ) { try $0.input.trouble.raise() },
            RESTOperation(
                .get, "/v1/slow", id: "slow", "Waits for the test.", tag: "Trials", permission: nil,
                takes: RESTNoInput.self, answers: .nothing
            ) { _ in await slow.work() },
            .open(
                .post, "/v1/auth/login", id: "login", "A way in.", tag: "Trials", effect: .repeatable,
                takes: TowelInput.Login.self, answers: .reply(.text)
            ) { input, _ in
                RESTReply(input.body?.email ?? "nobody", fields: [("Set-Cookie", "biscuit=1; HttpOnly")])
            },
        ]
    }
}

/// Work that takes as long as the test wants.
final class Slow: Sendable {
    private struct State {
        var isReleased = false
        var begun = 0
        var ended = 0
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Locked(State())
    private let heedsCancellation: Bool

    init(heedsCancellation: Bool = false) { self.heedsCancellation = heedsCancellation }

    var begun: Int { self.state.withLock { $0.begun } }
    var ended: Int { self.state.withLock { $0.ended } }

    func work() async {
        self.state.withLock { $0.begun += 1 }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReleased = self.state.withLock { state in
                    if !state.isReleased { state.waiting.append(continuation) }
                    return state.isReleased
                }
                if isReleased { continuation.resume() }
            }
        } onCancel: {
            if self.heedsCancellation { self.release() }
        }
        self.state.withLock { $0.ended += 1 }
    }

    func release() {
        let waiting = self.state.withLock { state in
            state.isReleased = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}

/// Log lines, to be looked at.
final class KeptLines: LogSink {
    private let lines = Locked<[String]>([])

    func write(_ line: [UInt8], level: LogLevel) {
        self.lines.withLock { $0.append(String(decoding: line, as: UTF8.self)) }
    }

    var all: [String] { self.lines.withLock { $0 } }
}

// MARK: - Bytes

/// An answer, taken apart again.
struct Answer {
    let status: Int
    let fields: [String: String]
    let body: [UInt8]

    init(_ bytes: [UInt8]) throws {
        let text = String(decoding: bytes, as: UTF8.self)
        let end = try #require(text.range(of: "\r\n\r\n"))
        var lines = text[..<end.lowerBound].split(separator: "\r\n", omittingEmptySubsequences: false)
        self.status = try #require(Int(lines.removeFirst().split(separator: " ")[1]))
        var fields: [String: String] = [:]
        for line in lines {
            let colon = try #require(line.firstIndex(of: ":"))
            fields[line[..<colon].lowercased()] = String(line[colon...].dropFirst(2))
        }
        self.fields = fields
        self.body = Array(text[end.upperBound...].utf8)
    }

    var json: JSONValue? { try? JSONValue(parsing: self.body) }
    var code: String? { self.json?["error"]?["code"]?.text }
    /// Each as `field code`.
    var fieldErrors: [String] {
        (self.json?["error"]?["field_errors"]?.elements ?? []).map {
            "\($0["field"]?.text ?? "?") \($0["code"]?.text ?? "?")"
        }
    }
}

extension StringProtocol {
    /// Where a text occurs first; the standard library has no such search without Foundation.
    fileprivate func range(of text: String) -> Range<Index>? {
        var start = self.startIndex
        while start < self.endIndex {
            if self[start...].utf8.starts(with: text.utf8) {
                return start..<self.utf8.index(start, offsetBy: text.utf8.count)
            }
            start = self.utf8.index(after: start)
        }
        return nil
    }
}

/// A REST side to which requests go as bytes, and from which answers come as bytes, each of them held against the document.
protocol RESTBench: Sendable {
    var service: RESTService { get }
    var check: DocumentCheck { get }
}

extension Laundry {
    /// A request as it stands on the wire.
    static func text(
        _ method: String, _ target: String, _ fields: [String] = [], body: String? = nil, token: String? = Laundry.token
    ) -> [UInt8] {
        var lines = ["\(method) \(target) HTTP/1.1", "Host: hotel.example"] + fields
        if let token { lines.append("Authorization: Bearer \(token)") }
        if let body {
            if !fields.contains(where: { $0.hasPrefix("Content-Type") }) {
                lines.append("Content-Type: application/json")
            }
            if !fields.contains(where: { $0.hasPrefix("Transfer") }) {
                lines.append("Content-Length: \(body.utf8.count)")
            }
        }
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? "")).utf8)
    }
}

extension RESTBench {
    /// Parses the bytes as a connection would, welcomes the head, dispatches, runs, and serializes the answer.
    ///
    /// - Returns: the call that is still to be run, or the answer.
    func begin(_ bytes: [UInt8]) throws -> (request: HTTPRequest, dispatch: RESTDispatch) {
        var parser = HTTPRequestParser()
        return try bytes.withUnsafeBytes { bytes in
            var rest = bytes
            while let event = try parser.next(&rest, limits: HTTPLimits()) {
                switch event {
                case .head(let head):
                    switch self.service.welcome(head, from: nil) {
                    case .refused(let response): return (head, .now(response))
                    case .bodyUpTo(let limit): try parser.limitBody(to: limit)
                    }
                case .request(let request): return (request, self.service.dispatch(request, from: nil))
                }
            }
            throw HTTPError.malformedRequestLine
        }
    }

    func answer(_ bytes: [UInt8]) async throws -> Answer {
        let (request, dispatch) = try self.begin(bytes)
        let response: HTTPResponse
        switch dispatch {
        case .now(let now): response = now
        case .later(let call): response = await call.run()
        }
        return try self.judged(response, to: request)
    }

    /// The answer as bytes, held against the document.
    func judged(_ response: HTTPResponse, to request: HTTPRequest) throws -> Answer {
        var bytes: [UInt8] = []
        HTTPResponseWriter(date: nil).append(response, to: &bytes, isHead: request.method == .head, keepAlive: true)
        let answer = try Answer(bytes)
        let method = request.method == .head ? "GET" : request.methodName
        if let operation = self.check.operation(method, request.path), request.method != .options {
            let body = response.status.hasBody ? response.body : []
            let violations = self.check.violations(
                operation, status: answer.status, fields: Array(answer.fields.keys), body: body)
            #expect(violations.isEmpty, "\(request.methodName) \(request.path) \(answer.status)")
        }
        return answer
    }
}

extension Laundry {
    func get(_ target: String, _ fields: [String] = [], token: String? = Laundry.token) async throws -> Answer {
        try await self.answer(Self.text("GET", target, fields, token: token))
    }

    /// A write with a key of its own.
    func write(_ method: String, _ target: String, _ fields: [String] = [], body: String? = nil) async throws -> Answer
    {
        let key = OperationID.new().description
        return try await self.answer(Self.text(method, target, ["Idempotency-Key: \(key)"] + fields, body: body))
    }

    /// A towel that is there, and its path.
    func towel(_ name: String = "Bath", color: Towel.Color = .white, madeAt: Int64 = 0) async -> String {
        let towel = Towel(
            id: .new(), version: 5, name: name, color: color, madeAt: Timestamp(milliseconds: madeAt))
        await self.linen.put(towel)
        return "/v1/towels/\(towel.id)"
    }
}
