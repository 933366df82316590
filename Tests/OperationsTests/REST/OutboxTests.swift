import Shared
import Testing

@testable import Operations

/// What was done offline, sent in order: each as if it had come alone.
@Suite(.timeLimit(.minutes(5))) struct OutboxTests {
    private static let keys = (1...6).map { "018f3f54-1f2e-7c3a-9d4b-5a6b7c8d9e0\($0)" }

    private func send(_ body: String, to laundry: Laundry) async throws -> [JSONValue] {
        let answer = try await laundry.answer(Laundry.text("POST", "/v1/ops", body: body))
        #expect(answer.status == 200, "\(String(decoding: answer.body, as: UTF8.self))")
        return answer.json?["results"]?.elements ?? []
    }

    private func operation(_ key: Int, _ call: String, _ body: String? = nil, after: [Int] = []) -> String {
        let causes = after.map { "\"\(Self.keys[$0])\"" }.joined(separator: ",")
        return """
            {"op_id":"\(Self.keys[key])","call":"\(call)","depends_on":[\(causes)]\(body.map { ",\"body\":\($0)" } ?? "")}
            """
    }

    @Test func `each is done in order, and answered as if it had come alone`() async throws {
        let laundry = try Laundry()
        let results = try await self.send(
            "[\(self.operation(0, "POST /v1/towels", #"{"name":"beach"}"#)),"
                + "\(self.operation(1, "POST /v1/towels", #"{"name":"bath"}"#))]", to: laundry)
        #expect(results.map { $0["op_id"]?.text } == [Self.keys[0], Self.keys[1]])
        #expect(results.map { $0["status"]?.integer } == [201, 201])
        #expect(results[1]["body"]?["towel"]?["name"] == "bath")
        // Sent again, because the answer was lost: nothing is done twice.
        let again = try await self.send("[\(self.operation(0, "POST /v1/towels", #"{"name":"beach"}"#))]", to: laundry)
        #expect(again[0]["body"]?["outcome"] == "duplicate")
    }

    @Test func `one that is refused holds up only those that name it`() async throws {
        let laundry = try Laundry()
        let nobody = "PATCH /v1/towels/018f3f54-1f2e-7c3a-9d4b-5a6b7c8d9eff"
        let results = try await self.send(
            """
            [\(self.operation(0, "POST /v1/trouble/forbidden")),
             \(self.operation(1, "POST /v1/towels", #"{"name":"a"}"#, after: [0])),
             \(self.operation(2, "POST /v1/towels", #"{"name":"b"}"#, after: [1])),
             \(self.operation(3, "POST /v1/towels", #"{"name":"c"}"#)),
             \(self.operation(4, nobody, #"{"name":"d"}"#)),
             \(self.operation(5, "POST /v1/towels", #"{"colour":"e"}"#))]
            """, to: laundry)
        #expect(
            results.map { $0["result"]?.text }
                == ["answered", "skipped", "skipped", "answered", "answered", "answered"])
        #expect(results.map { $0["status"]?.integer } == [403, nil, nil, 201, 422, 422])
        #expect(results[1]["because_of"]?.text == Self.keys[0] && results[2]["because_of"]?.text == Self.keys[1])
        #expect(results[0]["body"]?["error"]?["code"] == "forbidden")
    }

    @Test func `what the stores cannot do stops all that follows`() async throws {
        let laundry = try Laundry()
        let results = try await self.send(
            "[\(self.operation(0, "POST /v1/trouble/store_away")),\(self.operation(1, "POST /v1/towels", #"{"name":"a"}"#))]",
            to: laundry)
        #expect(results.map { $0["result"]?.text } == ["answered", "not_tried"])
        #expect(results[0]["status"]?.integer == 503)
        let towels = try await laundry.get("/v1/towels")
        #expect(towels.json?["items"] == [])
    }

    @Test(arguments: [
        "GET /v1/towels", "POST /v1/ops", "POST /v1/auth/login", "POST /metrics", "POST /v1/../healthz",
        "POST  /v1/towels",
        "POST /v1/towels HTTP/1.1\\r\\nX: y", "POST /v1/none",
    ])
    func `a call is a write of this API and nothing else`(call: String) async throws {
        let laundry = try Laundry()
        let answer = try await laundry.answer(
            Laundry.text("POST", "/v1/ops", body: "[\(self.operation(0, call, "{}"))]"))
        let status = answer.json?["results"]?.elements?.first?["status"]?.integer
        #expect(
            answer.status == 422 || [400, 404, 405].contains(status ?? 0), "\(call): \(answer.status) \(status ?? 0)")
    }

    @Test(arguments: [
        "[]", "{}", "[1]", #"[{"op_id":"x","call":"POST /v1/towels"}]"#, #"[{"call":"POST /v1/towels"}]"#,
    ])
    func `a list that is none is refused as a whole`(body: String) async throws {
        let laundry = try Laundry()
        let answer = try await laundry.answer(Laundry.text("POST", "/v1/ops", body: body))
        #expect(answer.status == 422 && answer.code == "validation_failed")
    }

    @Test func `when it was done goes along to calls that ask for it, and to no others`() async throws {
        let laundry = try Laundry()
        let made = try await self.send("[\(self.operation(0, "POST /v1/towels", #"{"name":"a"}"#))]", to: laundry)
        let id = made[0]["body"]?["towel"]?["id"]?.text ?? ""
        // An edit needs a version, which an outbox cannot name: what matters here is that the field is understood.
        let body = """
            [{"op_id":"\(Self.keys[1])","effective_at":"2026-03-08T14:05:09.123Z","call":"PATCH /v1/towels/\(id)",
              "body":{"name":"b"}},
             {"op_id":"\(Self.keys[2])","effective_at":"2026-03-08T14:05:09.123Z","call":"POST /v1/towels",
              "body":{"name":"c"}}]
            """
        let results = try await self.send(body, to: laundry)
        let errors = results[0]["body"]?["error"]?["field_errors"]?.elements ?? []
        #expect(errors.map { $0["field"]?.text } == ["If-Match"])
        #expect(results[1]["status"]?.integer == 201)
    }

    @Test func `a table goes when nobody serves it any more, though its outbox makes calls of it`() throws {
        weak var table: RESTTable?
        try withExtendedLifetime(Laundry()) { laundry in
            table = laundry.table
            #expect(table != nil)
        }
        #expect(table == nil)
    }
}
