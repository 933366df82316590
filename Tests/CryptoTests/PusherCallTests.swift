import Shared
import Testing

@testable import Crypto

@Suite struct PusherCallTests {
    /// The credentials of the vectors in the protocol's sheet, which were made with Pusher's own SDK for Python.
    private let app: PusherSigner
    private let now = Timestamp(milliseconds: 1_700_000_000_000)
    init() throws { self.app = PusherSigner(try AppCredentials(setting: "4711:rt-key-1:rt-secret-1")) }

    private static let body = #"{"name": "ev", "channels": ["my-channel"], "data": "{\"a\":1}"}"#

    private func call(
        _ method: String = "POST", _ path: String = "/apps/4711/events", raw: String? = nil,
        query: [(String, String)], body: String = PusherCallTests.body
    ) -> PusherCall {
        PusherCall(
            method: method, rawPath: raw ?? path, path: path, query: query.map { (name: $0.0, value: $0.1) },
            body: Array(body.utf8))
    }

    private func fault(_ call: PusherCall, at time: Timestamp? = nil) -> PusherCall.Fault? {
        do throws(PusherCall.Fault) {
            try call.verify(with: self.app, now: time ?? self.now)
            return nil
        } catch {
            return error
        }
    }

    private static let query = [
        ("auth_key", "rt-key-1"), ("auth_timestamp", "1700000000"), ("auth_version", "1.0"),
        ("body_md5", "d9b525fc4beb7585b341c66400853fff"),
        ("auth_signature", "f6b2a7386d2263486f6bbfd26f34efb51bec24dc312246f829a010abdb00e44f"),
    ]

    @Test func `what the SDK signs is good`() {
        #expect(self.fault(self.call(query: Self.query)) == nil)
        #expect(self.fault(self.call(query: Self.query.reversed())) == nil, "whatever the order")
    }

    @Test func `a GET with the MD5 of nothing is good`() {
        let query = [
            ("filter_by_prefix", "presence-"), ("info", "user_count"), ("auth_key", "rt-key-1"),
            ("auth_timestamp", "1700000000"), ("auth_version", "1.0"),
            ("body_md5", "d41d8cd98f00b204e9800998ecf8427e"),
            ("auth_signature", "4dac7746e1541dc1807e4c3f1652aa8c3db025d61c0b0baadfeda1c17b737ea1"),
        ]
        #expect(self.fault(self.call("GET", "/apps/4711/channels", query: query, body: "")) == nil)
        #expect(self.fault(self.call("GET", "/apps/4711/channels", query: query, body: "x")) == .body)
    }

    @Test(arguments: [
        ("auth_key", "rt-key-2", PusherCall.Fault.key), ("auth_version", "1.1", .version),
        ("auth_timestamp", "1699999399", .timestamp), ("auth_timestamp", "1700000601", .timestamp),
        ("auth_timestamp", "-9223372036854775808", .timestamp), ("auth_timestamp", "soon", .timestamp),
        ("auth_timestamp", "1700000001", .signature), ("body_md5", "d41d8cd98f00b204e9800998ecf8427e", .body),
        ("auth_signature", "", .signature),
        ("auth_signature", "F6B2A7386D2263486F6BBFD26F34EFB51BEC24DC312246F829A010ABDB00E44F", .signature),
    ])
    func `whatever is changed or missing is a fault`(name: String, value: String, fault: PusherCall.Fault) {
        let changed = Self.query.map { $0.0 == name ? (name, value) : $0 }
        #expect(self.fault(self.call(query: changed)) == fault)
        let missing = Self.query.filter { $0.0 != name }
        #expect(
            self.fault(self.call(query: missing))
                == (fault == .signature && name == "auth_timestamp" ? .timestamp : fault))
    }

    @Test func `more parameters, another path, method or body are faults`() {
        #expect(self.fault(self.call(query: Self.query + [("info", "user_count")])) == .signature)
        #expect(self.fault(self.call("POST", "/apps/4712/events", query: Self.query)) == .signature)
        #expect(self.fault(self.call("PUT", query: Self.query)) == .signature)
        #expect(self.fault(self.call(query: Self.query, body: Self.body + " ")) == .body)
    }

    @Test func `clocks may differ by ten minutes`() {
        for seconds: Int64 in [-600, 600] {
            let time = Timestamp(milliseconds: self.now.milliseconds + seconds * 1000)
            #expect(self.fault(self.call(query: Self.query), at: time) == nil)
        }
        #expect(self.fault(self.call(query: Self.query), at: Timestamp(milliseconds: 1_700_000_601_000)) == .timestamp)
    }

    @Test func `the path may be signed as it was sent or decoded, and arrays as PHP joins them`() {
        for signedPath in [
            "/apps/4711/users/a%40b/terminate_connections", "/apps/4711/users/a@b/terminate_connections",
        ] {
            let unsigned = self.call(
                "POST", signedPath, query: [("channels[]", "a"), ("channels[]", "b")], body: "{}")
            let query = unsigned.signed(by: self.app, at: self.now).map { ($0.name, $0.value) }
            let call = self.call(
                "POST", "/apps/4711/users/a@b/terminate_connections",
                raw: "/apps/4711/users/a%40b/terminate_connections", query: query, body: "{}")
            #expect(self.fault(call) == nil, "\(signedPath)")
            // PHP signs the joined form; whoever sends that form means the same.
            let joined = query.filter { $0.0 != "channels[]" } + [("channels", "a,b")]
            #expect(self.fault(self.call("POST", call.path, raw: call.rawPath, query: joined, body: "{}")) == nil)
        }
    }

    @Test(arguments: [[("info", "1"), ("info", "2")], [("INFO", "2")], [("Info", "1"), ("info", "2")]])
    func `of a name that repeats the last value is signed, and its case does not matter`(
        sent: [(String, String)]
    ) {
        let unsigned = self.call("GET", "/apps/4711/channels", query: [("info", "2")], body: "")
        let signed = unsigned.signed(by: self.app, at: self.now).map { ($0.name, $0.value) }
        let query = sent + signed.filter { $0.0 != "info" }
        #expect(self.fault(self.call("GET", "/apps/4711/channels", query: query, body: "")) == nil)
        let other = query + [("info", "3")]
        #expect(self.fault(self.call("GET", "/apps/4711/channels", query: other, body: "")) == .signature)
    }
}
