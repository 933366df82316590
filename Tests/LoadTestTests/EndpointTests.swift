import Reactor
import Testing

@testable import LoadTest

@Suite struct EndpointTests {
    @Test(arguments: [
        ("ws://127.0.0.1:8080/fanout", "ws://127.0.0.1:8080/fanout"), ("WS://h", "ws://h:80/"),
        ("http://a-b.example:1/x?y=z", "http://a-b.example:1/x?y=z"), ("ws://h:65535?q", "ws://h:65535/?q"),
        ("ws://[::1]:9/x", "ws://[::1]:9/x"), ("ws://[::1]", "ws://[::1]:80/"),
    ]) func `a URL is read`(text: String, expected: String) {
        #expect(Endpoint(text)?.description == expected)
    }

    @Test(arguments: [
        "", "h", "ws:/h", "wss://h/", "https://h/", "ws://", "ws://:80/", "ws://h:/", "ws://h:0/", "ws://h:65536/",
        "ws://h:+1/", "ws://u@h/", "ws://h/a b", "ws://h/#f", "ws://h/\r\nX: y", "ws://[::1", "ws://[h]/", "ws://a_b/",
        "ws://h:1:2/", "ws://h/\u{E9}",
    ]) func `anything else is refused`(text: String) {
        #expect(Endpoint(text) == nil)
    }

    @Test func `numeric addresses and localhost are resolved`() {
        #expect(Endpoint("ws://127.0.0.1:5/")?.resolved()?.description == "127.0.0.1:5")
        #expect(Endpoint("ws://[::1]:5/")?.resolved()?.description == "[::1]:5")
        #expect(Endpoint("ws://localhost:5/")?.resolved()?.port == 5)
    }
}
