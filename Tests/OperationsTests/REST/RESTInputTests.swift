import Shared
import Testing
import Wire

@testable import Operations

@Suite(.timeLimit(.minutes(5))) struct RESTInputTests {
    private func errors(_ query: String) async throws -> [String] {
        try await Laundry().get("/v1/kinds?\(query)").fieldErrors
    }

    @Test func `every kind of parameter is read`() async throws {
        let laundry = try Laundry()
        let answer = try await laundry.get(
            "/v1/kinds?must=0&number=-5&since=2026-03-08T14:05:09.123Z&owner=\(Laundry.key.uppercased())&word=caf%C3%a9+"
                + "&open=true&colors=blue,sea_green",
            ["Cookie: a=1; biscuit=x=y", "Cookie: z=2"])
        #expect(answer.status == 200)
        #expect(answer.json?.text == #"-5 0 ["blue", "sea_green"] x=y"#)
        let usual = try await laundry.get("/v1/kinds?must=9")
        #expect(usual.json?.text == "3 9 [] -")
    }

    @Test func `every kind has its limits`() async throws {
        #expect(try await self.errors("must=1&number=5") == [])
        #expect(try await self.errors("must=1&number=6") == ["number range"])
        #expect(try await self.errors("must=1&number=-6") == ["number range"])
        #expect(try await self.errors("must=1&number=99999999999999999999") == ["number range"])
        for text in ["", "-", "--1", "1.0", "%2B1", "0x1", "1e0", "+1", "%D9%A1"] {
            #expect(try await self.errors("must=1&number=\(text)") == ["number type"], "\(text)")
        }
        #expect(try await self.errors("must=1&word=abcde") == [])
        #expect(try await self.errors("must=1&word=abcdef") == ["word length"])
        #expect(try await self.errors("must=1&word=") == ["word length"])
        #expect(try await self.errors("must=1&word") == ["word length"])
        #expect(try await self.errors("must=1&owner=\(Laundry.key)0") == ["owner format"])
        #expect(try await self.errors("must=1&owner={\(Laundry.key)}") == ["owner format"])
        #expect(try await self.errors("must=1&since=2026-02-30T00:00:00Z") == ["since format"])
        #expect(try await self.errors("must=1&since=2026-03-08T14:05:09+01:00") == ["since format"])
        #expect(try await self.errors("must=1&open=1") == ["open type"])
        #expect(try await self.errors("must=1&colors=blue,green") == ["colors enum"])
        #expect(try await self.errors("must=1&colors=BLUE") == ["colors enum"])
        #expect(try await self.errors("must=1&colors=blue,") == ["colors enum"])
        #expect(try await self.errors("must=1&colors=blue,blue,blue") == ["colors length"])
        #expect(try await self.errors("must=1&colors=") == ["colors length"])
        #expect(try await self.errors("must=4&number=4") == ["number range"])
    }

    @Test func `all that is wrong is told at once`() async throws {
        let found = try await self.errors("number=6&word=abcdef&extra=1&open=x&number=2&extra=2")
        #expect(found == ["number repeated", "word length", "open type", "must required", "extra unknown_field"])
    }

    @Test func `unknown and repeated names are refused`() async throws {
        #expect(try await self.errors("must=1&Must=1") == ["Must unknown_field"])
        #expect(try await self.errors("must=1&must=1") == ["must repeated"])
        #expect(try await self.errors("must=1&%6dust=1") == ["must repeated"])
        #expect(try await self.errors("must=1&access_token=x") == ["access_token unknown_field"])
        let long = try await self.errors("must=1&" + String(repeating: "n", count: 200) + "=1")
        #expect(long == [String(repeating: "n", count: 64) + " unknown_field"])
        // A parameter that looks the same in Unicode is another one.
        #expect(try await self.errors("must=1&wo%CC%88rd=a").count == 1)
    }

    @Test(arguments: [
        "must=1&word=%00", "must=1&%00=1", "must=1&word=%ff", "must=1&word=%C3%28", "must=1&word=%ED%A0%80", "=1",
        "must=1&=", "must=1&word=%0d%0aX:1", "must=1&word=%7f", "must=1&word=%c0%ae",
    ])
    func `queries that two readers could read differently are refused`(query: String) async throws {
        let answer = try await Laundry().get("/v1/kinds?\(query)")
        #expect(answer.status == 400 && answer.code == "malformed_request")
    }

    @Test func `a query has at most so many items`() async throws {
        let laundry = try Laundry()
        func query(_ count: Int) -> String { (0..<count).map { "a\($0)=" }.joined(separator: "&") }
        let most = try await laundry.get("/v1/kinds?" + query(64))
        #expect(most.status == 422 && most.fieldErrors.count == 65)
        #expect(try await laundry.get("/v1/kinds?" + query(65)).status == 400)
        #expect(try await laundry.get("/v1/kinds?&&must=1&&").status == 200)
    }

    @Test(arguments: ["/v1/kinds?must=%zz", "/v1/kinds?must=%1", "/v1/towels/..%2f", "/v1/kin\u{7f}ds", "/v1/%00"])
    func `what the parser refuses never comes this far`(target: String) async throws {
        await #expect(throws: HTTPError.self) { try await Laundry().get(target) }
    }

    @Test func `whatever stands in a query, the answer is one of three`() async throws {
        let laundry = try Laundry()
        var random = SystemRandomNumberGenerator()
        let pieces = [
            "must", "=", "&", "1", "%00", "%", "%C3", "%BC", "limit", "+", ",", ";", "%2C", "colors", "blue", "-", "?",
            "/",
            "number", "%F0%9F%9B%81", "9999999999999999999", "word", "owner", Laundry.key,
        ]
        for _ in 0..<2_000 {
            let query = (0..<Int.random(in: 0...12, using: &random))
                .map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
            do {
                let answer = try await laundry.get("/v1/kinds?\(query)")
                #expect([200, 400, 422].contains(answer.status), "\(query)")
            } catch is HTTPError {
                // A broken escape: the connection's parser has refused it.
            }
        }
    }

    // MARK: Bodies

    private func create(_ body: String?, _ fields: [String] = []) async throws -> Answer {
        try await Laundry().write("POST", "/v1/towels", fields, body: body)
    }

    @Test func `a body is JSON and says so`() async throws {
        #expect(try await self.create(#"{"name":"A"}"#).status == 201)
        for type in ["application/json; charset=utf-8", "Application/JSON;charset=\"UTF-8\"", "application/json ;"] {
            #expect(try await self.create(#"{"name":"A"}"#, ["Content-Type: \(type)"]).status == 201, "\(type)")
        }
        for type in [
            "text/plain", "application/jsonx", "application/json; charset=latin1", "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x", "", "application/json, text/plain",
        ] {
            let answer = try await self.create(#"{"name":"A"}"#, ["Content-Type: \(type)"])
            #expect(answer.status == 415 && answer.code == "unsupported_media_type", "\(type)")
        }
    }

    @Test(arguments: [
        "", "{", "nul", "{\"name\":\"A\"}x", "{\"name\":\"A\",\"name\":\"B\"}", "\u{FEFF}{}", "{'name':1}",
    ])
    func `a body that is no JSON is refused as such`(body: String) async throws {
        let answer = try await self.create(body)
        #expect(answer.status == 400 && answer.code == "malformed_json")
        #expect(answer.json?["error"]?["params"]?["offset"]?.integer != nil)
    }

    @Test func `wrong fields are refused all at once, together with the query's`() async throws {
        let answer = try await Laundry().write(
            "POST", "/v1/towels?x=1", body: #"{"name":" ","color":"red","note":5,"extra":1}"#)
        #expect(answer.status == 422 && answer.code == "validation_failed")
        #expect(
            answer.fieldErrors == [
                "name length", "color enum", "note type", "extra unknown_field", "x unknown_field",
            ])
        #expect(try await self.create("[]").fieldErrors == [" type"])
        #expect(try await self.create("{}").fieldErrors == ["name required"])
    }

    @Test func `deep nesting is refused, not followed`() async throws {
        let deep = String(repeating: "[", count: 5_000) + String(repeating: "]", count: 5_000)
        #expect(try await self.create(#"{"name":\#(deep)}"#).code == "malformed_json")
    }

    @Test func `a body has at most so many bytes`() async throws {
        let laundry = try Laundry()
        let limit = RESTLimits().bodyBytes
        func body(_ bytes: Int) -> String { #"{"name":"A"}"# + String(repeating: " ", count: bytes - 12) }
        #expect(try await laundry.write("POST", "/v1/towels", body: body(limit)).status == 201)
        let large = try await laundry.write("POST", "/v1/towels", body: body(limit + 1))
        #expect(large.status == 413 && large.code == "payload_too_large")
        // One that does not say its length is cut off by the parser at the limit that it was welcomed with.
        let chunk = String(limit + 1, radix: 16) + "\r\n" + body(limit + 1) + "\r\n0\r\n\r\n"
        await #expect(throws: HTTPError.contentTooLarge) {
            try await laundry.write("POST", "/v1/towels", ["Transfer-Encoding: chunked"], body: chunk)
        }
    }

    @Test func `an operation without a body takes none`() async throws {
        let laundry = try Laundry()
        let towel = await laundry.towel()
        #expect(try await laundry.write("POST", towel + "/fold", body: "{}").status == 413)
        #expect(try await laundry.write("POST", towel + "/fold", body: "").status == 200)
        #expect(try await laundry.answer(Laundry.text("GET", towel, body: "x")).status == 413)
    }

    @Test func `a body that may be left out may be left out`() async throws {
        let laundry = try Laundry()
        let none = try await laundry.answer(Laundry.text("POST", "/v1/auth/login", token: nil))
        #expect(none.json?.text == "nobody" && none.fields["set-cookie"] == "biscuit=1; HttpOnly")
        let some = try await laundry.answer(
            Laundry.text("POST", "/v1/auth/login", body: #"{"email":"a@b.c"}"#, token: nil))
        #expect(some.json?.text == "a@b.c")
        let wrong = try await laundry.answer(
            Laundry.text("POST", "/v1/auth/login", body: #"{"email":"a.b.c"}"#, token: nil))
        #expect(wrong.fieldErrors == ["email format"])
    }

    // MARK: Fields

    @Test(
        arguments: [
            (["Idempotency-Key: \(Laundry.key)"], nil), (["idempotency-key: \(Laundry.key.uppercased())"], nil),
            (["Idempotency-Key: \"\(Laundry.key)\""], nil), ([], "required"), (["Idempotency-Key:"], "format"),
            (["Idempotency-Key: 1"], "format"), (["Idempotency-Key: {\(Laundry.key)}"], "format"),
            (["Idempotency-Key: \"\(Laundry.key)"], "format"), (["Idempotency-Key: \(Laundry.key)0"], "format"),
            (["Idempotency-Key: 00000000-0000-0000-0000-000000000000"], "format"),
            (["Idempotency-Key: \(Laundry.key)", "Idempotency-Key: \(Laundry.key)"], "repeated"),
            (["Idempotency-Key: \(Laundry.key), \(Laundry.key)"], "format"),
        ] as [([String], String?)])
    func `a write has one key, and it is a UUID`(fields: [String], code: String?) async throws {
        let answer = try await Laundry().answer(Laundry.text("POST", "/v1/towels", fields, body: #"{"name":"A"}"#))
        #expect(answer.status == (code == nil ? 201 : 422))
        #expect(answer.fieldErrors == (code.map { ["Idempotency-Key \($0)"] } ?? []))
    }

    @Test func `the same key gives the first result`() async throws {
        let laundry = try Laundry()
        let bytes = Laundry.text("POST", "/v1/towels", ["Idempotency-Key: \(Laundry.key)"], body: #"{"name":"A"}"#)
        let first = try await laundry.answer(bytes)
        let again = try await laundry.answer(bytes)
        #expect(first.status == 201 && first.json?["outcome"] == "applied" && first.fields["etag"] == "\"1\"")
        #expect(again.status == 200 && again.json?["outcome"] == "duplicate" && again.fields["etag"] == nil)
        #expect(first.json?["towel"] == again.json?["towel"] && first.json?["seq"] == again.json?["seq"])
    }

    @Test(
        arguments: [
            (#""5""#, 200, nil), (nil, 422, "required"), ("5", 422, "format"), (#"W/"5""#, 422, "format"),
            (#""5", "6""#, 422, "format"), (#""""#, 422, "format"), (#""-5""#, 422, "format"), ("*", 422, "format"),
            (#""1234567890123456789""#, 422, "format"), (#""999999999999999999""#, 409, nil),
        ] as [(String?, Int, String?)])
    func `an edit names the version that it is based on`(tag: String?, status: Int, code: String?) async throws {
        let laundry = try Laundry()
        let towel = await laundry.towel()
        let answer = try await laundry.write("PATCH", towel, tag.map { ["If-Match: \($0)"] } ?? [], body: "{}")
        #expect(answer.status == status)
        #expect(answer.fieldErrors == (code.map { ["If-Match \($0)"] } ?? []))
        if status == 200 {
            #expect(answer.fields["etag"] == "\"6\"")
            #expect(answer.json?["registers"] == ["name": "applied", "note": "superseded"])
        }
        // Where it may be left out, `*` is whatever there is.
        #expect(try await laundry.write("POST", towel + "/fold", ["If-Match: *"]).status == 200)
    }

    @Test func `HEAD is GET without its body`() async throws {
        let laundry = try Laundry()
        let towel = await laundry.towel()
        let get = try await laundry.get(towel)
        let (request, dispatch) = try laundry.begin(Laundry.text("HEAD", towel))
        guard case .later(let call) = dispatch else {
            Issue.record("refused at once")
            return
        }
        let head = try laundry.judged(await call.run(), to: request)
        #expect(head.body.isEmpty && head.status == 200)
        #expect(head.fields["content-length"] == get.fields["content-length"] && head.fields["etag"] == "\"5\"")
    }

    @Test func `nothing to say is said with nothing`() async throws {
        let laundry = try Laundry()
        let towel = await laundry.towel()
        let gone = try await laundry.write("DELETE", towel)
        #expect(gone.status == 204 && gone.body.isEmpty && gone.fields["cache-control"] == "no-store")
        #expect(try await laundry.write("DELETE", towel).status == 404)
    }
}
