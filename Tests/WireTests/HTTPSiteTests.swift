import Testing

@testable import Wire

@Suite struct HTTPCORSPolicyTests {
    private func verdict(_ origin: String?, host: String = "app.example.com", isSecure: Bool = false) throws
        -> CORSPolicy.Verdict
    {
        let allowed = try ["https://desk.example.com", "http://localhost:3000"].map { try #require(HTTPOrigin($0)) }
        let line = origin.map { "Origin: \($0)\r\n" } ?? ""
        let request = try #require(try oneRequest("GET / HTTP/1.1\r\nHost: \(host)\r\n\(line)\r\n"))
        return CORSPolicy(allowed: allowed).verdict(request, isSecure: isSecure)
    }

    @Test(arguments: [
        "null", "", "https://evil.com", "https://desk.example.com.evil.com", "https://desk.example.com:8443",
        "http://desk.example.com", "https://desk.example.com/", "https://desk.example.com@evil.com", "file://", "*",
        "https://xapp.example.com", "https://app.example.com:80", "https://desk.example.com https://evil.com",
    ]) func `other origins are refused`(origin: String) throws {
        #expect(try self.verdict(origin) == .refused)
    }

    @Test func `the own origin and the listed ones are allowed`() throws {
        #expect(try self.verdict(nil) == .noOrigin)
        #expect(try self.verdict("http://app.example.com") == .sameOrigin)
        #expect(try self.verdict("https://APP.example.com") == .sameOrigin)
        #expect(try self.verdict("https://app.example.com", isSecure: true) == .sameOrigin)
        #expect(try self.verdict("http://app.example.com", isSecure: true) == .refused)
        #expect(try self.verdict("http://app.example.com:8080", host: "app.example.com:8080") == .sameOrigin)
        #expect(try self.verdict("http://app.example.com", host: "app.example.com:80") == .sameOrigin)
        #expect(try self.verdict("http://[::1]:8080", host: "[::1]:8080") == .sameOrigin)
        #expect(
            try self.verdict("https://desk.example.com")
                == .allowed(#require(HTTPOrigin("https://desk.example.com:443"))))
    }

    @Test func `a preflight is answered for listed origins only`() throws {
        let text = "OPTIONS / HTTP/1.1\r\nHost: a\r\nOrigin: https://b\r\nAccess-Control-Request-Method: POST\r\n\r\n"
        let request = try #require(try oneRequest(text))
        for (listed, status) in [("https://b", HTTPStatus.noContent), ("https://c", .forbidden)] {
            let policy = CORSPolicy(allowed: [try #require(HTTPOrigin(listed))])
            let verdict = policy.verdict(request, isSecure: false)
            let answer = try #require(policy.preflight(request, verdict: verdict, allow: "GET, POST"))
            let fields = String(decoding: answer.fieldLines, as: UTF8.self)
            #expect(answer.status == status)
            #expect(fields.contains("Vary: Origin"))
            #expect(fields.contains("Access-Control-Allow-Origin: https://b\r\n") == (status == .noContent))
            #expect(fields.contains("Access-Control-Allow-Methods: GET, POST\r\n") == (status == .noContent))
        }
        let plain = try #require(try oneRequest("OPTIONS / HTTP/1.1\r\nHost: a\r\n\r\n"))
        #expect(CORSPolicy(allowed: []).preflight(plain, verdict: .noOrigin, allow: "GET") == nil)
    }

    @Test func `caches learn that the answer depends on the origin`() throws {
        for origin in [nil, "https://desk.example.com", "https://evil.com"] {
            var response = HTTPResponse(status: .ok)
            CORSPolicy(allowed: []).apply(try self.verdict(origin), to: &response)
            let fields = String(decoding: response.fieldLines, as: UTF8.self)
            #expect(fields.contains("Vary: Origin\r\n"))
            #expect(
                fields.contains("Allow-Origin: https://desk.example.com\r\n") == (origin == "https://desk.example.com"))
        }
    }
}

@Suite struct HTTPStaticFilesTests {
    private static let page = Array(String(repeating: "<p>hello</p>", count: 40).utf8)

    /// A digest and a compressor that are told apart easily.
    private let files = StaticFiles(
        [
            StaticFile(path: "index.html", bytes: page), StaticFile(path: "docs/index.html", bytes: page + [1]),
            StaticFile(path: "assets/app-3f9a0c1b.js", bytes: page), StaticFile(path: "logo.png", bytes: page),
            StaticFile(path: "short.txt", bytes: [97]), StaticFile(path: "a b.css", bytes: page),
        ],
        digest: { bytes in (0..<32).map { UInt8(truncatingIfNeeded: bytes.count &+ $0) } },
        gzip: { bytes in bytes.count > 10 ? [0x1F, 0x8B] + bytes.prefix(10) : bytes + [0] })

    private func response(_ path: String, _ fields: String = "") throws -> HTTPResponse? {
        self.files.response(to: try #require(try oneRequest("GET \(path) HTTP/1.1\r\nHost: a\r\n\(fields)\r\n")))
    }

    private func fields(_ response: HTTPResponse?) -> String {
        String(decoding: response?.fieldLines ?? [], as: UTF8.self)
    }

    @Test func `only what is in the table is served`() throws {
        #expect(
            self.files.paths == [
                "/", "/a b.css", "/assets/app-3f9a0c1b.js", "/docs/", "/docs/index.html", "/index.html", "/logo.png",
                "/short.txt",
            ])
        #expect(try self.response("/docs/")?.body == Self.page + [1])
        #expect(try self.response("/a%20b.css")?.body == Self.page)
        for path in ["/nothing", "/docs", "//index.html", "/assets/", "/INDEX.HTML", "/index.html/"] {
            #expect(try self.response(path) == nil)
        }
    }

    @Test func `each variant has its own strong tag and is not sent twice`() throws {
        let plain = self.fields(try self.response("/"))
        let zipped = try self.response("/", "Accept-Encoding: gzip, br\r\n")
        let tag = "\"" + (0..<16).map { String((Self.page.count + $0) & 255, radix: 16) }.joined() + "\""
        let zippedTag = tag.dropLast() + "-gz\""
        #expect(plain.contains("ETag: \(tag)\r\n") && !plain.contains("Content-Encoding"))
        #expect(
            self.fields(zipped).contains(
                "ETag: \(zippedTag)\r\nCache-Control: no-cache\r\nVary: Accept-Encoding\r\nContent-Encoding: gzip\r\n"))
        #expect(plain.contains("Vary: Accept-Encoding\r\n"))
        #expect(zipped?.body.prefix(2) == [0x1F, 0x8B])
        for (wanted, encoding, status) in [
            (tag, "", HTTPStatus.notModified), ("W/" + tag, "", .notModified), ("\"x\", " + tag, "", .notModified),
            ("*", "", .notModified),
            ("\"x\"", "", .ok), (String(zippedTag), "", .ok), (String(zippedTag), "gzip", .notModified),
            (tag, "gzip", .ok),
        ] {
            let response = try self.response("/", "If-None-Match: \(wanted)\r\nAccept-Encoding: \(encoding)\r\n")
            #expect(response?.status == status)
            #expect(self.fields(response).contains("ETag: "))
        }
    }

    @Test func `types, caching and compression follow the name`() throws {
        let script = self.fields(try self.response("/assets/app-3f9a0c1b.js", "Accept-Encoding: gzip\r\n"))
        #expect(script.contains("Content-Type: text/javascript; charset=utf-8\r\n"))
        #expect(script.contains("Cache-Control: public, max-age=31536000, immutable\r\n"))
        let image = self.fields(try self.response("/logo.png", "Accept-Encoding: gzip\r\n"))
        #expect(image.contains("Content-Type: image/png\r\n") && image.contains("no-cache") && !image.contains("gzip"))
        #expect(!self.fields(try self.response("/short.txt", "Accept-Encoding: gzip\r\n")).contains("gzip"))
        #expect(try self.response("/")?.kind == .page)
        #expect(try self.response("/logo.png")?.kind == .asset)
    }

    @Test(arguments: [
        ("app-3f9a0c1b.js", true), ("app.3f9a0c1b.min.js", true), ("x/app-3F9A0C1B.css", true), ("app.js", false),
        ("app-3f9a0c1.js", false), ("app-deadbeef.js", false), ("3f9a0c1b.js", false), ("3f9a0c1b/app.js", false),
        ("app-3f9a0c1g.js", false),
    ]) func `only names with a hash never change`(path: String, expected: Bool) {
        #expect(StaticFiles.hasHashedName(path) == expected)
    }

    @Test(arguments: [
        (["gzip"], true), (["br", "gzip;q=0.5"], true), (["GZIP; q=1"], true), (["*"], true), (["x-gzip"], true),
        ([], false),
        (["br"], false), (["gzip;q=0"], false), (["gzip;q=0.000", "*"], false), (["*;q=0"], false),
        (["*", "gzip;q=0"], false), (["identity"], false),
    ]) func `gzip is sent to whom accepts it`(codings: [String], expected: Bool) {
        #expect(StaticFiles.acceptsGzip(codings) == expected)
    }
}
