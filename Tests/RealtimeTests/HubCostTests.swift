import Glibc
import Shared
import TestSupport
import Testing
import Wire

@testable import Reactor
@testable import Realtime

/// What the way through followers and hub costs beside that of a bare broadcast, in interleaved rounds of one run.
@Suite(.timeLimit(.minutes(5))) struct HubCostTests {
    /// - Parameter burst: events in one turn of the loop.
    @Test(arguments: [1, 16]) func `as many calls to the kernel as a bare broadcast`(burst: Int) throws {
        let (sockets, rounds) = (200, 10)
        // Where all this takes long, nobody is to be asked whether he still lives.
        var timings = WebSocketTimings()
        timings.pingAfter = nil
        let (bare, fixture) = (try ServerFixture(timings: timings), try HubFixture())
        defer {
            bare.stop()
            fixture.stop()
        }
        let text = String(repeating: "a room is ready, ", count: 8)
        let listeners = (0..<sockets).map { _ in SocketClient(port: bare.port) }
        let clients = (0..<sockets).map { _ in fixture.client() }
        for client in clients {
            client.send("+ tenant t")
            #expect(try client.next() == "subscribed t 1 0")
        }
        let probe = fixture.store.commit(HubFixture.stream, to: [Audience(.tenant)], text: text)
        self.say([probe], fixture)
        guard case .text(let frame) = try clients[0].client.receive() else { fatalError("no event") }
        for client in clients.dropFirst() { _ = try client.next() }
        var (bareCost, hubCost) = (LoopUsage(), LoopUsage())
        for _ in 0..<rounds {
            var before = LoopUsage.of(bare.server.loops[0])
            bare.server.loops[0].post { loop in
                for _ in 0..<burst { loop.attachment(FixtureEndpoint.self)?.publish(frame) }
            }
            bareCost += LoopUsage.of(bare.server.loops[0]) - before
            let hints = (0..<burst).map { _ in
                fixture.store.commit(HubFixture.stream, to: [Audience(.tenant)], text: text)
            }
            before = LoopUsage.of(fixture.server.loops[0])
            self.say(hints, fixture)
            hubCost += LoopUsage.of(fixture.server.loops[0]) - before
            // Both are read at once, so that neither finds fuller buffers than the other.
            for (listener, client) in zip(listeners, clients) {
                for _ in 0..<burst {
                    #expect(try listener.receive() == .text(frame))
                    guard case .text = try client.client.receive() else {
                        Issue.record("no event")
                        return
                    }
                }
            }
        }
        #expect(bareCost.sends == UInt64(sockets * rounds))
        #expect(hubCost.sends == bareCost.sends)
        if getenv("BELLHOP_MEASURE") != nil {
            let deliveries = Int64(sockets * rounds * burst)
            let (bare, hub) = (bareCost.nanoseconds / deliveries, hubCost.nanoseconds / deliveries)
            print("burst \(burst): CPU per delivery: bare \(bare) ns, hub \(hub) ns")
        }
    }

    private func say(_ hints: [[UInt8]], _ fixture: HubFixture) {
        fixture.server.loops[0].post { loop in
            for hint in hints { loop.attachment(ScriptedBus.self)?.say(hint, on: .hints(of: HubFixture.stream)) }
        }
    }
}
