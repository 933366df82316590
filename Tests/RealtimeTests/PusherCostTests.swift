import Glibc
import Hotel
import Shared
import TestSupport
import Testing

@testable import Reactor
@testable import Realtime

/// What telling through the protocol's endpoint costs beside telling through a bare hub: nothing that grows with the sockets.
@Suite(.timeLimit(.minutes(2))) struct PusherCostTests {
    @Test(arguments: [1, 16]) func `as many calls to the kernel as the hub alone`(burst: Int) throws {
        let (sockets, rounds) = (200, 10)
        let (bare, fixture) = (try HubFixture(), try PusherFixture())
        defer {
            bare.stop()
            fixture.stop()
        }
        // Under the same name, so that frames are equally long.
        let channel = PusherFixture.tenantChannel
        let text = String(repeating: "a room is ready, ", count: 8)
        let listeners = (0..<sockets).map { _ in bare.client() }
        for listener in listeners {
            listener.send("+ tenant \(channel)")
            #expect(try listener.next() == "subscribed \(channel) 1 0")
        }
        let clients = try (0..<sockets).map { _ in try fixture.listener() }
        var (bareCost, cost) = (LoopUsage(), LoopUsage())
        for round in 0...rounds {
            let one = self.tell(bare, burst, text)
            let other = self.tell(fixture.hub, burst, text)
            // The first round is for memory that is needed once.
            if round > 0 {
                bareCost += one
                cost += other
            }
            for (listener, client) in zip(listeners, clients) {
                for _ in 0..<burst {
                    let frame = try listener.client.receive()
                    #expect(try client.client.receive() == frame)
                }
            }
        }
        #expect(bareCost.sends == UInt64(sockets * rounds))
        #expect(cost.sends == bareCost.sends)
        if getenv("BELLHOP_MEASURE") != nil {
            let deliveries = Int64(sockets * rounds * burst)
            let (bare, all) = (bareCost.nanoseconds / deliveries, cost.nanoseconds / deliveries)
            print("burst \(burst): CPU per delivery: hub \(bare) ns, endpoint \(all) ns")
            print(
                "bytes: seat \(MemoryLayout<PusherSeat?>.stride), subscription \(MemoryLayout<Hub.Subscription>.stride)"
            )
        }
    }

    /// Tells a burst of events in one turn, and says what the loop has used for it.
    private func tell(_ fixture: HubFixture, _ burst: Int, _ text: String) -> LoopUsage {
        let time = Timestamp(milliseconds: 1_772_978_709_123)
        let hints = (0..<burst).map { _ in
            fixture.store.commit(HubFixture.stream, to: [Audience(.tenant)], text: text, at: time)
        }
        let loop = fixture.server.loops[0]
        let before = LoopUsage.of(loop)
        loop.post { loop in
            for hint in hints { loop.attachment(ScriptedBus.self)?.say(hint, on: .hints(of: HubFixture.stream)) }
        }
        return LoopUsage.of(loop) - before
    }
}
