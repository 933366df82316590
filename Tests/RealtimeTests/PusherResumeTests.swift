import Hotel
import Reactor
import Shared
import TestSupport
import Testing
import Wire

@testable import Realtime

@Suite(.timeLimit(.minutes(1))) struct PusherResumeTests {
    private let tenant = PusherFixture.tenantChannel

    private func events(_ range: ClosedRange<Int>) -> [String] {
        range.map { "RoomStatusChanged \(self.tenant) \($0)" }
    }

    @Test func `who comes back hears what was missed, in order, each once, and then what happens`() throws {
        let fixture = try PusherFixture()
        defer { fixture.stop() }
        let anchor = try fixture.listener()
        fixture.commit((1...40).map { "\($0)" })
        #expect(try anchor.next(40) == self.events(1...40))
        let client = try fixture.client()
        client.subscribe(to: self.tenant, since: (1, 10))
        // While it is brought up to date, more happens.
        fixture.commit((41...50).map { "\($0)" })
        #expect(try client.next() == "subscribed \(self.tenant) 1 10")
        var heard = try client.next(41)
        let end = try #require(heard.firstIndex { $0.hasPrefix("resumed ") })
        #expect(end >= 30)
        #expect(heard.remove(at: end) == "resumed \(self.tenant) \(10 + end) \(end)")
        #expect(heard == self.events(11...50))
        fixture.commit(["51"])
        #expect(try client.next() == self.events(51...51)[0])
        #expect(try client.rest() == [])
    }

    @Test func `a position of another epoch, or of none, means to load anew`() throws {
        let fixture = try PusherFixture()
        defer { fixture.stop() }
        fixture.commit(["a", "b"], isLost: true)
        for epoch in [Int64(2), -1] {
            let client = try fixture.client()
            let (auth, data) = client.auth(self.tenant)
            if epoch > 0 {
                client.subscribe(to: self.tenant, auth: auth, data: data, since: (epoch, 1))
            } else {
                let quoted = String(decoding: JSONWriter.text { $0.string(data) }, as: UTF8.self)
                client.send(
                    #"{"event":"pusher:subscribe","data":{"channel":"\#(self.tenant)","auth":"\#(auth)","channel_data":\#(quoted),"since":1}}"#
                )
            }
            #expect(try client.next(2) == ["subscribed \(self.tenant) 1 2", "resync \(self.tenant) 1 2"])
        }
        fixture.commit(["c"])
    }

    @Test func `who leaves while it is brought up to date leaves nothing behind`() throws {
        let fixture = try PusherFixture()
        defer { fixture.stop() }
        fixture.commit((1...600).map { "\($0)" }, isLost: true)
        let anchor = try fixture.listener()
        fixture.store.hold()
        for round in 0..<4 {
            let client = try fixture.client()
            client.subscribe(to: self.tenant, since: (1, 0))
            #expect(try client.next() == "subscribed \(self.tenant) 1 0")
            if round == 1 { client.unsubscribe(self.tenant) }
            if round == 2 { client.client.send(.close, [0x03, 0xE8]) }
            client.client.socket.endOutput()
        }
        #expect(eventually { fixture.hub.server.connectionCount == 1 })
        fixture.store.release()
        #expect(try anchor.rest() == [])
        let left = Locked<[Int]>([])
        fixture.hub.server.loops[0].post { loop in
            guard let hub = loop.attachment(Hub.self), let endpoint = loop.attachment(PusherEndpoint.self) else {
                return
            }
            let stream = hub.streams[HubFixture.stream]
            left.withLock { $0 = [hub.replays.count, stream?.subscriptionCount ?? -1, endpoint.seats.count] }
        }
        #expect(eventually { left.withLock { $0 } == [0, 1, 1] })
    }

    @Test func `who does not read is closed, and resumes where it was`() throws {
        var options = LoopOptions()
        options.outboxBytes = 64 << 10
        let fixture = try PusherFixture(options: options)
        defer { fixture.stop() }
        let slow = try fixture.client(receiveBuffer: 4096)
        slow.subscribe(to: self.tenant)
        #expect(try slow.next() == "subscribed \(self.tenant) 1 0")
        let (loop, text) = (fixture.hub.server.loops[0], String(repeating: "x", count: 2000))
        var count = 0
        while loop.figures.slowConsumers == 0, count < 20_000 {
            fixture.commit([String](repeating: text, count: 20))
            count += 20
        }
        #expect(loop.figures.slowConsumers == 1)
        var last = 0
        while let word = try? slow.next(), let seq = word.split(separator: " ").last.flatMap({ Int($0) }) {
            #expect(seq == last + 1)
            last = seq
        }
        #expect(last < count)
        let client = try fixture.client()
        client.subscribe(to: self.tenant, since: (1, Int64(last)))
        #expect(try client.next() == "subscribed \(self.tenant) 1 \(last)")
        if count > last { #expect(try client.next(count - last) == self.events(last + 1...count)) }
        #expect(try client.next() == "resumed \(self.tenant) \(count) \(count - last)")
    }

    @Test func `a quiet socket that has asked for a position is told how far its streams have come`() throws {
        let fixture = try PusherFixture { $0.tickSeconds = 1 }
        defer { fixture.stop() }
        let (client, plain) = (try fixture.client(), try fixture.listener())
        client.subscribe(to: self.tenant, since: (1, 0))
        #expect(try client.next(2) == ["subscribed \(self.tenant) 1 0", "resumed \(self.tenant) 0 0"])
        fixture.commit(["a", "b"], to: [Audience(.kpi)])
        #expect(try client.next() == "tick \(PusherFixture.tenant) 2")
        fixture.commit(["c"])
        #expect(try client.next() == self.events(3...3)[0])
        fixture.commit(["d"], to: [Audience(.kpi)])
        #expect(try client.next() == "tick \(PusherFixture.tenant) 4")
        // Who does not know ticks is not told any.
        #expect(try plain.rest() == self.events(3...3))
    }
}
