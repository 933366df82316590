import PGStore
import Ports
import Shared
import StoreSupport
import Testing

@testable import Operations

/// From a note to somebody else's server, over the real store.
@Suite(.timeLimit(.minutes(3))) struct WebhookTests {
    private static func clientEvent(_ data: String) -> AppNews {
        .clientEvent(
            AppClientEvent(
                channel: "private-c", event: "client-a", data: Array(data.utf8), socketID: "1.2", user: nil))
    }

    @Test func `what becomes true is told once, signed, in order, however often it is noted`() async throws {
        try await WebhookWorld.with { world in
            let receiver = try Receiver { _, _ in .answer(200) }
            let station = world.station(try WebhookWorld.hook(receiver.url))
            try await world.running(station) { () async throws in
                world.truth.hear("a", 2)
                world.truth.enter("u", channel: "presence-a")
                for _ in 0..<3 { station.note(.occupancy(channel: "a")) }
                station.note(.membership(channel: "presence-a", user: "u"))
                station.note(.membership(channel: "presence-a", user: "nobody"))
                station.note(.occupancy(channel: "empty"))
                #expect(await eventually(within: .seconds(30)) { receiver.told.count == 2 })
                station.note(.occupancy(channel: "a"))
                for number in 0..<20 { station.note(Self.clientEvent("\(number)")) }
                station.note(.cacheMiss(channel: "cache-a"))
                #expect(await eventually(within: .seconds(30)) { receiver.told.count == 23 })
            }
            #expect(
                receiver.told
                    == ["channel_occupied a", "member_added presence-a u"]
                    + (0..<20).map { "client_event private-c \($0)" } + ["cache_miss cache-a"])
            let request = try #require(receiver.requests.first)
            #expect(request.line == "POST /hook?a=1 HTTP/1.1")
            #expect(request.fields["Content-Type"] == "application/json")
            #expect(request.fields["X-Pusher-Key"] == "rt-key-1")
            let app = try WebhookWorld.hook(receiver.url)
            let body = try JSONValue(parsing: request.body)
            guard case .number(let stamp)? = body["time_ms"], let time = stamp.int64 else {
                Issue.record("no time")
                return
            }
            #expect(abs(time - SystemClock.now.milliseconds) < 60_000)
            let again = app.request(
                [WebhookText.event(.channelOccupied, "a")], now: Timestamp(milliseconds: time))
            #expect(again.body == request.body)
            #expect(again.fields.contains { $0.value == request.fields["X-Pusher-Signature"] })
            #expect(station.figure("bellhop_webhooks_events_delivered_total") == "23")
            #expect(station.figure(#"bellhop_webhooks_requests_total{result="done"}"#) == "23")
            #expect(try await world.rows("webhook_event") == 0)
            #expect(try await world.rows("webhook_told") == 2)
        }
    }

    @Test func `who comes back in time was never gone; who does not is told to be gone, and can come again`()
        async throws
    {
        try await WebhookWorld.with { world in
            let receiver = try Receiver { _, _ in .answer(200) }
            let station = world.station(try WebhookWorld.hook(receiver.url))
            try await world.running(station) { () async throws in
                for channel in ["back", "gone"] {
                    world.truth.hear(channel, 1)
                    station.note(.occupancy(channel: channel))
                }
                world.truth.enter("back", "gone", channel: "presence-a")
                for user in ["back", "gone"] { station.note(.membership(channel: "presence-a", user: user)) }
                #expect(await eventually(within: .seconds(30)) { receiver.told.count == 4 })
                for channel in ["back", "gone"] {
                    world.truth.hear(channel, 0)
                    station.note(.occupancy(channel: channel))
                    world.truth.leave(channel, channel: "presence-a")
                    station.note(.membership(channel: "presence-a", user: channel))
                }
                // Written down before it is back: it is looked at when the time has come.
                #expect(
                    try await eventually(within: .seconds(30)) {
                        try await world.database.run("SELECT 1 FROM bellhop.webhook_told WHERE look_at IS NULL").isEmpty
                    })
                world.truth.hear("back", 1)
                station.note(.occupancy(channel: "back"))
                world.truth.enter("back", channel: "presence-a")
                station.note(.membership(channel: "presence-a", user: "back"))
                #expect(await eventually(within: .seconds(30)) { receiver.told.count == 6 })
                #expect(Set(receiver.told[4...]) == ["channel_vacated gone", "member_removed presence-a gone"])
                #expect(
                    try await eventually(within: .seconds(30)) {
                        try await world.database.run("SELECT 1 FROM bellhop.webhook_told WHERE look_at IS NOT NULL")
                            .isEmpty
                    })
                world.truth.hear("gone", 1)
                station.note(.occupancy(channel: "gone"))
                #expect(await eventually(within: .seconds(30)) { receiver.told.count == 7 })
            }
            #expect(receiver.told.last == "channel_occupied gone")
            #expect(!receiver.told.contains("channel_vacated back"))
            #expect(!receiver.told.contains("member_removed presence-a back"))
        }
    }

    @Test func `what was forgotten is not gone until everybody has told it again`() async throws {
        try await WebhookWorld.with { world in
            let receiver = try Receiver { _, _ in .answer(200) }
            let station = world.station(try WebhookWorld.hook(receiver.url))
            try await world.running(station) { () async throws in
                for channel in ["kept", "gone"] {
                    world.truth.hear(channel, 1)
                    station.note(.occupancy(channel: channel))
                }
                world.truth.enter("u", channel: "presence-a")
                station.note(.membership(channel: "presence-a", user: "u"))
                #expect(await eventually(within: .seconds(30)) { receiver.told.count == 3 })
                world.truth.forget()
                for channel in ["kept", "gone"] { station.note(.occupancy(channel: channel)) }
                station.note(.membership(channel: "presence-a", user: "u"))
                // Looked at again and again, and nothing is said: the look has been put off more than once.
                let first = try await self.lastLook(world)
                #expect(try await eventually(within: .seconds(30)) { try await self.lastLook(world) > first + 500 })
                #expect(receiver.told.count == 3)
                world.truth.hear("kept", 1)
                world.truth.enter("u", channel: "presence-a")
                world.truth.settle()
                #expect(await eventually(within: .seconds(30)) { receiver.told.count == 4 })
                // Nothing is left to be looked at.
                #expect(
                    try await eventually(within: .seconds(30)) {
                        try await world.database.run("SELECT 1 FROM bellhop.webhook_told WHERE look_at IS NOT NULL")
                            .isEmpty
                    })
            }
            #expect(receiver.told.last == "channel_vacated gone" && receiver.told.count == 4)
        }
    }

    /// When the last look is planned, in milliseconds.
    private func lastLook(_ world: WebhookWorld) async throws -> Int64 {
        let rows = try await world.database.run(
            "SELECT coalesce(extract(epoch FROM max(look_at)) * 1000, 0)::int8::text FROM bellhop.webhook_told")
        return Int64(try rows[0].read(0, as: String.self)) ?? 0
    }

    @Test func `of a count that changes often only what differs in the end is told`() async throws {
        try await WebhookWorld.with { world in
            let receiver = try Receiver { _, _ in .answer(200) }
            let station = world.station(try WebhookWorld.hook(receiver.url, events: [.subscriptionCount]))
            try await world.running(station) { () async throws in
                for count in 1...30 {
                    world.truth.hear("a", count)
                    station.note(.subscriptionCount(channel: "a"))
                }
                #expect(await eventually(within: .seconds(30)) { receiver.told.last == "subscription_count a 30" })
                let told = receiver.told.count
                #expect(told < 10)
                // Up and down again is no change.
                world.truth.hear("a", 31)
                station.note(.subscriptionCount(channel: "a"))
                world.truth.hear("a", 30)
                world.truth.hear("b", 1)
                station.note(.subscriptionCount(channel: "b"))
                #expect(await eventually(within: .seconds(30)) { receiver.told.last == "subscription_count b 1" })
                world.truth.hear("a", 0)
                station.note(.subscriptionCount(channel: "a"))
                #expect(await eventually(within: .seconds(30)) { receiver.told.last == "subscription_count a 0" })
                #expect(receiver.told.count == told + 2)
            }
            #expect(try await world.rows("webhook_told") == 1)
        }
    }

    @Test func `two nodes that note the same under load tell it once and in order`() async throws {
        try await WebhookWorld.with { world in
            let receiver = try Receiver { _, _ in .answer(200) }
            let stations = try (0..<2).map { world.station(try WebhookWorld.hook(receiver.url), number: $0) }
            try await world.running(stations[0]) { () async throws in
                try await world.running(stations[1]) { () async throws in
                    for number in 0..<100 {
                        world.truth.hear("c\(number)", 1)
                        for station in stations { station.note(.occupancy(channel: "c\(number)")) }
                    }
                    #expect(await eventually(within: .seconds(30)) { receiver.told.count >= 100 })
                    for number in 0..<100 {
                        world.truth.hear("c\(number)", 0)
                        for station in stations { station.note(.occupancy(channel: "c\(number)")) }
                    }
                    #expect(await eventually(within: .seconds(30)) { receiver.told.count >= 200 })
                    #expect(try await eventually(within: .seconds(30)) { try await world.rows("webhook_event") == 0 })
                }
            }
            let told = receiver.told
            #expect(told.count == 200)
            for number in 0..<100 {
                let ofIt = told.filter { $0.hasSuffix(" c\(number)") }
                #expect(ofIt == ["channel_occupied c\(number)", "channel_vacated c\(number)"])
            }
            // Each request came from one of the two, and both did something or one did it all: nothing was sent twice.
            let sent = stations.compactMap { $0.figure("bellhop_webhooks_events_delivered_total").flatMap(Int.init) }
            #expect(sent.reduce(0, +) == 200)
        }
    }

    @Test func `an app that batches gets many at once, in order, and never too many`() async throws {
        try await WebhookWorld.with { world in
            let receiver = try Receiver { _, _ in .answer(200) }
            var terms = WebhookWorld.terms
            (terms.batchEvents, terms.batchBytes) = (50, 4_000)
            let station = world.station(try WebhookWorld.hook(receiver.url, batching: true), terms: terms)
            try await world.running(station) { () async throws in
                for number in 0..<120 { station.note(Self.clientEvent("\(number)")) }
                #expect(await eventually(within: .seconds(30)) { receiver.told.count == 120 })
                // One that is larger than a batch goes alone.
                let large = String(repeating: "1", count: 10_000)
                for data in ["0", large, "2"] { station.note(Self.clientEvent(data)) }
                #expect(await eventually(within: .seconds(30)) { receiver.told.count == 123 })
            }
            #expect(receiver.told[..<120] == (0..<120).map { "client_event private-c \($0)" }[...])
            #expect(receiver.requests.count < 20)
            #expect(
                receiver.requests.allSatisfy {
                    $0.body.count < 4_200 || $0.body.count > 10_000 && $0.body.count < 10_300
                })
        }
    }

    @Test func `what is noted while Redis or PostgreSQL is gone is told when they are back`() async throws {
        let server = try await PrivatePostgres.make()
        try await server.startAndWait()
        let database = try await TestDatabase.make(on: server)
        try await database.migrate()
        try await WebhookWorld.with(database, at: try await database.nodeAddress()) { world in
            let receiver = try Receiver { _, _ in .answer(200) }
            let station = world.station(try WebhookWorld.hook(receiver.url))
            try await world.running(station) { () async throws in
                world.truth.disappear()
                world.truth.hear("a", 1)
                station.note(.occupancy(channel: "a"))
                // What needs not be looked up is told meanwhile, also what comes later.
                #expect(
                    await eventually(within: .seconds(30)) {
                        station.figure("bellhop_webhooks_store_failures_total").flatMap(Int.init) ?? 0 > 0
                    })
                station.note(Self.clientEvent("1"))
                #expect(await eventually(within: .seconds(30)) { receiver.told == ["client_event private-c 1"] })
                world.truth.comeBack()
                #expect(await eventually(within: .seconds(30)) { receiver.told.last == "channel_occupied a" })
                let failures = station.figure("bellhop_webhooks_store_failures_total").flatMap(Int.init) ?? 0
                try await server.kill()
                world.truth.hear("b", 1)
                station.note(.occupancy(channel: "b"))
                station.note(Self.clientEvent("2"))
                #expect(
                    await eventually(within: .seconds(30)) {
                        station.figure("bellhop_webhooks_store_failures_total").flatMap(Int.init) ?? 0 > failures
                    })
                try await server.startAndWait()
                #expect(await eventually(within: .seconds(30)) { receiver.told.count >= 4 })
                #expect(
                    receiver.told == [
                        "client_event private-c 1", "channel_occupied a", "channel_occupied b",
                        "client_event private-c 2",
                    ])
            }
        }
    }

    @Test func `what a node that died has not said is said by another`() async throws {
        try await WebhookWorld.with { world in
            let receiver = try Receiver { _, _ in .answer(200) }
            let station = world.station(try WebhookWorld.hook(receiver.url))
            try await world.running(station) { () async throws in
                for channel in ["gone", "presence-a"] {
                    world.truth.hear(channel, 1)
                    station.note(.occupancy(channel: channel))
                }
                world.truth.enter("gone", channel: "presence-a")
                station.note(.membership(channel: "presence-a", user: "gone"))
                station.note(.subscriptionCount(channel: "gone"))
                #expect(await eventually(within: .seconds(30)) { receiver.told.count == 4 })
                // All of this was the dead node's to note.
                world.truth.hear("gone", 0)
                world.truth.hear("new", 2)
                world.truth.leave("gone", channel: "presence-a")
                world.truth.enter("new", channel: "presence-a")
                world.nodes.die("n2")
                #expect(
                    await eventually(within: .seconds(30)) {
                        Set(receiver.told.dropFirst(4)) == [
                            "channel_occupied new", "channel_vacated gone", "member_added presence-a new",
                            "member_removed presence-a gone", "subscription_count new 2", "subscription_count gone 0",
                        ]
                    })
            }
        }
    }

    @Test func `what nobody noted is found by the comparison that comes round`() async throws {
        try await WebhookWorld.with { world in
            let receiver = try Receiver { _, _ in .answer(200) }
            let station = world.station(
                try WebhookWorld.hook(receiver.url, events: [.channelOccupied, .channelVacated]))
            world.truth.hear("#user-1", 1)
            for number in 0..<2_100 { world.truth.hear("c\(number)", 1) }
            var terms = WebhookWorld.terms
            terms.comparePause = .milliseconds(50)
            let comparing = world.station(try WebhookWorld.hook(receiver.url, batching: true), terms: terms)
            try await world.setTimers(of: comparing)
            try await world.running(comparing) { () async throws in
                #expect(try await eventually(within: .seconds(60)) { try await world.rows("webhook_told") >= 2_100 })
                for number in 0..<2_100 { world.truth.hear("c\(number)", 0) }
                #expect(try await eventually(within: .seconds(60)) { try await world.rows("webhook_told") == 0 })
            }
            #expect(station.figure("bellhop_webhooks_noted_total") == "0")
            #expect(!receiver.told.contains { $0.contains("#") })
        }
    }
}
