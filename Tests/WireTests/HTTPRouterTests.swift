import Testing

@testable import Wire

@Suite struct HTTPRouterTests {
    private static let id = "0190c1d2-7a3b-7C4d-8e5f-0123456789ab"

    private static func router() throws -> Router<String> {
        let table: [(HTTPMethod, String)] = [
            (.get, "/"), (.get, "/livez"), (.get, "/v1/rooms"), (.post, "/v1/rooms"), (.get, "/v1/rooms/{id:uuid}"),
            (.patch, "/v1/rooms/{id:uuid}"), (.get, "/v1/rooms/{number:int}"), (.get, "/v1/rooms/board"),
            (.post, "/v1/rooms/{room:uuid}/tasks/{n:int}"), (.get, "/apps/{app:slug}/channels/{name:string}/users"),
            (.get, "/files/{path:rest}"), (.get, "/files/a/b"), (.post, "/files/a/b/c"),
        ]
        return try Router(table.map { try Router.Route($0.0, $0.1, "\($0.0.name) \($0.1)") })
    }

    private static func match(_ method: String, _ path: String) throws -> RouteMatch<String> {
        let request = try #require(try oneRequest("\(method) \(path) HTTP/1.1\r\nHost: a\r\n\r\n"))
        return try self.router().match(request)
    }

    @Test(arguments: [
        ("GET", "/", "GET /"), ("HEAD", "/", "GET /"), ("GET", "/livez?x=/y", "GET /livez"),
        ("GET", "/liv%65z", "GET /livez"), ("POST", "/v1/rooms", "POST /v1/rooms"),
        ("GET", "/v1/rooms/\(id)", "GET /v1/rooms/{id:uuid}"), ("GET", "/v1/rooms/204", "GET /v1/rooms/{number:int}"),
        ("GET", "/v1/rooms/board", "GET /v1/rooms/board"),
        ("POST", "/v1/rooms/\(id)/tasks/7", "POST /v1/rooms/{room:uuid}/tasks/{n:int}"),
        ("GET", "/apps/hotel-1/channels/private-a@b/users", "GET /apps/{app:slug}/channels/{name:string}/users"),
        ("GET", "/files/a/b", "GET /files/a/b"), ("GET", "/files/a", "GET /files/{path:rest}"),
        ("GET", "/files/a/x", "GET /files/{path:rest}"), ("GET", "/files/a/b/x/", "GET /files/{path:rest}"),
    ]) func `a path leads to its route`(method: String, path: String, expected: String) throws {
        guard case .found(let handler, _) = try Self.match(method, path) else {
            Issue.record("not found")
            return
        }
        #expect(handler == expected)
    }

    @Test(arguments: [
        "/livez/", "/Livez", "//", "/v1", "/v1/rooms/", "/v1/rooms/x", "/v1/rooms/1234567890123456789",
        "/v1/rooms/0190c1d2-7a3b-7c4d-8e5f-0123456789a", "/v1/rooms/0190c1d2-7a3b-7c4d-8e5f-0123456789ag",
        "/v1/rooms/0190c1d207a3b-7c4d-8e5f-0123456789ab", "/apps/Hotel/channels/c/users", "/apps/a/channels//users",
        "/files/", "/files", "/livez/x",
    ]) func `a path that fits no pattern is not found`(path: String) throws {
        guard case .notFound = try Self.match("GET", path) else {
            Issue.record("found")
            return
        }
    }

    @Test(arguments: [
        ("DELETE", "/v1/rooms", "GET, HEAD, POST, OPTIONS"), ("POST", "/livez", "GET, HEAD, OPTIONS"),
        ("HEAD", "/files/a/b/c", "POST, OPTIONS"),
        ("PUT", "/v1/rooms/\(id)", "GET, HEAD, PATCH, OPTIONS"),
    ]) func `a wrong method is told the right ones`(method: String, path: String, allow: String) throws {
        let match = try Self.match(method, path)
        guard case .methodNotAllowed(let told) = match else {
            Issue.record("not refused")
            return
        }
        #expect(told == allow)
        let response = try #require(match.response)
        #expect(response.status == .methodNotAllowed)
        #expect(String(decoding: response.fieldLines, as: UTF8.self).contains("Allow: \(allow)\r\n"))
    }

    @Test(arguments: [
        ("/livez", "GET, HEAD, OPTIONS"), ("/v1/rooms", "GET, HEAD, POST, OPTIONS"),
        ("*", "GET, HEAD, POST, PATCH, OPTIONS"),
    ]) func `OPTIONS is answered from the table`(path: String, allow: String) throws {
        guard case .options(let told) = try Self.match("OPTIONS", path) else {
            Issue.record("not answered")
            return
        }
        #expect(told == allow)
    }

    @Test func `an unknown method is not implemented anywhere`() throws {
        #expect(try Self.match("BREW", "/livez").response?.status == .notImplemented)
        #expect(try Self.match("BREW", "/nowhere").response?.status == .notImplemented)
        #expect(try Self.match("get", "/livez").response?.status == .notImplemented)
    }

    @Test func `parameters are typed and decoded`() throws {
        guard case .found(_, let parameters) = try Self.match("POST", "/v1/rooms/\(Self.id)/tasks/0042") else {
            Issue.record("not found")
            return
        }
        #expect(parameters.string("room") == Self.id)
        #expect(parameters.uuid("room") == 0x0190_C1D2_7A3B_7C4D_8E5F_0123_4567_89AB)
        #expect(parameters.int("n") == 42)
        #expect(parameters.string("other") == nil)
        #expect(parameters.uuid("n") == nil)
        guard case .found(_, let escaped) = try Self.match("GET", "/apps/a/channels/a%20%C3%A9/users") else {
            Issue.record("not found")
            return
        }
        #expect(escaped.string("name") == "a é")
        guard case .found(_, let rest) = try Self.match("GET", "/files/a/b/x//y") else {
            Issue.record("not found")
            return
        }
        #expect(rest.string("path") == "a/b/x//y")
    }

    @Test(arguments: [
        ("/a/{x:slug}", "/a/{y:string}"), ("/a/{x:uuid}", "/a/{y:slug}"), ("/a/{x:int}", "/a/{y:string}"),
        ("/a/b", "/a/{y:slug}"), ("/a/{y:slug}/c", "/a/b/d"), ("/a/7", "/a/{n:int}"),
    ]) func `patterns that a path could both fit are refused`(first: String, second: String) throws {
        for (one, other) in [(first, second), (second, first)] {
            let routes = try [Router.Route(.get, one, 1), Router.Route(.get, other, 2)]
            #expect(throws: RouteError.ambiguous(pattern: other)) { try Router(routes) }
        }
    }

    @Test func `the same route twice is refused, under any parameter name`() throws {
        let routes = try [Router.Route(.get, "/a/{x:int}", 1), Router.Route(.get, "/a/{y:int}", 2)]
        #expect(throws: RouteError.duplicate(method: .get, pattern: "/a/{y:int}")) { try Router(routes) }
        let wild = try [Router.Route(.other, "/a", 1)]
        #expect(throws: RouteError.duplicate(method: .other, pattern: "/a")) { try Router(wild) }
    }

    @Test(arguments: [
        "", "a", "/a/", "//", "/{x}", "/{x:color}", "/{:int}", "/{x:int", "/x:int}", "/{x:int}/{x:int}", "/a b",
        "/a%20",
        "/{r:rest}/a", "/{a:int}/{b:int}/{c:int}/{d:int}/{e:int}/{f:int}/{g:int}",
    ]) func `a malformed pattern is refused`(pattern: String) {
        #expect(throws: RouteError.malformedPattern(pattern)) { try RoutePattern(pattern) }
    }

    @Test func `a large table finds each of its routes`() throws {
        let patterns = (0..<500).flatMap { ["/v1/n\($0)", "/v1/n\($0)/{id:uuid}", "/v1/n\($0)/{id:uuid}/x"] }
        let router = try Router(patterns.map { try Router.Route(.get, $0, $0) })
        for pattern in patterns {
            let path = pattern.split(separator: "{id:uuid}", omittingEmptySubsequences: false).joined(
                separator: Self.id)
            let request = try #require(try oneRequest("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n"))
            guard case .found(let handler, _) = router.match(request) else {
                Issue.record("not found: \(path)")
                continue
            }
            #expect(handler == pattern)
        }
        #expect(router.routes.map(\.pattern.text) == patterns)
    }
}
