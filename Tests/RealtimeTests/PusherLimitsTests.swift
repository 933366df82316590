import Hotel
import Reactor
import Shared
import TestSupport
import Testing
import Wire

@testable import Realtime

@Suite(.timeLimit(.minutes(1))) struct PusherLimitsTests {
    private let tenant = PusherFixture.tenantChannel

    @Test(arguments: [
        ("", "error null"), ("{", "error null"), ("[]", "error null"), ("7", "error null"), ("{}", "error null"),
        (#"{"event":7}"#, "error null"), (#"{"event":"pusher:subscribe"}"#, "error null"),
        (#"{"event":"pusher:subscribe","data":{"channel":7}}"#, "error null"),
        (#"{"event":"pusher:subscribe","data":{"channel":"a","since":-1}}"#, "error null"),
        (#"{"event":"pusher:subscribe","data":{"channel":"a","since":1e99}}"#, "error null"),
        (#"{"event":"pusher:subscribe","data":{"channel":"private-a","channel_data":{}}}"#, "error null"),
        (#"{"event":"pusher:nonsense","data":{}}"#, "error null"),
        (#"{"event":"pusher_internal:member_added","channel":"a","data":"{}"}"#, "error null"),
        (#"{"event":"pusher:signin","data":{"auth":"k:s"}}"#, "error null"),
        (#"{"event":"client-typing","channel":"private-a","data":{}}"#, "error 4301"),
        (#"{"event":"RoomStatusChanged","channel":"private-a","data":{}}"#, "error null"),
        (#"{"event":"pusher:subscribe","data":"{\"channel\":\"a\"}"}"#, "refused a InvalidChannel 4009"),
        (#"{"event": "pusher:ping", "data": ""}"#, "pong"),
    ])
    func `what is none of the protocol is answered, and the socket lives`(text: String, answer: String) throws {
        let fixture = try PusherFixture()
        defer { fixture.stop() }
        let client = try fixture.client()
        client.send(text)
        #expect(try client.next() == answer)
        client.subscribe(to: self.tenant)
        #expect(try client.next() == "subscribed \(self.tenant) 1 0")
    }

    @Test func `pongs and farewells to nothing are not answered`() throws {
        let fixture = try PusherFixture()
        defer { fixture.stop() }
        let client = try fixture.client()
        client.send(#"{"event":"pusher:pong","data":{}}"#)
        client.unsubscribe("anything")
        #expect(try client.rest() == [])
    }

    @Test(arguments: [(1003, 10, false), (1009, 17 << 10, true)])
    func `what no client of the protocol sends ends the socket`(code: Int, bytes: Int, isText: Bool) throws {
        let fixture = try PusherFixture()
        defer { fixture.stop() }
        let client = try fixture.client()
        client.client.send(isText ? .text : .binary, [UInt8](repeating: 0x20, count: bytes))
        #expect(try client.next() == "close \(code)")
    }

    @Test func `a socket has so many channels and no more`() throws {
        let fixture = try PusherFixture { $0.mostSubscriptions = 3 }
        defer { fixture.stop() }
        let client = try fixture.client()
        let at = PropertyAddress(PropertyID(raw: 1), of: PusherFixture.tenant)
        let channels = [DomainChannel.property(at), .kpi(at), .finance(at), .frontDesk(at)].map(\.name)
        for channel in channels.prefix(3) {
            client.subscribe(to: channel)
            #expect(try client.next() == "subscribed \(channel) 1 0")
        }
        client.subscribe(to: channels[3])
        #expect(try client.next() == "refused \(channels[3]) LimitReached 4301")
        client.subscribe(to: channels[0])
        #expect(try client.next() == "subscribed \(channels[0]) 1 0")
        client.unsubscribe(channels[1])
        client.subscribe(to: channels[3])
        #expect(try client.next() == "subscribed \(channels[3]) 1 0")
    }

    @Test func `a flood is limited, then ended`() throws {
        let fixture = try PusherFixture { terms in
            terms.messageBurst = 10
            terms.messagesPerSecond = 0
        }
        defer { fixture.stop() }
        let client = try fixture.client()
        for _ in 0..<10 { client.send(#"{"event":"pusher:ping","data":{}}"#) }
        #expect(try client.next(10) == [String](repeating: "pong", count: 10))
        client.subscribe(to: self.tenant)
        #expect(try client.next() == "refused \(self.tenant) LimitReached 4301")
        for _ in 0..<10 { client.send(#"{"event":"pusher:ping","data":{}}"#) }
        #expect(try client.next(9) == [String](repeating: "error 4301", count: 9))
        #expect(try client.next(2) == ["error 4100", "close 4100"])
    }

    @Test func `a socket without a subscription does not stay`() throws {
        let fixture = try PusherFixture { $0.emptySeconds = 1 }
        defer { fixture.stop() }
        let (empty, busy, left) = (try fixture.client(), try fixture.listener(), try fixture.listener())
        let refused = try fixture.client()
        refused.subscribe(to: "nothing")
        #expect(try refused.next() == "refused nothing InvalidChannel 4009")
        left.unsubscribe(self.tenant)
        for client in [empty, refused, left] { #expect(try client.next(2) == ["error 4202", "close 4202"]) }
        #expect(try busy.rest() == [])
        #expect(fixture.metrics.empty.total == 3)
    }

    @Test func `who does not answer is asked, then closed; who answers stays`() throws {
        let fixture = try PusherFixture { terms in
            terms.activitySeconds = 1
            terms.pongMilliseconds = 300
            terms.emptySeconds = nil
        }
        defer { fixture.stop() }
        let dead = SocketClient(port: fixture.hub.port, path: "/app/own-key?protocol=7")
        guard case .text(let hello) = try dead.receive() else {
            Issue.record("nothing was said")
            return
        }
        #expect(hello.contains(#"\"activity_timeout\":1"#))
        #expect(try dead.receive() == .ping([]))
        // Said although nothing is heard of it: it may hear us.
        #expect(try dead.receive() == .close(4201))
        let client = try fixture.client()
        var pings = 0
        while pings < 2 {
            guard case .ping(let payload) = try client.client.receive() else {
                Issue.record("closed although it answered")
                return
            }
            client.client.send(.pong, payload)
            pings += 1
        }
        #expect(try client.rest() == [])
    }

    @Test func `a node that leaves sends its clients to another at once`() throws {
        let fixture = try PusherFixture()
        defer { fixture.stop() }
        let client = try fixture.listener()
        fixture.hub.server.leave(over: 10)
        #expect(try client.next(2) == ["error 4200", "close 4200"])
    }
}
