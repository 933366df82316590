import Crypto
import Hotel
import Shared
import Testing
import Wire

@testable import Operations

/// The endpoints as a client meets them: requests and answers as bytes.
@Suite(.timeLimit(.minutes(5))) struct AuthResourceTests {
    private let world: IdentityWorld
    private let rest: RESTService

    init() throws {
        self.world = try IdentityWorld()
        let friend = try #require(HTTPOrigin("https://app.aegean.example"))
        let resource = AuthResource(
            service: self.world.service, callers: self.world.callers, directory: self.world.memory)
        self.rest = RESTService(
            try RESTTable(resource.operations, tags: AuthResource.tags), callers: self.world.callers,
            cors: CORSPolicy(allowed: [friend]), cursorKeys: [[1]], log: .silent)
    }

    /// Field lines that most requests of a page have.
    private static let page = ["Origin: https://bellhop.example", "Content-Type: application/json"]
    private static let bare = ["Content-Type: application/json"]
    private static let login = #"{"email":"ada@aegean.example","password":"open sesame 42"}"#
    private static let nativeLogin =
        #"{"email":"ada@aegean.example","password":"open sesame 42","client":"native"}"#

    /// Where a request goes.
    private enum Endpoint {
        case login, refresh, logout, password, me, sessions
        case endSession(String)

        var line: String {
            switch self {
            case .login: "POST /v1/auth/login"
            case .refresh: "POST /v1/auth/refresh"
            case .logout: "POST /v1/auth/logout"
            case .password: "POST /v1/auth/password"
            case .me: "GET /v1/me"
            case .sessions: "GET /v1/me/sessions"
            case .endSession(let id): "DELETE /v1/me/sessions/\(id)"
            }
        }
    }

    private func request(_ endpoint: Endpoint, _ lines: [String], _ body: String) throws -> HTTPRequest {
        let head = ["\(endpoint.line) HTTP/1.1", "Host: bellhop.example"] + lines
        let length = body.isEmpty ? "" : "Content-Length: \(body.utf8.count)\r\n"
        let text = head.joined(separator: "\r\n") + "\r\n\(length)\r\n\(body)"
        let bytes = Array(text.utf8)
        let request = try bytes.withUnsafeBytes { bytes -> HTTPRequest? in
            var (input, parser, last) = (bytes, HTTPRequestParser(), HTTPRequest?.none)
            while let event = try parser.next(&input, limits: HTTPLimits()) {
                if case .request(let request) = event { last = request }
            }
            return last
        }
        return try #require(request)
    }

    private func call(
        _ endpoint: Endpoint, _ lines: [String], _ body: String = "{}"
    ) async throws -> HTTPReceivedResponse {
        let client = ClientAddress(address: try IdentityWorld.address("192.0.2.1"), isSecure: true)
        let response: HTTPResponse
        switch self.rest.dispatch(try self.request(endpoint, lines, body), from: client) {
        case .now(let answer): response = answer
        case .later(let call): response = await call.run()
        }
        var bytes: [UInt8] = []
        HTTPResponseWriter(date: nil).append(response, to: &bytes, isHead: false, keepAlive: true)
        let received = try bytes.withUnsafeBytes { bytes -> HTTPReceivedResponse? in
            var (input, parser) = (bytes, HTTPResponseParser())
            return try parser.next(&input)
        }
        return try #require(received)
    }

    private func member(_ name: String, of response: HTTPReceivedResponse) throws -> String? {
        guard case .object(let object) = try JSONValue(parsing: response.body) else { return nil }
        if case .string(let text) = object[name] { return text }
        if case .object(let error) = object["error"], case .string(let text) = error[name] { return text }
        return nil
    }

    /// The body without the number of its request.
    private func told(_ response: HTTPReceivedResponse) throws -> String {
        let id = try #require(response.value(named: "x-request-id"))
        return String(decoding: response.body, as: UTF8.self).replacing(id, with: "")
    }

    private func cookies(_ response: HTTPReceivedResponse) -> [String] {
        response.fields.filter { $0.name.lowercased() == "set-cookie" }.map(\.value)
    }

    /// What a browser sends back.
    private func jar(_ response: HTTPReceivedResponse) -> String {
        "Cookie: "
            + self.cookies(response).compactMap { $0.split(separator: ";").first.map(String.init) }
            .joined(separator: "; ")
    }

    @Test func `a page gets its refresh token in a cookie that no script reads, and never in the body`() async throws {
        let response = try await self.call(.login, Self.page, Self.login)
        #expect(response.status == 200 && response.value(named: "cache-control") == "no-store")
        let cookies = self.cookies(response)
        #expect(cookies.count == 2)
        let rules = "; Path=/v1/auth; HttpOnly; Secure; SameSite=Strict; Max-Age="
        #expect(cookies[0].hasPrefix("bellhop_refresh=") && cookies[0].hasSuffix(rules + "1209600"))
        #expect(cookies[1].hasPrefix("bellhop_device=") && cookies[1].hasSuffix(rules + "34560000"))
        #expect(try self.member("refresh_token", of: response) == nil)
        let token = try #require(cookies[0].split(separator: ";").first?.dropFirst("bellhop_refresh=".count))
        #expect(!String(decoding: response.body, as: UTF8.self).contains(token))
        let access = try #require(try self.member("access_token", of: response))
        #expect(try self.world.verified(access).user == self.world.ada)
        #expect(try self.member("expires_at", of: response) == "2023-11-14T22:30:00.000Z")
        let text = String(decoding: response.body, as: UTF8.self)
        #expect(
            text.contains(
                #""user":{"id":"00000000-0000-0000-0000-000000000001","name":"Ada","email":"ada@aegean.example","#
                    + #""tenant_id":"00000000-0000-0000-0000-000000000007","roles":["front_desk_agent"],"#
                    + #""permissions":["room.read","room.set_hk_status""#))
        #expect(text.hasSuffix(#""properties":["00000000-0000-0000-0000-000000000009"]}}"#))
    }

    @Test func `a native client gets it in the body, and no cookie`() async throws {
        let response = try await self.call(.login, Self.bare, Self.nativeLogin)
        #expect(response.status == 200 && self.cookies(response).isEmpty)
        let token = try #require(try self.member("refresh_token", of: response))
        let device = try #require(try self.member("device_id", of: response))
        let body = #"{"refresh_token":"\#(token)","device_id":"\#(device)"}"#
        let refreshed = try await self.call(.refresh, Self.bare, body)
        #expect(refreshed.status == 200 && self.cookies(refreshed).isEmpty)
        #expect(try self.member("refresh_token", of: refreshed) != token)
        let ended = try await self.call(.logout, Self.bare, body)
        #expect(ended.status == 204 && self.cookies(ended).isEmpty)
        #expect(try await self.call(.refresh, Self.bare, body).status == 401)
    }

    @Test func `a page that says it is native is a page`() async throws {
        let response = try await self.call(.login, Self.page, Self.nativeLogin)
        #expect(response.status == 200 && self.cookies(response).count == 2)
        #expect(try self.member("refresh_token", of: response) == nil)
    }

    @Test func `a page lives on its cookie alone`() async throws {
        let signedIn = try await self.call(.login, Self.page, Self.login)
        let refreshed = try await self.call(.refresh, Self.page + [self.jar(signedIn)])
        #expect(refreshed.status == 200 && self.cookies(refreshed).count == 1)
        #expect(try self.member("refresh_token", of: refreshed) == nil)
        // Another tab, with the cookie of before; it is the same device by its other cookie.
        let tab = try await self.call(.refresh, Self.page + [self.jar(signedIn)])
        #expect(tab.status == 200)
        let ended = try await self.call(.logout, Self.page + [self.jar(refreshed)])
        #expect(ended.status == 204)
        #expect(
            self.cookies(ended) == ["bellhop_refresh=; Path=/v1/auth; HttpOnly; Secure; SameSite=Strict; Max-Age=0"])
        let dead = try await self.call(.refresh, Self.page + [self.jar(tab)])
        #expect(dead.status == 401 && self.cookies(dead).first?.hasPrefix("bellhop_refresh=;") == true)
        #expect(dead.value(named: "www-authenticate") == "Bearer realm=\"bellhop\"")
    }

    @Test(arguments: [
        ["Origin: https://evil.example", "Content-Type: application/json"],
        ["Origin: null", "Content-Type: application/json"],
        ["Origin: http://bellhop.example", "Content-Type: application/json"],
        ["Origin: https://bellhop.example.evil.example", "Content-Type: application/json"],
        ["Origin: https://bellhop.example:444", "Content-Type: application/json"],
        ["Content-Type: application/json"],
    ])
    func `a cookie is worth nothing from a page that is not ours, or from none`(lines: [String]) async throws {
        let signedIn = try await self.call(.login, Self.page, Self.login)
        for endpoint in [Endpoint.refresh, .logout] {
            let response = try await self.call(endpoint, lines + [self.jar(signedIn)])
            #expect(response.status == 403)
            #expect(try self.member("code", of: response) == "forbidden")
        }
        #expect(try await self.call(.login, lines, Self.login).status == 403)
        #expect(try await self.call(.refresh, Self.page + [self.jar(signedIn)]).status == 200)
    }

    @Test func `an allowed origin is as good as our own`() async throws {
        let lines = ["Origin: https://app.aegean.example", "Content-Type: application/json; charset=utf-8"]
        #expect(try await self.call(.login, lines, Self.login).status == 200)
    }

    @Test(arguments: [
        "Content-Type: text/plain", "Content-Type: application/x-www-form-urlencoded",
        "Content-Type: multipart/form-data",
        "Content-Type: application/jsonp", "X-Nothing: 1",
    ])
    func `what a form can send is not read`(line: String) async throws {
        for endpoint in [Endpoint.login, .refresh, .logout] {
            let response = try await self.call(endpoint, ["Origin: https://bellhop.example", line], Self.login)
            #expect(response.status == 415)
        }
        #expect(self.world.memory.log.isEmpty && self.world.hasher.figures.runs == 0)
    }

    @Test func `a page may not hand over a refresh token`() async throws {
        let native = try await self.call(.login, Self.bare, Self.nativeLogin)
        let token = try #require(try self.member("refresh_token", of: native))
        #expect(try await self.call(.refresh, Self.page, #"{"refresh_token":"\#(token)"}"#).status == 403)
    }

    @Test(arguments: [
        ("", 400), ("{", 400), ("[]", 422), ("null", 422), ("{}", 422), (#"{"email":"ada@aegean.example"}"#, 422),
        (#"{"email":"ada","password":"x"}"#, 422), (#"{"email":1,"password":"x"}"#, 422),
        (#"{"email":"ada@aegean.example","password":""}"#, 422),
        (#"{"email":"ada@aegean.example","password":"open sesame 42\u0000"}"#, 422),
        (#"{"email":"ada@aegean.example","password":"x","password":"y"}"#, 400),
        (#"{"email":"ada@aegean.example","password":"x","admin":true}"#, 422),
        (#"{"email":"ada@aegean.example","password":"x","client":"root"}"#, 422),
        (#"{"email":"ada@aegean.example","password":"x","device_id":"1"}"#, 422),
        (#"{"email":"ada@aegean.example","password":"x","a":[[[[[[[[]]]]]]]]}"#, 422),
        (#"{"email":"ada@aegean.example","password":"\#(String(repeating: "x", count: 1025))"}"#, 422),
        (#"{"email":"ada@aegean.example","password":"\#(String(repeating: "x", count: 300_000))"}"#, 413),
    ])
    func `a body that is not what it must be is refused before any work`(body: String, status: Int) async throws {
        let response = try await self.call(.login, Self.page, body)
        #expect(response.status == status)
        #expect(self.world.hasher.figures.runs == 0)
        #expect(self.world.memory.with { $0.counters.isEmpty })
    }

    @Test func `a wrong password and an unknown account are answered to the byte the same`() async throws {
        let wrong = try await self.call(.login, Self.page, #"{"email":"ada@aegean.example","password":"x"}"#)
        let unknown = try await self.call(.login, Self.page, #"{"email":"eve@aegean.example","password":"x"}"#)
        #expect(wrong.status == 401 && unknown.status == 401)
        // But for the number of the request.
        #expect(try self.told(wrong) == self.told(unknown))
        #expect(try self.told(wrong).hasPrefix(#"{"error":{"code":"unauthenticated","message_key":"error.unauth"#))
    }

    @Test func `too many failures are answered with when to come again`() async throws {
        for _ in 1...5 {
            _ = try await self.call(.login, Self.page, #"{"email":"ada@aegean.example","password":"x"}"#)
        }
        let response = try await self.call(.login, Self.page, Self.login)
        #expect(response.status == 429)
        let seconds = try #require(response.value(named: "retry-after").flatMap(Int.init))
        #expect((1...1800).contains(seconds))
        #expect(try self.member("code", of: response) == "rate_limited")
    }

    @Test func `a cookie that comes twice, or is none of ours, counts as none`() async throws {
        let signedIn = try await self.call(.login, Self.page, Self.login)
        let jar = self.jar(signedIn)
        let value = jar.dropFirst("Cookie: ".count)
        for line in [
            jar + "; bellhop_refresh=\(RefreshToken.first().text)", "Cookie: bellhop_refresh=; \(value)",
            "Cookie: x\(value)", "Cookie: bellhop_refresh", "Cookie: ;;;=",
            "Cookie: \(value.replacing("=", with: "=="))",
        ] {
            #expect(try await self.call(.refresh, Self.page + [line]).status == 401)
        }
        #expect(try await self.call(.refresh, Self.page + [jar, jar]).status == 401)
        #expect(try await self.call(.refresh, Self.page + ["Cookie: a=b;\(value);c"]).status == 200)
    }

    @Test func `a password is changed with the access token, by a page of ours or by none`() async throws {
        let signedIn = try await self.call(.login, Self.page, Self.login)
        let access = try #require(try self.member("access_token", of: signedIn))
        let body = #"{"password":"open sesame 42","new_password":"another word 43"}"#
        let bearer = "Authorization: Bearer \(access)"
        #expect(try await self.call(.password, Self.page, body).status == 401)
        let stranger = ["Origin: https://evil.example", "Content-Type: application/json", bearer]
        #expect(try await self.call(.password, stranger, body).status == 403)
        let wrong = try await self.call(
            .password, Self.page + [bearer], #"{"password":"x","new_password":"another word 43"}"#)
        #expect(wrong.status == 422)
        #expect(
            String(decoding: wrong.body, as: UTF8.self).contains(
                #""field_errors":[{"field":"password","code":"format"}]"#))
        let changed = try await self.call(.password, Self.bare + [bearer], body)
        #expect(changed.status == 200)
        #expect(try await self.call(.password, Self.page + [bearer], body).status == 401)
        #expect(try self.member("access_token", of: changed) != access)
    }

    @Test func `a user's sessions are listed and ended by the access token`() async throws {
        let first = try await self.call(.login, Self.page, Self.login)
        let second = try await self.call(.login, Self.page, Self.login)
        let tokens = try [first, second].map { try #require(try self.member("access_token", of: $0)) }
        let session = try self.world.verified(tokens[0]).session
        let lines = ["Authorization: bearer \(tokens[1])"]
        let list = try await self.call(.sessions, lines, "")
        let text = String(decoding: list.body, as: UTF8.self)
        #expect(list.status == 200 && text.contains(session.description))
        #expect(text.components(of: #""current":true"#) == 1 && text.components(of: #""current":false"#) == 1)
        #expect(try await self.call(.endSession(session.description), [], "").status == 401)
        #expect(try await self.call(.endSession("x"), lines, "").status == 404)
        #expect(try await self.call(.endSession(SessionID(raw: 5).description), lines, "").status == 404)
        #expect(try await self.call(.endSession(session.description), lines, "").status == 204)
        let ended = ["Authorization: Bearer \(tokens[0])"]
        #expect(try await self.call(.sessions, ended, "").status == 401)
    }

    @Test func `a user is told who they are, what they may do where, and what they listen to`() async throws {
        let signedIn = try await self.call(.login, Self.page, Self.login)
        let access = try #require(try self.member("access_token", of: signedIn))
        let response = try await self.call(.me, ["Authorization: Bearer \(access)"], "")
        #expect(response.status == 200)
        let me = try JSONValue(parsing: response.body)
        guard case .object(let object) = me, case .array(let places)? = object["permissions"],
            case .object(let user)? = object["user"], case .array(let channels)? = object["channels"]
        else { return #expect(Bool(false), "\(me)") }
        #expect(user["email"] == "ada@aegean.example" && user["roles"] == ["front_desk_agent"])
        #expect(object["session_id"] == .string(try self.world.verified(access).session.description))
        let tenant = TenantID(raw: 7)
        let property = PropertyID(raw: 9)
        #expect(
            channels == [
                .string(DomainChannel.user(self.world.ada).name), .string(DomainChannel.tenant(tenant).name),
                .string(DomainChannel.property(PropertyAddress(property, of: tenant)).name),
            ])
        // The tenant as a whole, and its one property; what is limited says how.
        #expect(places.count == 2)
        guard case .object(let here) = places[1], case .array(let full)? = here["full"],
            case .array(let limited)? = here["limited"]
        else { return #expect(Bool(false), "\(places)") }
        #expect(here["property_id"] == .string(property.description))
        #expect(full.contains("stay.check_in") && !full.contains("room.configure"))
        #expect(limited.contains(["permission": "request.assign", "limits": ["own_department"]]))
        #expect(try await self.call(.me, [], "").status == 401)
    }

    @Test func `an access token that has ended says so, and one that is none does not`() async throws {
        let signedIn = try await self.call(.login, Self.page, Self.login)
        let access = try #require(try self.member("access_token", of: signedIn))
        self.world.memory.advance(900)
        let late = try await self.call(.sessions, ["Authorization: Bearer \(access)"], "")
        #expect(late.status == 401)
        #expect(try self.member("code", of: late) == "token_expired")
        for value in ["Bearer", "Bearer ", "Basic \(access)", access, "Bearer x.y.z"] {
            let response = try await self.call(.sessions, ["Authorization: \(value)"], "")
            #expect(response.status == 401)
            #expect(try self.member("code", of: response) == "unauthenticated")
        }
    }

    @Test func `a store that is away is said with when to come again, and keeps the cookie`() async throws {
        let signedIn = try await self.call(.login, Self.page, Self.login)
        self.world.memory.with { $0.failures["decide"] = .unavailable }
        let response = try await self.call(.refresh, Self.page + [self.jar(signedIn)])
        #expect(response.status == 503 && response.value(named: "retry-after") == "1")
        #expect(self.cookies(response).isEmpty)
        #expect(try await self.call(.refresh, Self.page + [self.jar(signedIn)]).status == 200)
    }
}

extension String {
    fileprivate func components(of text: String) -> Int { self.ranges(of: text).count }
}
