import Reactor
import Shared
import TestSupport
import Testing

@testable import Realtime

@Suite(.timeLimit(.minutes(5))) struct AppRelayTests {
    private func fixture(confirms: Bool = true) throws -> AppFixture {
        try AppFixture(bus: InProcessBus()) { _ in
            let bus = ScriptedBus()
            bus.confirms = confirms
            return bus
        }
    }

    /// The shares.
    private func wanted(_ fixture: AppFixture) -> [String] {
        let names = Locked<[String]>([])
        fixture.onRelay { _, bus in
            names.withLock {
                $0 = ((bus as? ScriptedBus)?.wanted ?? []).map(\.name).filter { $0.hasPrefix("bellhop:app:") }
                    .sorted()
            }
        }
        return names.withLock { $0 }
    }

    @Test func `nobody is in before the bus is heard`() throws {
        let fixture = try self.fixture(confirms: false)
        defer { fixture.stop() }
        let client = try fixture.client()
        client.subscribe("a")
        client.subscribe("a")
        #expect(try client.rest() == [])
        fixture.onRelay { _, bus in (bus as? ScriptedBus)?.confirmAll() }
        #expect(try client.next(2) == ["subscribed a", "subscribed a"], "each wish is answered")
    }

    @Test func `without a bus that is well everybody is in, and hears what comes when it is`() throws {
        let fixture = try self.fixture(confirms: false)
        defer { fixture.stop() }
        let (first, second) = (try fixture.client(), try fixture.client())
        first.subscribe("a")
        #expect(try first.rest() == [])
        fixture.onRelay { _, bus in (bus as? ScriptedBus)?.setWell(false) }
        #expect(try first.next() == "subscribed a")
        second.subscribe("b")
        #expect(try second.next() == "subscribed b")
        fixture.onRelay { _, bus in
            guard let bus = bus as? ScriptedBus else { return }
            bus.setWell(true)
            bus.confirmAll()
            for channel in bus.wanted {
                for name in ["a", "b"] {
                    let cast = [UInt8](#""e""#.utf8).withUnsafeBytes { event in
                        [UInt8](#""d""#.utf8).withUnsafeBytes { AppCast.bytes(name, event: event, data: $0) }
                    }
                    if AppChannel(app: "chat", name: name).casts == channel { bus.say(cast, on: channel) }
                }
                bus.say([2, 0], on: channel)
                bus.say([], on: channel)
            }
        }
        #expect(try first.next() == #"{"event":"e","channel":"a","data":"d"}"#)
        #expect(try second.next() == #"{"event":"e","channel":"b","data":"d"}"#)
        #expect(fixture.metrics.unreadable.total >= 2)
    }

    @Test func `a share is wanted while somebody listens, and a while longer`() throws {
        let fixture = try self.fixture()
        defer { fixture.stop() }
        #expect(self.wanted(fixture) == [])
        let client = try fixture.client()
        try client.join("a")
        let channel = AppChannel(app: "chat", name: "a").casts.name
        #expect(self.wanted(fixture) == [channel])
        let plain = try fixture.client(fixture.plain)
        try plain.join("a")
        #expect(self.wanted(fixture).count == 2, "each app has its own")
        client.send(#"{"event":"pusher:unsubscribe","data":{"channel":"a"}}"#)
        plain.client.socket.endOutput()
        #expect(eventually { self.wanted(fixture) == [] })
        try client.join("a")
        #expect(self.wanted(fixture) == [channel])
    }

    @Test func `channels of an app are spread over many shares, the same on every node`() {
        let shares = Set((0..<2000).map { AppShare(app: 0, channel: "private-room-\($0)").share })
        #expect(shares.count == 64)
        #expect(AppShare(app: 3, channel: "my-channel").share == AppShare(app: 0, channel: "my-channel").share)
        let casts = AppChannel(app: "4711", name: "my-channel").casts
        #expect(casts.name == "bellhop:app:4711:\(StableHash.of("my-channel") % 64)")
    }
}
