import Shared
import TestSupport
import Testing

@testable import Realtime

@Suite(.timeLimit(.minutes(5))) struct AppEndpointTests {
    @Test(arguments: [
        ("/app/nobody?protocol=7", "4001"), ("/app/chat-key", "4008"), ("/app/chat-key?protocol=4", "4007"),
    ])
    func `who cannot be served is told on the open socket, twice`(path: String, code: String) throws {
        let fixture = try AppFixture.made()
        defer { fixture.stop() }
        let client = fixture.stranger(path)
        #expect(try client.next(2) == ["error \(code)", "close \(code)"])
        #expect(fixture.metrics.refusedSockets.total == 1)
    }

    @Test func `an app says whose pages may come`() throws {
        let fixture = try AppFixture.made()
        defer { fixture.stop() }
        let path = "/app/chat-key?protocol=7"
        #expect(try fixture.stranger(path, origin: "https://evil.example").next(2) == ["error 4009", "close 4009"])
        #expect(try fixture.stranger(path, origin: "https://chat.example").next() == "established")
        #expect(try fixture.stranger(path, origin: "https://CHAT.example:443").next() == "established")
        #expect(try fixture.stranger(path).next() == "established", "what is no page has no origin")
        let plain = fixture.stranger("/app/plain-key?protocol=7", origin: "https://any.example")
        #expect(try plain.next() == "established", "who lists none is for all")
    }

    @Test func `channels of all kinds are as open as their names say`() throws {
        let fixture = try AppFixture.made()
        defer { fixture.stop() }
        let (client, other) = (try fixture.client(), try fixture.client())
        try client.join("news", "private-desk", "private-encrypted-desk", "presencex", "private")
        client.subscribe("private-lobby", auth: "")
        #expect(try client.next() == "refused private-lobby AuthError 401")
        client.subscribe("private-lobby", auth: client.sign("private-desk"))
        #expect(try client.next() == "refused private-lobby AuthError 401")
        client.subscribe("private-lobby", auth: other.sign("private-lobby"))
        #expect(try client.next() == "refused private-lobby AuthError 401", "signed for another socket")
        for name in ["presence-desk", "presence-cache-news"] {
            client.subscribe(name, auth: client.sign(name))
            #expect(try client.next() == "refused \(name) AuthError 401", "nobody has said who comes")
        }
        for name in ["#server-to-user-7", "#server-to-user-", "#other"] {
            client.subscribe(name, auth: "")
            #expect(try client.next() == "refused \(name) AuthError 401", "nobody has signed in")
        }
        for name in ["", "a b", String(repeating: "x", count: 201)] {
            client.subscribe(name, auth: "")
            #expect(try client.next() == "refused \(name) InvalidChannel 4009")
        }
        try client.join(String(repeating: "x", count: 200))
        let plain = try fixture.client(fixture.plain)
        plain.subscribe(String(repeating: "x", count: 165))
        #expect(try plain.next().hasSuffix("InvalidChannel 4009"))
        // Twice the same is answered twice and heard once.
        client.subscribe("news")
        #expect(try client.next() == "subscribed news")
        #expect(fixture.call(#"{"name":"n","channel":"news","data":"x"}"#).status == 200)
        #expect(try client.next() == #"{"event":"n","channel":"news","data":"x"}"#)
        #expect(try client.rest() == [])
    }

    @Test func `what a back end publishes reaches its channels on all nodes and loops, byte for byte`() throws {
        let fixture = try AppFixture.made(nodes: 2, loops: 2)
        defer { fixture.stop() }
        let clients = try (0..<12).map { try fixture.client(node: $0 % 2) }
        for client in clients { try client.join("private-a", "b") }
        let stranger = try fixture.client(fixture.plain)
        try stranger.join("b")
        let name = #"App\\Events\\Changed"#
        let answer = fixture.call(
            #"{"data":"{\"z\":1.50,\"a\":\"\u00e9\"}","name":"\#(name)","channels":["private-a","b","nobody","b"]}"#)
        #expect(answer == (200, "{}"))
        #expect(fixture.call(#"{"name":"empty","channel":"b","data":""}"#).status == 200)
        #expect(fixture.call(#"{"name":"object","channel":"b","data":{"a":[1, 2]}}"#).status == 200)
        for client in clients {
            let data = #""{\"z\":1.50,\"a\":\"\u00e9\"}""#
            #expect(
                Set(try client.next(2)) == [
                    #"{"event":"\#(name)","channel":"private-a","data":\#(data)}"#,
                    #"{"event":"\#(name)","channel":"b","data":\#(data)}"#,
                ])
            #expect(try client.next() == #"{"event":"empty","channel":"b","data":""}"#)
            #expect(try client.next() == #"{"event":"object","channel":"b","data":"{\"a\":[1, 2]}"}"#)
        }
        // Another app has a channel of that name, too.
        #expect(fixture.call(#"{"name":"own","channel":"b","data":"1"}"#, of: fixture.plain).status == 200)
        #expect(try stranger.next() == #"{"event":"own","channel":"b","data":"1"}"#)
        for client in clients { #expect(try client.rest() == []) }
    }

    @Test func `a batch is told whole and in order, and the sender's socket is left out wherever it is`() throws {
        let fixture = try AppFixture.made(nodes: 2)
        defer { fixture.stop() }
        let clients = try (0..<4).map { try fixture.client(node: $0 % 2) }
        for client in clients { try client.join("a") }
        let id = clients[1].socketID
        let batch = (1...10).map { number in
            #"{"name":"e\#(number)","channel":"a","data":"x","socket_id":\#(number % 3 == 0 ? "\"\(id)\"" : "null")}"#
        }
        #expect(fixture.call("{\"batch\":[\(batch.joined(separator: ","))]}", to: "batch_events") == (200, "{}"))
        #expect(fixture.call(#"{"name":"end","channel":"a","data":"","socket_id":"1.2"}"#).status == 200)
        for (index, client) in clients.enumerated() {
            for number in 1...10 where index != 1 || number % 3 != 0 {
                #expect(try client.next() == #"{"event":"e\#(number)","channel":"a","data":"x"}"#)
            }
            #expect(try client.next() == #"{"event":"end","channel":"a","data":""}"#, "nobody has that id")
        }
    }

    @Test func `who has left or is gone hears nothing more, and who comes back does`() throws {
        let fixture = try AppFixture.made()
        defer { fixture.stop() }
        let (client, other) = (try fixture.client(), try fixture.client())
        try client.join("a", "b")
        try other.join("a")
        client.send(#"{"event":"pusher:unsubscribe","data":{"channel":"a"}}"#)
        client.send(#"{"event":"pusher:unsubscribe","data":{"channel":"never"}}"#)
        #expect(try client.rest() == [])
        _ = fixture.call(#"{"name":"1","channels":["a","b"],"data":""}"#)
        #expect(try client.next() == #"{"event":"1","channel":"b","data":""}"#)
        #expect(try other.next() == #"{"event":"1","channel":"a","data":""}"#)
        try client.join("a")
        other.client.socket.endOutput()
        _ = fixture.call(#"{"name":"2","channel":"a","data":""}"#)
        #expect(try client.next() == #"{"event":"2","channel":"a","data":""}"#)
        // Leaving and coming back at once, as Echo does, is one order of things. Where others listen nothing is waited for, so that
        // each wish is answered.
        let third = try fixture.client()
        try third.join("a")
        for _ in 0..<50 {
            client.send(#"{"event":"pusher:unsubscribe","data":{"channel":"a"}}"#)
            client.subscribe("a")
        }
        #expect(try client.next(50) == Array(repeating: "subscribed a", count: 50))
        _ = fixture.call(#"{"name":"3","channel":"a","data":""}"#)
        #expect(try client.next() == #"{"event":"3","channel":"a","data":""}"#)
    }

    @Test func `clients tell all others in a private channel, in their order, as they said it`() throws {
        let fixture = try AppFixture.made(nodes: 2)
        defer { fixture.stop() }
        let clients = try (0..<4).map { try fixture.client(node: $0 % 2) }
        for client in clients { try client.join("private-a", "b") }
        for number in 0..<9 {
            clients[0].whisper("client-\(number)", "private-a", #"{"x": \#(number), "user_id":"7"}"#)
        }
        clients[0].send(#"{"event":"client-9","channel":"private-a","user_id":"me"}"#)
        for client in clients.dropFirst() {
            for number in 0..<9 {
                let data = #"{"x": \#(number), "user_id":"7"}"#
                #expect(try client.next() == #"{"event":"client-\#(number)","channel":"private-a","data":\#(data)}"#)
            }
            #expect(try client.next() == #"{"event":"client-9","channel":"private-a","data":null}"#)
        }
        #expect(try clients[0].rest() == [], "never to its sender")
        #expect(fixture.metrics.clientEvents.total == 10)
    }

    @Test func `client events have conditions, and the connection stays open`() throws {
        let bus = InProcessBus()
        // More messages than there may be client events.
        let fixture = try AppFixture(bus: bus) {
            $0.messageBurst = 1_000_000
        } subscriber: {
            bus.subscriber(on: $0)
        }
        defer { fixture.stop() }
        let (client, other) = (try fixture.client(), try fixture.client())
        try client.join("private-a", "public")
        try other.join("private-a", "private-b", "public")
        let plain = try fixture.client(fixture.plain)
        try plain.join("private-a")
        plain.whisper("client-x", "private-a", "{}")
        #expect(try plain.next() == "error 4301" && plain.reason == "This app has no client events")
        client.whisper("client-x", "public", "{}")
        client.whisper("client-x", "private-b", "{}")
        client.whisper("client-\(String(repeating: "x", count: 200))", "private-a", "{}")
        client.whisper("client-x", "private-a", "\"\(String(repeating: "x", count: 10_240))\"")
        client.whisper("server-x", "private-a", "{}")
        #expect(try client.next(5) == ["error 4301", "error 4301", "error 4301", "error 4301", "error null"])
        #expect(try other.rest() == [])
        // Ten at once, and what is too much is forgotten as soon as time has passed.
        for number in 0..<60 { client.whisper("client-\(number)", "private-a", "{}") }
        let refused = try client.rest().filter { $0 == "error 4301" }.count
        #expect((30...50).contains(refused))
        #expect(try other.next(10).last == #"{"event":"client-9","channel":"private-a","data":{}}"#)
        #expect(
            try eventually(within: 5) {
                client.whisper("client-later", "private-a", "{}")
                return try client.rest().isEmpty
            })
    }

    @Test func `whatever is sent is answered or limited`() throws {
        let fixture = try AppFixture(bus: InProcessBus()) { terms in
            terms.messageBurst = 20
            terms.mostSubscriptions = 2
        } subscriber: { _ in
            let bus = ScriptedBus()
            return bus
        }
        defer { fixture.stop() }
        let client = try fixture.client()
        for text in ["x", "[]", "{}", #"{"event":"pusher:what"}"#, #"{"event":"pusher:subscribe","data":""}"#] {
            client.send(text)
            #expect(try client.next() == "error null")
        }
        client.send(#"{"event":"pusher:signin","data":{"auth":"x"}}"#)
        #expect(try client.next() == "error null")
        try client.join("a", "b")
        client.subscribe("c")
        #expect(try client.next() == "refused c LimitReached 4301")
        for _ in 0..<60 { client.send(#"{"event":"pusher:subscribe","data":{"channel":"a"}}"#) }
        var heard: [String] = []
        while heard.last?.hasPrefix("close") != true, heard.last != "end" { heard.append(try client.next()) }
        #expect(heard.suffix(2) == ["error 4100", "close 4100"])
        #expect(heard.contains("refused a LimitReached 4301"))
    }
}
