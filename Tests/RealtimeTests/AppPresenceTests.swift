import Shared
import TestSupport
import Testing

@testable import Realtime

@Suite(.timeLimit(.minutes(5))) struct AppPresenceTests {
    private let room = "presence-room"

    @Test func `a user comes with the first socket and goes with the last, on all nodes`() throws {
        let fixture = try AppFixture.made(nodes: 2, loops: 2)
        defer { fixture.stop() }
        let (ada, bob, again) = (
            try fixture.client(), try fixture.client(node: 1), try fixture.client(node: 1)
        )
        ada.enter(self.room, as: "7", info: #"{"name":"Ada"}"#)
        #expect(try ada.next() == "subscribed presence-room 7")
        bob.enter(self.room, as: "8")
        #expect(try bob.next() == "subscribed presence-room 7,8")
        #expect(try ada.next() == "+8 presence-room")
        again.enter(self.room, as: "8")
        #expect(try again.next() == "subscribed presence-room 7,8")
        bob.unsubscribe(self.room)
        bob.enter(self.room, as: "8")
        #expect(try bob.next() == "subscribed presence-room 7,8")
        bob.client.socket.endOutput()
        again.client.socket.endOutput()
        #expect(try ada.next() == "-8 presence-room", "nothing before, for the second socket and for coming back")
        #expect(try ada.rest() == [])
    }

    @Test func `whoever comes says who it is, as the back end signed it, and within limits`() throws {
        let fixture = try AppFixture.made()
        defer { fixture.stop() }
        let client = try fixture.client()
        client.send(
            #"{"event":"pusher:subscribe","data":{"channel":"presence-room","auth":"\#(client.sign(self.room))"}}"#)
        #expect(try client.next() == "refused presence-room AuthError 401")
        for data in ["7", "{}", #"{"user_id":""}"#, #"{"user_id":null}"#, #"{"user_id":{}}"#, "{"] {
            client.enter(self.room, data: data)
            #expect(try client.next() == "refused presence-room AuthError 401", "\(data)")
        }
        client.enter(self.room, as: String(repeating: "é", count: 129))
        #expect(try client.next() == "refused presence-room LimitReached 4301")
        client.enter(self.room, as: "1", info: "\"\(String(repeating: "x", count: 1_023))\"")
        #expect(try client.next() == "refused presence-room LimitReached 4301")
        client.enter(self.room, data: #"{"user_id": 12, "user_info": [1]}"#)
        #expect(try client.next() == "subscribed presence-room 12", "a number counts as its text")
        client.enter(self.room, data: #"{"user_id": 12, "user_info": [1]}"#)
        #expect(try client.next() == "subscribed presence-room 12", "twice is answered twice")
        // As many users as the app says, and any number of their sockets.
        let others = [try fixture.client(), try fixture.client()]
        for (other, id) in zip(others, ["1", "2"]) {
            other.enter(self.room, as: id)
            #expect(try other.next().hasPrefix("subscribed"))
        }
        #expect(try client.next(2) == ["+1 presence-room", "+2 presence-room"])
        let (late, second) = (try fixture.client(), try fixture.client())
        late.enter(self.room, as: "3")
        #expect(try late.next() == "refused presence-room LimitReached 4100")
        second.enter(self.room, as: "12")
        #expect(try second.next() == "subscribed presence-room 1,12,2")
        #expect(try others[0].rest() == ["+2 presence-room"])
        late.subscribe("news")
        #expect(try late.next() == "subscribed news", "the connection stays open")
    }

    @Test func `nothing reaches a member before it was told who is there, and whispers say whose they are`() throws {
        let fixture = try AppFixture.made()
        defer { fixture.stop() }
        let (ada, bob) = (try fixture.client(), try fixture.client())
        ada.enter(self.room, as: "7")
        #expect(try ada.next() == "subscribed presence-room 7")
        bob.enter(self.room, as: "8")
        #expect(try bob.next() == "subscribed presence-room 7,8")
        #expect(try ada.next() == "+8 presence-room")
        bob.send(#"{"event":"client-typing","channel":"presence-room","data":{"a":1},"user_id":"7"}"#)
        #expect(
            try ada.next() == #"{"event":"client-typing","channel":"presence-room","data":{"a":1},"user_id":"8"}"#)
        #expect(eventually { fixture.news.withLock { $0.contains(#"client-typing chat:presence-room {"a":1} 8"#) } })
        #expect(fixture.call(#"{"name":"n","channel":"presence-room","data":"x"}"#).status == 200)
        #expect(try bob.next() == #"{"event":"n","channel":"presence-room","data":"x"}"#)
    }

    // MARK: Users

    @Test func `a socket signs in as whom the back end signed, hears what that user is told, and is ended with it`()
        throws
    {
        let fixture = try AppFixture.made(nodes: 2)
        defer { fixture.stop() }
        let (ada, bob) = (try fixture.client(), try fixture.client(node: 1))
        ada.signIn(#"{"id":"7","user_info":{"name":"Ada"}}"#)
        #expect(try ada.next() == "signed in")
        ada.signIn(#"{"id":"8"}"#)
        #expect(try ada.next() == "error null", "another user")
        ada.signIn(#"{"id":"7"}"#)
        #expect(try ada.next() == "signed in")
        try ada.join("#server-to-user-7")
        ada.subscribe("#server-to-user-8")
        #expect(try ada.next() == "refused #server-to-user-8 AuthError 401")
        for data in [#"{"id":7}"#, "{}", #"{"id":""}"#, "[]"] {
            bob.signIn(data)
            #expect(try bob.next() == "error null", "\(data)")
        }
        bob.signIn(#"{"id":"8"}"#)
        #expect(try bob.next() == "signed in")
        let body = ##"{"name":"n","channel":"#server-to-user-7","data":"x"}"##
        #expect(fixture.call(body).status == 200)
        #expect(try ada.next() == ##"{"event":"n","channel":"#server-to-user-7","data":"x"}"##)
        // Signed in, it needs no channel_data.
        bob.send(#"{"event":"pusher:subscribe","data":{"channel":"presence-room","auth":"\#(bob.sign(self.room))"}}"#)
        #expect(try bob.next() == "subscribed presence-room 8")
        let present = try fixture.client()
        present.enter(self.room, as: "8")
        #expect(try present.next() == "subscribed presence-room 8")
        #expect(fixture.call("{}", to: "users/8/terminate_connections").status == 200)
        #expect(try bob.next(2) == ["error 4009", "close 4009"])
        #expect(try present.rest() == [], "who has not signed in stays")
        #expect(try ada.rest() == [])
        let wrong = try fixture.client()
        wrong.signIn(#"{"id":"7"}"#, auth: "chat-key:00")
        #expect(try wrong.next(2) == ["error 4009", "close 4009"])
    }

    @Test func `who watches others is told who of them is there, and each change`() throws {
        let fixture = try AppFixture.made(nodes: 2)
        defer { fixture.stop() }
        let (bob, ada) = (try fixture.client(node: 1), try fixture.client())
        bob.signIn(#"{"id":"8"}"#)
        #expect(try bob.next() == "signed in")
        ada.signIn(#"{"id":"7","watchlist":["8","9","8"]}"#)
        #expect(try ada.next(2) == ["signed in", "online 8; offline 9"])
        let again = try fixture.client()
        again.signIn(#"{"id":"8"}"#)
        #expect(try again.next() == "signed in")
        bob.client.socket.endOutput()
        let carl = try fixture.client(node: 1)
        carl.signIn(#"{"id":"9"}"#)
        #expect(try ada.next() == "online 9", "nothing of a second socket that came and a first that went")
        again.client.socket.endOutput()
        #expect(try ada.next() == "offline 8")
        let ids = (0..<120).map { "\"u\($0)\"" }.joined(separator: ",")
        carl.signIn(#"{"id":"9","watchlist":[\#(ids)]}"#)
        #expect(try carl.next() == "signed in")
        #expect(try carl.next(2) == ["signed in", "error 4302"], "the first hundred are watched")
        #expect(try carl.next().hasPrefix("offline u0,u1,"))
    }

    // MARK: Cache channels

    @Test func `a cache channel tells who comes what was published last, on every node and when all have left`() throws
    {
        let fixture = try AppFixture.made(nodes: 2)
        defer { fixture.stop() }
        let early = try fixture.client()
        try early.join("cache-news")
        #expect(try early.next() == "miss cache-news")
        let other = try fixture.client(node: 1)
        try other.join("cache-news")
        #expect(try other.next() == "miss cache-news")
        #expect(eventually { fixture.news.withLock { $0.contains("miss chat:cache-news") } })
        #expect(fixture.news.withLock { $0.filter { $0 == "miss chat:cache-news" }.count } == 1, "once for all")
        for number in 1...3 {
            #expect(fixture.call(#"{"name":"n","channel":"cache-news","data":"\#(number)"}"#).status == 200)
        }
        let frames = (1...3).map { #"{"event":"n","channel":"cache-news","data":"\#($0)"}"# }
        #expect(try early.next(3) == frames)
        #expect(try other.next(3) == frames)
        for client in [early, other] { client.client.socket.endOutput() }
        let late = try fixture.client(node: 1)
        try late.join("cache-news")
        #expect(try late.next() == frames[2])
        // What clients tell each other is not remembered.
        let (one, two) = (try fixture.client(), try fixture.client())
        for client in [one, two] {
            try client.join("private-cache-desk")
            #expect(try client.next() == "miss private-cache-desk")
        }
        one.whisper("client-x", "private-cache-desk", "1")
        #expect(try two.next() == #"{"event":"client-x","channel":"private-cache-desk","data":1}"#)
        let third = try fixture.client()
        try third.join("private-cache-desk")
        #expect(try third.next() == "miss private-cache-desk")
        third.enter("presence-cache-desk", as: "7")
        #expect(try third.next(2) == ["subscribed presence-cache-desk 7", "miss presence-cache-desk"])
    }

    // MARK: Asking

    @Test func `back ends ask who is where`() throws {
        let fixture = try AppFixture.made(nodes: 2)
        defer { fixture.stop() }
        func get(_ resource: String, _ query: [(String, String)] = []) -> (status: Int, text: String) {
            fixture.get(resource, query)
        }
        #expect(get("channels").text == #"{"channels":{}}"#)
        #expect(get("channels/news").text == #"{"occupied":false}"#)
        #expect(get("channels/presence-room/users").text == #"{"users":[]}"#)
        let (ada, bob) = (try fixture.client(), try fixture.client(node: 1))
        try ada.join("news", "private-desk")
        try bob.join("news")
        ada.enter(self.room, as: "7")
        #expect(try ada.next() == "subscribed presence-room 7")
        bob.enter(self.room, as: "8")
        #expect(try bob.next() == "subscribed presence-room 7,8")
        ada.signIn(#"{"id":"7"}"#)
        #expect(try Set(ada.next(2)) == ["+8 presence-room", "signed in"])
        let all = #"{"channels":{"news":{},"presence-room":{},"private-desk":{}}}"#
        #expect(eventually { get("channels").text == all })
        #expect(
            get("channels", [("filter_by_prefix", "pr")]).text
                == #"{"channels":{"presence-room":{},"private-desk":{}}}"#)
        #expect(get("channels", [("info", "user_count")]).status == 400)
        #expect(
            get("channels", [("filter_by_prefix", "presence-"), ("info", "user_count")]).text
                == #"{"channels":{"presence-room":{"user_count":2}}}"#)
        #expect(
            eventually {
                get("channels/news", [("info", "subscription_count")]).text
                    == #"{"occupied":true,"subscription_count":2}"#
            })
        #expect(get("channels/news", [("info", "user_count")]).status == 400)
        #expect(
            get("channels/presence-room", [("info", "user_count,subscription_count")]).text
                == #"{"occupied":true,"user_count":2,"subscription_count":2}"#)
        #expect(get("channels/presence-room/users").text == #"{"users":[{"id":"7"},{"id":"8"}]}"#)
        #expect(get("channels/news/users").status == 400)
        #expect(get("channels/a%20b").status == 400)
        #expect(get("channels", [("info", "weather")]).status == 400)
        #expect(fixture.call("{}", to: "channels").status == 405)
        let body =
            #"{"name":"n","channels":["news","presence-room"],"data":"x","info":"subscription_count"}"#
        #expect(
            fixture.call(body).text
                == #"{"channels":{"news":{"subscription_count":2},"presence-room":{"subscription_count":2}}}"#
        )
        let batch = #"""
            {"batch":[{"name":"n","channel":"news","data":"1","info":"subscription_count"},
            {"name":"n","channel":"cache-x","data":"2"}]}
            """#
        #expect(fixture.call(batch, to: "batch_events").text == #"{"batch":[{"subscription_count":2},{}]}"#)
        #expect(
            get("channels/cache-x", [("info", "cache")]).text.hasPrefix(
                #"{"occupied":false,"cache":{"data":"2","ttl":"#))
        #expect(get("channels/cache-y", [("info", "cache")]).text == #"{"occupied":false,"cache":null}"#)
        bob.client.socket.endOutput()
        ada.unsubscribe("news")
        #expect(eventually { get("channels/news").text == #"{"occupied":false}"# })
        #expect(fixture.news.withLock { $0.filter { $0 == "occupancy chat:news 1" }.count } == 1)
        #expect(eventually { fixture.news.withLock { $0.contains("occupancy chat:news 0") } })
    }
}
