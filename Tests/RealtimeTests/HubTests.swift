import Shared
import TestSupport
import Testing

@testable import Reactor
@testable import Realtime

@Suite(.timeLimit(.minutes(5))) struct HubTests {
    private let tenant = Audience(.tenant)
    private let property = Audience(.property)

    @Test func `an event is a frame as Pusher clients know it`() throws {
        let fixture = try HubFixture()
        defer { fixture.stop() }
        let client = fixture.client()
        client.send("+ tenant private-tenant.7")
        #expect(try client.next() == "subscribed private-tenant.7 1 0")
        let time = Timestamp(milliseconds: 1_772_978_709_123)
        let hint = fixture.store.commit(HubFixture.stream, to: [self.tenant], text: #"a\"b"#, at: time)
        fixture.onBus { bus, _ in bus.say(hint, on: .hints(of: HubFixture.stream)) }
        let payload =
            #"{\"text\":\"a\\\"b\",\"meta\":{\"n\":1,\"seq\":1,\"recorded_at\":\"2026-03-08T14:05:09.123Z\"}}"#
        #expect(
            try client.client.receive()
                == .text(#"{"event":"RoomStatusChanged","channel":"private-tenant.7","data":"\#(payload)","seq":1}"#))
    }

    @Test func `each subscriber on each loop hears its channels, under the names it gave`() throws {
        let fixture = try HubFixture(loops: 3)
        defer { fixture.stop() }
        let clients = (0..<12).map { _ in fixture.client() }
        for (index, client) in clients.enumerated() {
            client.send(index < 6 ? "+ tenant t\(index % 2)" : "+ property p")
            #expect(try client.next().hasPrefix("subscribed "))
        }
        fixture.commit(["a"], to: [self.tenant])
        fixture.commit(["b"], to: [self.property, self.tenant])
        fixture.commit(["c"], to: [self.property])
        for (index, client) in clients.enumerated() {
            #expect(try client.next(2) == (index < 6 ? ["t\(index % 2) 1", "t\(index % 2) 2"] : ["p 2", "p 3"]))
        }
        for client in clients { #expect(try client.rest() == []) }
    }

    @Test func `an event that names an audience twice is told once`() throws {
        let fixture = try HubFixture()
        defer { fixture.stop() }
        let client = fixture.client()
        client.send("+ tenant t")
        _ = try client.next()
        fixture.commit(["a"], to: [self.tenant, self.property, self.tenant])
        #expect(try client.next() == "t 1")
        #expect(try client.rest() == [])
    }

    @Test(arguments: [false, true]) func `a socket gets the news of all its channels in one call`(deflate: Bool) throws
    {
        let fixture = try HubFixture()
        defer { fixture.stop() }
        let clients = (0..<5).map { _ in fixture.client(deflate: deflate) }
        for (index, client) in clients.enumerated() {
            for kind in ["tenant", "property", "kpi"].prefix(index < 4 ? 3 : 1) {
                client.send("+ \(kind) \(kind)")
                #expect(try client.next() == "subscribed \(kind) 1 0")
            }
        }
        let audiences = [self.tenant, self.property, Audience(.kpi)]
        let hints = (0..<9).map {
            fixture.store.commit(
                HubFixture.stream, to: [audiences[$0 % 3]], text: String(repeating: "x", count: 200))
        }
        // A turn's figures are published when it ends.
        fixture.onBus { _, _ in }
        let before = fixture.sends
        fixture.onBus { bus, _ in
            for hint in hints { bus.say(hint, on: .hints(of: HubFixture.stream)) }
        }
        for (index, client) in clients.enumerated() {
            let heard = try client.next(index < 4 ? 9 : 3)
            for (number, kind) in ["tenant", "property", "kpi"].prefix(index < 4 ? 3 : 1).enumerated() {
                let expected = [1, 4, 7].map { "\(kind) \($0 + number)" }
                #expect(heard.filter { $0.hasPrefix(kind) } == expected)
            }
        }
        fixture.onBus { _, _ in }
        #expect(eventually { fixture.sends - before == 5 }, "\(fixture.sends - before) sends for 5 sockets")
    }

    @Test func `who unsubscribes hears no more, and who subscribes twice is answered twice and told once`() throws {
        let fixture = try HubFixture()
        defer { fixture.stop() }
        let client = fixture.client()
        for _ in 0..<2 {
            client.send("+ tenant t")
            #expect(try client.next() == "subscribed t 1 0")
        }
        client.send("+ property p")
        #expect(try client.next() == "subscribed p 1 0")
        client.send("- p")
        #expect(try client.next() == "gone p")
        fixture.commit(["a"], to: [self.property, self.tenant])
        #expect(try client.next() == "t 1")
        #expect(try client.rest() == [])
    }

    @Test func `a revocation takes effect before the events behind it`() throws {
        let fixture = try HubFixture()
        defer { fixture.stop() }
        let client = fixture.client()
        client.send("+ tenant t")
        _ = try client.next()
        let hints = ["room:a", "auth:session_revoked", "room:b"].map {
            fixture.store.commit(HubFixture.stream, to: [self.tenant], name: $0)
        }
        fixture.onBus { bus, _ in
            for hint in hints { bus.say(hint, on: .hints(of: HubFixture.stream)) }
        }
        #expect(try client.rest().allSatisfy { $0 == "t 1" })
    }

    @Test func `a slow reader is closed and nothing is skipped for it, and nobody else waits`() throws {
        var options = LoopOptions()
        options.outboxBytes = 100_000
        let fixture = try HubFixture(options: options)
        defer { fixture.stop() }
        let (slow, quick) = (fixture.client(receiveBuffer: 4096), fixture.client())
        for client in [slow, quick] {
            client.send("+ tenant t")
            _ = try client.next()
        }
        let text = String(repeating: "x", count: 20_000)
        var sent = 0
        while fixture.server.loops[0].figures.slowConsumers == 0, sent < 2000 {
            sent += 1
            fixture.commit([text])
            #expect(try quick.next() == "t \(sent)")
        }
        #expect(fixture.server.loops[0].figures.slowConsumers == 1)
        var last = 0
        while case .text(let frame)? = try? slow.client.receive() {
            last += 1
            #expect(frame.hasSuffix(#","seq":\#(last)}"#))
        }
        #expect(last < sent)
        #expect(eventually { fixture.server.connectionCount == 1 })
    }

    @Test func `names are those of the catalogue, else in Pascal case`() {
        let names = PusherEventNames(aliases: ["task:claimed": "HousekeepingTaskClaimed"])
        #expect(names.name(of: "room:status_changed") == "RoomStatusChanged")
        #expect(names.name(of: "kpi:updated") == "KpiUpdated")
        #expect(names.name(of: "task:claimed") == "HousekeepingTaskClaimed")
        #expect(names.name(of: "") == "")
    }
}
