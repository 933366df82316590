import Testing

@testable import Shared

@Suite struct WebAddressTests {
    private static let good: [(text: String, host: String, port: UInt16, target: String, authority: String)] = [
        ("http://back.example", "back.example", 80, "/", "back.example"),
        ("https://back.example/hook?a=1&b=%20", "back.example", 443, "/hook?a=1&b=%20", "back.example"),
        ("http://127.0.0.1:8080/", "127.0.0.1", 8080, "/", "127.0.0.1:8080"),
        ("https://back.example:443?a", "back.example", 443, "/?a", "back.example"),
        ("https://[::1]/x", "::1", 443, "/x", "[::1]"), ("http://[::1]:81", "::1", 81, "/", "[::1]:81"),
        ("http://a/b@c:d", "a", 80, "/b@c:d", "a"),
    ]

    @Test(arguments: Self.good.indices)
    func `an address is taken apart as a request needs it`(number: Int) throws {
        let (text, host, port, target, authority) = Self.good[number]
        let address = try WebAddress(setting: text)
        #expect(address.isSecure == text.hasPrefix("https:"))
        #expect(address.host == host && address.port == port)
        #expect(address.target == target && address.authority == authority)
    }

    @Test(arguments: [
        "", "back.example", "ftp://back.example/", "HTTP://back.example/", "http://", "http:///x", "http://a:0/",
        "http://a:65536/", "http://a:/", "http://user:word@back.example/", "http://a/b#c", "http://a/b c", "http://a/é",
        "http://a\r\nX: y/", "http://a/\r\nX: y", "http://[::1/", "http://" + String(repeating: "a", count: 2_100),
    ])
    func `what is none, or has what no request may have, is refused`(text: String) {
        #expect(throws: SettingProblem.self) { try WebAddress(setting: text) }
    }
}

@Suite struct AppWebhookTests {
    private static func read(_ webhooks: String) throws -> AppWebhook? {
        try AppOptions.read(Array(#"{"a": {"webhooks": \#(webhooks)}}"#.utf8))["a"]?.webhook
    }

    @Test func `an app's webhook has an address, the events that are wanted, and says whether they may come together`()
        throws
    {
        let all = try Self.read(#"{"url": "https://back.example/hook"}"#)
        #expect(all == AppWebhook(url: "https://back.example/hook"))
        #expect(all?.events.count == 7 && all?.isBatching == false)
        let some = try Self.read(
            #"{"url": "http://a:81/", "events": ["member_added", "cache_miss"], "batching": true}"#)
        #expect(some == AppWebhook(url: "http://a:81/", events: [.memberAdded, .cacheMiss], isBatching: true))
    }

    @Test(arguments: [
        "{}", #"{"url": "back.example"}"#, #"{"url": "http://a/b#c"}"#, #"{"url": "http://a", "events": ["ping"]}"#,
        #"{"url": "http://a", "secret": "x"}"#, #"{"url": "http://u:p@a/"}"#, "[]",
    ])
    func `one that leads nowhere or wants what there is not is refused`(text: String) {
        #expect(throws: SettingProblem.self) { try Self.read(text) }
    }
}
