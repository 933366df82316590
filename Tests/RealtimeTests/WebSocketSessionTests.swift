import Glibc
import Shared
import TestSupport
import Testing
import Wire

@testable import Reactor
@testable import Realtime

@Suite(.timeLimit(.minutes(5))) struct WebSocketSessionTests {
    @Test(arguments: [false, true]) func `messages come back as they were sent`(deflate: Bool) throws {
        let server = try ServerFixture()
        defer { server.stop() }
        let client = SocketClient(port: server.port, deflate: deflate)
        #expect(client.responseHead.contains("permessage-deflate") == deflate)
        let long = String(repeating: "a room is ready, ", count: 1000)
        for text in ["", "short", "grüß", long] {
            client.send(text)
            #expect(try client.receive() == .text(text))
        }
        client.send(.binary, [0, 255, 7])
        #expect(try client.receive() == .binary([0, 255, 7]))
    }

    @Test func `a frame that came with the handshake is not lost`() throws {
        let server = try ServerFixture()
        defer { server.stop() }
        let client = SocketClient(port: server.port, behind: SocketClient.frame(.text, Array("early".utf8)))
        #expect(try client.receive() == .text("early"))
    }

    @Test func `a handshake that is none is refused with the reason`() throws {
        let server = try ServerFixture()
        defer { server.stop() }
        let peer = BlockingSocket(port: server.port)
        peer.send("GET /socket HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        let text = String(decoding: peer.receiveToEnd() ?? [], as: UTF8.self)
        #expect(text.hasPrefix("HTTP/1.1 426 ") && text.contains("Upgrade: websocket\r\n"))
    }

    @Test func `a ping is answered, also in the middle of other frames`() throws {
        let server = try ServerFixture()
        defer { server.stop() }
        let client = SocketClient(port: server.port)
        client.socket.send(
            SocketClient.frame(.text, Array("one".utf8)) + SocketClient.frame(.ping, [1, 2])
                + SocketClient.frame(.text, Array("two".utf8)))
        #expect(try client.receive() == .text("one"))
        #expect(try client.receive() == .pong([1, 2]))
        #expect(try client.receive() == .text("two"))
    }

    @Test func `a close is answered with its code, and then the server ends the connection`() throws {
        let server = try ServerFixture()
        defer { server.stop() }
        let client = SocketClient(port: server.port)
        client.send(.close, [0x0F, 0xA1])
        #expect(try client.receive() == .close(4001))
        #expect(try client.receive() == .end)
        #expect(eventually { server.server.connectionCount == 0 })
    }

    @Test func `our close waits for the peer's answer`() throws {
        let server = try ServerFixture()
        defer { server.stop() }
        let client = SocketClient(port: server.port)
        client.send("bye")
        #expect(try client.receive() == .close(1000))
        client.send("too late")
        client.send(.close, [0x03, 0xE8])
        #expect(try client.receive() == .end)
    }

    @Test func `a peer that never answers a close is dropped in time`() throws {
        var timings = WebSocketTimings()
        timings.closeWithin = 50
        let server = try ServerFixture(timings: timings)
        defer { server.stop() }
        let client = SocketClient(port: server.port)
        client.send("bye")
        #expect(try client.receive() == .close(1000))
        #expect(try client.receive() == .end)
        #expect(eventually { server.server.connectionCount == 0 })
    }

    @Test func `nothing is sent to a socket after our close`() throws {
        let server = try ServerFixture()
        defer { server.stop() }
        let client = SocketClient(port: server.port)
        client.send("bye")
        #expect(try client.receive() == .close(1000))
        server.publish("too late")
        client.send(.close, [0x03, 0xE8])
        // Raw: a reader would throw away whatever follows a close.
        #expect(client.socket.receiveToEnd() == [])
    }

    @Test func `a node that leaves opens no more WebSockets`() throws {
        let server = try ServerFixture()
        defer { server.stop() }
        let peer = BlockingSocket(port: server.port)
        let request = Array(
            """
            GET /socket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
            Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n
            """.utf8)
        peer.send(Array(request.prefix(30)))
        #expect(eventually { server.server.loops[0].figures.bytesReceived == 30 })
        server.server.leave(over: 0)
        let hasLeft = Locked(false)
        server.server.loops[0].post { _ in hasLeft.withLock { $0 = true } }
        #expect(eventually { hasLeft.withLock { $0 } })
        peer.send(Array(request.dropFirst(30)))
        #expect(String(decoding: peer.receiveToEnd() ?? [], as: UTF8.self).hasPrefix("HTTP/1.1 503 "))
    }

    @Test func `a silent peer is asked, and dropped if it stays silent`() throws {
        var timings = WebSocketTimings()
        timings.pingAfter = 50
        timings.pongWithin = 50
        let server = try ServerFixture(timings: timings)
        defer { server.stop() }
        let client = SocketClient(port: server.port)
        #expect(try client.receive() == .ping([]))
        client.send(.pong, [])
        #expect(try client.receive() == .ping([]))
        #expect(try client.receive() == .end)
    }

    @Test(arguments: [false, true])
    func `a message that is not finished in time ends the socket, though bytes keep coming`(deflate: Bool) throws {
        let server = try ServerFixture(messageWithin: 200)
        defer { server.stop() }
        let client = SocketClient(port: server.port, deflate: deflate)
        // Complete messages, and pings between them, are not what is meant.
        for _ in 0..<3 {
            client.send("hello")
            #expect(try client.receive() == .text("hello"))
        }
        let frame = SocketClient.frame(.text, [UInt8](repeating: 0x61, count: 10_000))
        let began = SystemClock.monotonicNanoseconds
        let hasEnded = Locked(false)
        try spawnThread(named: "slow peer") { [socket = client.socket] in
            for byte in frame {
                if hasEnded.withLock({ $0 }) { return }
                socket.send([byte])
                usleep(1000)
            }
        }
        #expect(try client.receive() == .close(1008))
        hasEnded.withLock { $0 = true }
        let milliseconds = (SystemClock.monotonicNanoseconds - began) / 1_000_000
        #expect(milliseconds >= 190 && milliseconds < 5000)
    }

    @Test func `a peer whose own answers keep us from reading is not taken for silent`() throws {
        var timings = WebSocketTimings()
        timings.pingAfter = 1000
        timings.pongWithin = 1000
        let server = try ServerFixture(timings: timings)
        defer { server.stop() }
        let client = SocketClient(port: server.port, receiveBuffer: 4096)
        let text = String(repeating: "x", count: 90_000)
        let count = 200
        try spawnThread(named: "talker") { [socket = client.socket] in
            for _ in 0..<count { socket.send(SocketClient.frame(.text, Array(text.utf8))) }
        }
        #expect(eventually { server.outboxBytes > 0 })
        // Longer than a silent peer is given.
        let began = SystemClock.monotonicNanoseconds
        #expect(eventually { SystemClock.monotonicNanoseconds - began > 3_000_000_000 })
        #expect(server.server.connectionCount == 1)
        var echoes = 0
        while echoes < count {
            switch try client.receive() {
            case .text(let echo): echoes += echo == text ? 1 : count
            // What it still says of its own is sign enough; only one thread may speak on a socket.
            case .ping: continue
            case let other:
                Issue.record("\(other) after \(echoes) echoes")
                return
            }
        }
        #expect(echoes == count)
    }

    @Test(
        arguments: [
            (SocketClient.frame(.text, [0xFF]), 1007), ([0xC1, 0x80, 0, 0, 0, 0], 1002), ([0x81, 0x01, 0x61], 1002),
            (SocketClient.frame(.binary, [UInt8](repeating: 0, count: 100_001)), 1009),
        ] as [([UInt8], UInt16)])
    func `wrong bytes end the socket with the reason`(bytes: [UInt8], code: UInt16) throws {
        let server = try ServerFixture()
        defer { server.stop() }
        let client = SocketClient(port: server.port)
        client.socket.send(bytes)
        #expect(try client.receive() == .close(code))
        #expect(try client.receive() == .end)
    }

    @Test(arguments: [1, 2]) func `everyone hears everything, in order and once`(loops: Int) throws {
        let server = try ServerFixture(loops: loops)
        defer { server.stop() }
        let clients = (0..<20).map { SocketClient(port: server.port, deflate: $0 % 2 == 0) }
        #expect(eventually { server.server.connectionCount == 20 })
        // Long ones are compressed, short ones are not; both kinds must keep their order.
        let texts = (0..<200).map { "\($0) " + String(repeating: "x", count: $0 % 3 * 100) }
        for text in texts { server.publish(text) }
        for client in clients {
            for text in texts { #expect(try client.receive() == .text(text)) }
        }
    }

    @Test func `many events of one turn cost one send per listener`() throws {
        let server = try ServerFixture()
        defer { server.stop() }
        let clients = (0..<5).map { _ in SocketClient(port: server.port) }
        #expect(eventually { server.server.connectionCount == 5 })
        let before = Locked<UInt64?>(nil)
        server.server.loops[0].post { loop in
            // Counted here, not outside: figures are published at the end of a turn, the handshakes' among them.
            let sends = loop.handle.figures.sends
            before.withLock { $0 = sends }
            for number in 0..<64 { loop.attachment(FixtureEndpoint.self)?.publish("event \(number)") }
        }
        for client in clients {
            for number in 0..<64 { #expect(try client.receive() == .text("event \(number)")) }
        }
        let sends = try #require(before.withLock { $0 })
        #expect(eventually { server.server.loops[0].figures.sends == sends + 5 })
    }

    @Test func `a listener that does not read is closed, and the others do not notice`() throws {
        var options = LoopOptions()
        options.outboxBytes = 1 << 18
        let server = try ServerFixture(options: options)
        defer { server.stop() }
        let sleeper = SocketClient(port: server.port, receiveBuffer: 4096)
        let reader = SocketClient(port: server.port)
        let text = String(repeating: "x", count: 60_000)
        var published = 0
        while server.slowConsumers == 0, published < 2000 {
            server.publish(text)
            #expect(try reader.receive() == .text(text))
            published += 1
        }
        #expect(server.slowConsumers == 1)
        #expect(eventually { server.server.connectionCount == 1 && server.outboxBytes == 0 })
        _ = sleeper
    }

    @Test func `a set of listeners keeps who was added and not removed`() throws {
        var set = SubscriberSet()
        let ids = (0..<100).map { ConnectionID(generation: 1, place: $0) }
        for id in ids { set.insert(id) }
        let again = set.insert(ids[3])
        #expect(!again)
        for id in ids where id.place % 3 == 0 { set.remove(id) }
        #expect(Set(set.ids) == Set(ids.filter { $0.place % 3 != 0 }))
        // The place has a new owner: its old one can no longer be removed.
        set.insert(ConnectionID(generation: 2, place: 3))
        let removed = set.remove(ids[3])
        #expect(!removed)
        #expect(set.count == 67)
    }
}
