import Glibc
import Shared
import TestSupport
import Testing
import Wire

@testable import Operations

@Suite(.timeLimit(.minutes(5))) struct OpenAPITests {
    @Test func `the document is served to anybody, the same each time`() async throws {
        let laundry = try Laundry()
        let answer = try await laundry.get("/openapi.json", token: nil)
        #expect(answer.status == 200 && answer.fields["content-type"] == "application/json")
        #expect(answer.body == laundry.table.document)
        #expect(try Laundry().table.document == laundry.table.document)
        #expect(try await laundry.answer(Laundry.text("HEAD", "/openapi.json", token: nil)).status == 200)
        let wrong = try await laundry.answer(Laundry.text("DELETE", "/openapi.json", token: nil))
        #expect(wrong.status == 405 && wrong.fields["allow"] == "GET, HEAD, OPTIONS")
        let options = try await laundry.answer(Laundry.text("OPTIONS", "/openapi.json", token: nil))
        #expect(options.status == 204 && options.fields["allow"] == "GET, HEAD, OPTIONS")
        let tag = try #require(answer.fields["etag"])
        let known = try await laundry.get("/openapi.json", ["If-None-Match: \(tag)"], token: nil)
        #expect(known.status == 304 && known.body.isEmpty)
        let small = try await laundry.get("/openapi.json", ["Accept-Encoding: gzip"], token: nil)
        #expect(small.fields["content-encoding"] == "gzip" && small.body.count < answer.body.count / 2)
        let foreign = try await laundry.get("/openapi.json", ["Origin: https://app.example"], token: nil)
        #expect(foreign.fields["access-control-allow-origin"] == "https://app.example")
        // For the suite that asks an independent validator.
        if let path = getenv("TEST_OPENAPI_FILE").map({ String(cString: $0) }) {
            let file = try #require(fopen(path, "w"))
            #expect(fwrite(answer.body, 1, answer.body.count, file) == answer.body.count)
            #expect(fclose(file) == 0)
        }
    }

    @Test func `every operation of the table is in the document, and nothing else`() throws {
        let laundry = try Laundry()
        var documented: Set<String> = []
        for path in laundry.check.document["paths"]?.members ?? [] {
            for method in path.value.members { documented.insert(method.value["operationId"]?.text ?? "?") }
        }
        #expect(documented == Set(laundry.table.operations.map(\.id)))
        #expect(laundry.check.document["openapi"] == "3.1.0")
        #expect(laundry.check.document["tags"]?.elements?.count == 3)
        let schemas = laundry.check.document["components"]?["schemas"]?.members.map(\.name) ?? []
        #expect(schemas.contains("Towel") && schemas.contains("TowelPage") && schemas.contains("TowelOutcome"))
        #expect(Set(schemas).count == schemas.count)
    }

    @Test func `every reference leads somewhere`() throws {
        let laundry = try Laundry()
        #expect(laundry.check.references.count > 10)
        #expect(laundry.check.dangling == [])
    }

    @Test func `a body and an entity are described as they are read and written`() throws {
        let laundry = try Laundry()
        let schemas = try #require(laundry.check.document["components"]?["schemas"])
        #expect(
            schemas["NewTowel"] == [
                "type": "object",
                "properties": [
                    "name": ["type": "string", "minLength": 1, "maxLength": 20],
                    "color": [
                        "anyOf": [["type": "string", "enum": ["white", "blue", "sea_green"]], ["type": "null"]]
                    ],
                    "note": ["anyOf": [["type": "string", "maxLength": 50], ["type": "null"]]],
                ],
                "required": ["name"], "additionalProperties": false,
            ])
        #expect(schemas["Towel"]?["required"]?.elements?.count == 7)
        let list = try #require(laundry.check.operation("GET", "/v1/towels"))
        let limit = list["parameters"]?.elements?.first { $0["name"] == "limit" }
        #expect(limit?["schema"] == ["type": "integer", "minimum": 1, "maximum": 200, "default": 50])
        #expect(list["security"] == [["bearer": []]] && list["x-permission"] == "towel.read")
        #expect(laundry.check.operation("POST", "/v1/auth/login")?["security"] == [])
    }

    // MARK: Document and behaviour

    /// Some good value of each documented parameter, so that one of them can be left out at a time.
    private func good(_ name: String) -> String {
        switch name {
        case "Idempotency-Key": OperationID.new().description
        case "If-Match": #""5""#
        case "must": "1"
        case "with": "store_away"
        default: "1"
        }
    }

    private func send(
        _ laundry: Laundry, _ method: String, _ path: String, _ parameters: [JSONValue], body: String?, token: String?
    ) async throws -> Answer {
        let query = parameters.filter { $0["in"] == "query" }.compactMap { $0["name"]?.text }
            .map { "\($0)=\(self.good($0))" }.joined(separator: "&")
        let fields = parameters.filter { $0["in"] == "header" }.compactMap { $0["name"]?.text }
            .map { "\($0): \(self.good($0))" }
        let target = path + (query.isEmpty ? "" : "?" + query)
        return try await laundry.answer(Laundry.text(method.uppercased(), target, fields, body: body, token: token))
    }

    @Test func `what the document calls required is required, and nothing else`() async throws {
        let laundry = try Laundry()
        laundry.slow.release()
        for path in laundry.check.document["paths"]?.members ?? [] {
            for method in path.value.members {
                let all = (method.value["parameters"]?.elements ?? []).filter { $0["required"] == true }
                let needed = all.filter { $0["in"] != "path" }
                let needsBody = method.value["requestBody"]?["required"] == true
                let isTrouble = path.name.hasPrefix("/v1/trouble")
                func target() async -> String {
                    if path.name == "/v1/trouble/{with}" { return "/v1/trouble/store_away" }
                    guard path.name.contains("{id}") else { return path.name }
                    let tail = path.name.split(separator: "}", omittingEmptySubsequences: false).last ?? ""
                    return await laundry.towel() + tail
                }
                var body = needsBody ? (method.name == "post" ? #"{"name":"A"}"# : "{}") : nil
                if path.name == "/v1/ops" { body = #"[{"op_id":"\#(Laundry.key)","call":"POST /v1/none"}]"# }
                let place = "\(method.name) \(path.name)"

                let whole = try await self.send(
                    laundry, method.name, target(), needed, body: body, token: Laundry.token)
                #expect(isTrouble ? whole.status == 503 : whole.status < 300, "\(place)")
                for (index, parameter) in needed.enumerated() {
                    var rest = needed
                    rest.remove(at: index)
                    let answer = try await self.send(
                        laundry, method.name, target(), rest, body: body, token: Laundry.token)
                    #expect(answer.fieldErrors == ["\(parameter["name"]?.text ?? "?") required"], "\(place)")
                }
                if needsBody {
                    let answer = try await self.send(
                        laundry, method.name, target(), needed, body: nil, token: Laundry.token)
                    #expect(answer.code == "malformed_json", "\(place)")
                }
                let isOpen = method.value["security"] == []
                let stranger = try await self.send(laundry, method.name, target(), needed, body: body, token: nil)
                #expect(isOpen ? stranger.status == 200 : stranger.status == 401, "\(place)")
            }
        }
    }

    @Test func `the check of answers finds what is wrong`() throws {
        let laundry = try Laundry()
        let one = try #require(laundry.check.operation("GET", "/v1/towels/{id}"))
        func violations(_ body: String, status: Int = 200, fields: [String] = ["etag"]) -> [String] {
            laundry.check.violations(one, status: status, fields: fields, body: Array(body.utf8))
        }
        let id = Laundry.key
        func towel(_ color: String, _ more: String = "") -> String {
            #"{"id":"\#(id)","version":1,"name":"A","color":"\#(color)","note":null,"folded":true,"#
                + #""made_at":"2026-03-08T14:05:09.123Z"\#(more)}"#
        }
        #expect(violations(towel("blue")) == [])
        #expect(violations(towel("blue"), fields: []).count == 1)
        #expect(violations(towel("blue"), status: 201).count == 1)
        #expect(violations(towel("red")).count == 1)
        #expect(violations(towel("blue", #","extra":1"#)).count == 1)
        #expect(violations("{}").count == 7)
        #expect(violations("[").count == 1)
    }
}

@Suite struct RESTTableTests {
    private func table(
        _ method: HTTPMethod = .get, _ path: String = "/v1/a", id: String = "a", tag: String = "T",
        effect: RESTOperation.Effect = .byMethod
    ) -> RESTOperation {
        .open(method, path, id: id, "", tag: tag, effect: effect, takes: RESTNoInput.self, answers: .nothing) { _, _ in
        }
    }

    private func error(_ operations: [RESTOperation]) -> RESTTableError? {
        do throws(RESTTableError) {
            _ = try RESTTable(operations, tags: [RESTTag("T", "")])
            return nil
        } catch {
            return error
        }
    }

    private struct Twice: RESTInput {
        init(reading request: inout RESTReader) {
            _ = request.query("a", .bool)
            _ = request.query("a", .bool)
        }
    }

    private struct Keyed: RESTInput {
        init(reading request: inout RESTReader) { _ = request.idempotencyKey() }
    }

    private struct WithBody: RESTInput {
        init(reading request: inout RESTReader) { _ = request.body(NewTowel.self) }
    }

    @Test func `a table that cannot be served is refused at start`() {
        #expect(self.error([self.table()]) == nil)
        #expect(self.error([self.table(), self.table(.get, "/v1/b")]) == .repeatedID("a"))
        if case .route = self.error([self.table(), self.table(id: "b")]) {
        } else {
            Issue.record("the same route twice")
        }
        #expect(self.error([self.table(.get, "/a")]) == .notBelowRoot(path: "/a"))
        #expect(self.error([self.table(tag: "X")]) == .unknownTag("X", operation: "a"))
        #expect(self.error([self.table(.get, "/v1/{id:uuid}")]) == .pathParameters(operation: "a"))
        #expect(self.error([self.table(.post)]) == .idempotency(operation: "a"))
        #expect(self.error([self.table(.post, effect: .repeatable)]) == nil)
        func with<Input: RESTInput>(_ method: HTTPMethod, _ input: Input.Type) -> RESTTableError? {
            self.error([.open(method, "/v1/a", id: "a", "", tag: "T", takes: input, answers: .nothing) { _, _ in }])
        }
        #expect(with(.get, TowelInput.One.self) == .pathParameters(operation: "a"))
        #expect(with(.get, Twice.self) == .repeatedParameter("a", operation: "a"))
        #expect(with(.get, Keyed.self) == .idempotency(operation: "a"))
        #expect(with(.post, Keyed.self) == nil)
        #expect(with(.get, WithBody.self) == .bodyNotAllowed(operation: "a"))
    }

    @Test func `two records under one name are refused`() {
        let one = JSONShape<Int>.object("Thing") { $0.member("a", .int) { $0 } }
        let other = JSONShape<Int>.object("Thing") { $0.member("b", .int) { $0 } }
        func operation(_ id: String, _ shape: JSONShape<Int>) -> RESTOperation {
            .open(.get, "/v1/\(id)", id: id, "", tag: "T", takes: RESTNoInput.self, answers: .one(shape)) { _, _ in 1 }
        }
        #expect(self.error([operation("a", one), operation("b", one)]) == nil)
        #expect(self.error([operation("a", one), operation("b", other)]) == .repeatedSchema("Thing"))
    }
}
