import Reactor
import Shared
import TestSupport
import Testing
import Wire

@testable import Realtime

@Suite(.timeLimit(.minutes(5))) struct HTTPSessionTests {
    private func get(_ path: String, _ fields: String = "") -> String {
        "GET \(path) HTTP/1.1\r\nHost: x\r\n\(fields)\r\n"
    }

    /// Sends everything at once, ends the output, and returns what came until the server closed.
    private func exchange(_ server: ServerFixture, _ text: String) -> String {
        let peer = BlockingSocket(port: server.port)
        peer.send(text)
        return String(decoding: peer.receiveToEnd() ?? Array("(reset)".utf8), as: UTF8.self)
    }

    private func statuses(_ text: String) -> [String] {
        text.split(separator: "HTTP/1.1 ").map { String($0.prefix(3)) }
    }

    @Test func `pipelined requests are answered in their order, whether at once or later`() throws {
        let server = try ServerFixture()
        defer { server.stop() }
        let text = self.exchange(
            server,
            get("/hello") + get("/later") + get("/hello") + get("/nothing") + get("/twice")
                + get("/hello", "Connection: close\r\n"))
        #expect(self.statuses(text) == ["200", "200", "200", "404", "200", "200"])
        let bodies = text.split(separator: "\r\n\r\n").map { $0.split(separator: "HTTP").first ?? "" }
        #expect(bodies.contains("later"))
        #expect(text.ranges(of: "first").count == 1)
        #expect(text.ranges(of: "second").isEmpty, "a second answer to one request must be dropped")
    }

    @Test func `a client that ends its half still gets the answers that it waits for`() throws {
        let server = try ServerFixture()
        defer { server.stop() }
        let peer = BlockingSocket(port: server.port)
        peer.send(self.get("/later") + self.get("/hello"))
        peer.endOutput()
        let text = String(decoding: peer.receiveToEnd() ?? [], as: UTF8.self)
        #expect(self.statuses(text).first == "200")
        #expect(text.contains("later"))
    }

    @Test func `a reply to a connection that has gone does no harm`() throws {
        let server = try ServerFixture()
        defer { server.stop() }
        do {
            let peer = BlockingSocket(port: server.port)
            peer.send(self.get("/never"))
            #expect(eventually { server.server.connectionCount == 1 })
        }
        #expect(eventually { server.service.answerWaiting() == 1 || server.server.connectionCount == 0 })
        _ = server.service.answerWaiting()
        #expect(self.exchange(server, self.get("/hello", "Connection: close\r\n")).contains("hello"))
    }

    @Test func `malformed requests are refused and the connection ends`() throws {
        let server = try ServerFixture()
        defer { server.stop() }
        #expect(self.statuses(self.exchange(server, "GET / HTTP/1.1\n\n")) == ["400"])
        #expect(self.statuses(self.exchange(server, self.get("/hello") + "garbage\r\n\r\n")) == ["200", "400"])
        #expect(
            self.statuses(self.exchange(server, "BREW /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")) == [
                "501"
            ])
    }

    @Test func `a body that is too long is refused before it is read`() throws {
        let server = try ServerFixture()
        defer { server.stop() }
        let head = "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n"
        #expect(self.statuses(self.exchange(server, head)) == ["413"])
        let refused = "POST /refused HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n"
        #expect(self.statuses(self.exchange(server, refused)) == ["401"])
    }

    @Test func `a client that waits for 100 Continue gets it`() throws {
        let server = try ServerFixture()
        defer { server.stop() }
        let peer = BlockingSocket(port: server.port)
        peer.send(
            "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n")
        let go = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)
        #expect(peer.receive(exactly: go.count) == go)
        peer.send("body")
        #expect(String(decoding: peer.receiveToEnd() ?? [], as: UTF8.self).hasSuffix("\r\n\r\nbody"))
    }

    @Test(arguments: [
        ("GET /hello HTT", "408"), ("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nab", "408"), ("", ""),
        ("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n", "200"),
    ])
    func `whoever is too slow, or idle for too long, is closed`(sent: String, status: String) throws {
        let server = try ServerFixture { terms in
            terms.headMilliseconds = 100
            terms.bodyMilliseconds = 100
            terms.idleMilliseconds = 100
        }
        defer { server.stop() }
        #expect(self.statuses(self.exchange(server, sent)) == (status.isEmpty ? [] : [status]))
    }

    @Test func `who asks much and reads nothing waits, and its answers take no memory`() throws {
        let server = try ServerFixture()
        defer { server.stop() }
        let peer = BlockingSocket(port: server.port, receiveBuffer: 4096)
        let count = 300
        for _ in 0..<count { peer.send(self.get("/big")) }
        #expect(eventually { server.outboxBytes > 0 })
        // One answer may wait, and what the output buffer collects before it looks: not three hundred.
        #expect(server.outboxBytes < 2 * FixtureService.bigBody.count)
        peer.endOutput()
        let text = peer.receiveToEnd() ?? []
        #expect(text.count > count * FixtureService.bigBody.count)
    }

    @Test func `the PROXY header names the client, and who is no balancer is refused`() throws {
        let trusted = try #require(CIDR("127.0.0.0/8"))
        let server = try ServerFixture { $0.proxyProtocol = .init(trusted: TrustedProxies([trusted])) }
        defer { server.stop() }
        let request = self.get("/address", "Connection: close\r\n")
        #expect(
            self.exchange(server, "PROXY TCP4 192.0.2.7 192.0.2.1 4242 80\r\n" + request).hasSuffix("192.0.2.7 false"))
        #expect(self.exchange(server, "PROXY UNKNOWN\r\n" + request).hasSuffix("127.0.0.1 false"))
        #expect(self.exchange(server, request) == "")
        let foreign = try ServerFixture { $0.proxyProtocol = .init(trusted: TrustedProxies([])) }
        defer { foreign.stop() }
        #expect(self.exchange(foreign, "PROXY TCP4 192.0.2.7 192.0.2.1 4242 80\r\n" + request) == "")
    }

    @Test func `who comes when all places are taken is answered 503`() throws {
        let server = try ServerFixture(connectionLimit: 1)
        defer { server.stop() }
        let inside = BlockingSocket(port: server.port)
        inside.send(self.get("/hello"))
        #expect(!inside.receive(exactly: 1).isEmpty)
        #expect(self.statuses(self.exchange(server, "")) == ["503"])
    }

    @Test func `operators are served when clients have taken every place`() throws {
        let server = try ServerFixture(connectionLimit: 1, hasAdmin: true)
        defer { server.stop() }
        let inside = BlockingSocket(port: server.port)
        inside.send(self.get("/hello"))
        #expect(!inside.receive(exactly: 1).isEmpty)
        #expect(self.statuses(self.exchange(server, "")) == ["503"])
        let operators = BlockingSocket(port: server.server.adminAddress?.port ?? 0)
        operators.send(self.get("/hello", "Connection: close\r\n"))
        #expect(String(decoding: operators.receiveToEnd() ?? [], as: UTF8.self).hasSuffix("hello"))
    }

    @Test func `all incomplete input together has a ceiling`() throws {
        let server = try ServerFixture { $0.heldBytesTotal = 1500 }
        defer { server.stop() }
        let head = "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\nConnection: close\r\n\r\n"
        let part = String(repeating: "x", count: 900)
        let first = BlockingSocket(port: server.port)
        first.send(head + part)
        #expect(eventually { server.server.loops[0].figures.bytesReceived >= UInt64(head.utf8.count + 900) })
        #expect(self.statuses(self.exchange(server, head + part)) == ["503"])
        first.send(String(repeating: "x", count: 100))
        #expect(String(decoding: first.receiveToEnd() ?? [], as: UTF8.self).hasPrefix("HTTP/1.1 200 "))
    }

    @Test func `a second node on the same port is refused, and the first keeps its clients`() throws {
        let server = try ServerFixture(loops: 2)
        defer { server.stop() }
        #expect(throws: SystemError("bind", errno: 98)) { try ServerFixture(port: server.port) }
        #expect(self.exchange(server, self.get("/hello", "Connection: close\r\n")).contains("hello"))
    }

    @Test func `a node that leaves lets go of whoever is still taking an answer when it has been taken`() throws {
        let server = try ServerFixture()
        defer { server.stop() }
        let peer = BlockingSocket(port: server.port, receiveBuffer: 4096)
        let count = 40
        for _ in 0..<count { peer.send(self.get("/big")) }
        #expect(eventually { server.outboxBytes > 0 })
        server.server.leave(over: 0)
        // Not after the 75 seconds that a connection may be idle: reading to the end waits ten at most.
        let text = try #require(peer.receiveToEnd())
        #expect(text.count >= FixtureService.bigBody.count)
        #expect(text.suffix(1000).allSatisfy { $0 == 0x78 }, "the last answer is whole")
        #expect(eventually { server.server.connectionCount == 0 })
    }

    @Test func `a node that leaves answers what it was asked, closes the idle and takes in nobody`() throws {
        let server = try ServerFixture()
        defer { server.stop() }
        let idle = BlockingSocket(port: server.port)
        idle.send(self.get("/hello"))
        #expect(!idle.receive(exactly: 1).isEmpty)
        let asking = BlockingSocket(port: server.port)
        asking.send(self.get("/never"))
        let socket = SocketClient(port: server.port)
        #expect(eventually { server.server.connectionCount == 3 })
        server.server.leave(over: 100)
        #expect(idle.receiveToEnd()?.isEmpty == false)
        #expect(try socket.receive() == .close(1001))
        #expect(eventually { server.service.answerWaiting() == 1 })
        let answer = String(decoding: asking.receiveToEnd() ?? [], as: UTF8.self)
        #expect(answer.contains("Connection: close\r\n") && answer.hasSuffix("at last"))
        #expect(eventually(within: 20) { server.server.connectionCount == 0 })
    }
}
