import PGStore
import Ports
import Shared
import StoreSupport
import Testing

@testable import Operations

/// Receivers that fail, and nodes that do.
@Suite(.timeLimit(.minutes(3))) struct WebhookCourierTests {
    private static func miss(_ name: String) -> AppNews { .cacheMiss(channel: name) }

    @Test func `what is not taken is sent again, ever more rarely, before anything else`() async throws {
        try await WebhookWorld.with { world in
            let receiver = try Receiver { _, number in number < 4 ? .answer(500) : .answer(200) }
            let station = world.station(try WebhookWorld.hook(receiver.url))
            try await world.running(station) { () async throws in
                for name in ["a", "b", "c"] { station.note(Self.miss(name)) }
                #expect(await eventually(within: .seconds(30)) { receiver.told.count == 7 })
            }
            #expect(receiver.told == Array(repeating: "cache_miss a", count: 5) + ["cache_miss b", "cache_miss c"])
            // Each is stamped and signed anew.
            #expect(Set(receiver.requests.compactMap { $0.fields["X-Pusher-Signature"] }).count == 7)
            #expect(station.figure(#"bellhop_webhooks_requests_total{result="rejected"}"#) == "4")
            #expect(station.figure(#"bellhop_webhooks_events_dropped_total{reason="expired"}"#) == "0")
        }
    }

    @Test func `the pauses grow, and never beyond the last`() {
        let terms = WebhookTerms()
        let pauses = (1...100).map { terms.retryPause(after: $0) }
        #expect(pauses[0] >= .milliseconds(750) && pauses[0] <= .milliseconds(1_250))
        #expect(pauses[3] >= .seconds(6) && pauses[3] <= .seconds(10))
        #expect(pauses[6...].allSatisfy { $0 >= .seconds(45) && $0 <= .seconds(75) })
        // What a timer's work may take, the store's answer included.
        #expect(terms.turn + .milliseconds(10_500) < TimerTerms().workLimit)
        #expect(TimerTerms().workLimit < TimerTerms().lease)
    }

    @Test func `what was not taken for too long is given up, and what is behind it has its turn`() async throws {
        try await WebhookWorld.with { world in
            let receiver = try Receiver { request, _ in .answer(request.text.contains("poison") ? 500 : 200) }
            var terms = WebhookWorld.terms
            terms.store.patience = .seconds(1)
            let station = world.station(try WebhookWorld.hook(receiver.url), terms: terms)
            try await world.running(station) { () async throws in
                for name in ["poison", "b", "c"] { station.note(Self.miss(name)) }
                #expect(await eventually(within: .seconds(30)) { receiver.told.last == "cache_miss c" })
            }
            let tries = receiver.told.filter { $0.hasSuffix("poison") }.count
            #expect(tries >= 2 && receiver.told.suffix(2) == ["cache_miss b", "cache_miss c"])
            #expect(receiver.told.count == tries + 2)
            #expect(station.figure(#"bellhop_webhooks_events_dropped_total{reason="expired"}"#) == "1")
            #expect(try await world.rows("timer") == 0)
        }
    }

    @Test func `a receiver that is gone for long does not let the line grow old`() async throws {
        try await WebhookWorld.with { world in
            var terms = WebhookWorld.terms
            (terms.store.patience, terms.store.horizon) = (.milliseconds(200), .milliseconds(200))
            let station = world.station(try WebhookWorld.hook("http://127.0.0.1:1/"), terms: terms)
            try await world.running(station) { () async throws in
                for number in 0..<50 { station.note(Self.miss("\(number)")) }
                #expect(try await eventually(within: .seconds(30)) { try await world.rows("webhook_line") == 1 })
                #expect(try await eventually(within: .seconds(30)) { try await world.rows("webhook_event") == 0 })
            }
            #expect(station.figure(#"bellhop_webhooks_events_dropped_total{reason="expired"}"#) == "50")
            #expect(
                station.figure(#"bellhop_webhooks_requests_total{result="unreachable"}"#).flatMap(Int.init) ?? 50 < 50)
        }
    }

    @Test(arguments: ["silence", "torrent", "hang up", "redirect", "trickle"])
    func `a hostile receiver holds up nobody else`(manner: String) async throws {
        try await WebhookWorld.with { world in
            let hostile = try Receiver { _, _ in
                switch manner {
                case "silence": .silence(.seconds(60))
                case "torrent": .torrent
                case "hang up": .hangUp
                case "trickle": .trickle
                default: .says("HTTP/1.1 307 No\r\nLocation: http://127.0.0.1:1/\r\n\r\n")
                }
            }
            let good = try Receiver { _, _ in .answer(200) }
            let station = world.station(
                try WebhookWorld.hook(hostile.url, id: "bad"), try WebhookWorld.hook(good.url))
            let start = ContinuousClock.now
            try await world.running(station) { () async throws in
                for number in 0..<5 {
                    station.note(Self.miss("\(number)"), of: "bad")
                    station.note(Self.miss("\(number)"))
                }
                #expect(await eventually(within: .seconds(8)) { good.told.count == 5 })
                #expect(await eventually(within: .seconds(30)) { !hostile.requests.isEmpty })
                // A torrent says 200 first: that is taken.
                #expect(await eventually(within: .seconds(30)) { manner != "torrent" || hostile.told.count == 5 })
            }
            // Leaving waits for nobody.
            #expect(ContinuousClock.now - start < .seconds(25))
            #expect(good.told == (0..<5).map { "cache_miss \($0)" })
            #expect(try await world.rows("webhook_event") == (manner == "torrent" ? 0 : 5))
        }
    }

    @Test func `a node that dies with a claim is replaced when the claim ends`() async throws {
        try await WebhookWorld.with { world in
            let receiver = try Receiver { _, _ in .answer(200) }
            let app = try WebhookWorld.hook(receiver.url)
            let store = PGWebhooks(world.pools[0])
            let notes = WebhookNotes(
                app: app.id, facts: [], others: [WebhookText.event(.cacheMiss, "a")], terms: WebhookStoreTerms())
            _ = try await store.note(notes)
            let dead = PGTimers(world.pools[0], node: "dead")
            let claimed = try await dead.claim([Webhooks.deliverKind], limit: 1, lease: .milliseconds(500))
            let claim = try #require(claimed.first)
            let station = world.station(app, number: 1)
            try await world.running(station) { () async throws in
                #expect(await eventually(within: .seconds(30)) { receiver.told == ["cache_miss a"] })
                #expect(try await eventually(within: .seconds(30)) { try await world.rows("webhook_event") == 0 })
            }
            // Whoever has lost the claim can do nothing any more.
            _ = try await store.note(notes)
            await #expect(throws: StoreError.self) {
                try await store.end(
                    WebhookAttempt(under: claim, ids: [1, 2], isDone: true, terms: WebhookStoreTerms()))
            }
            #expect(try await world.rows("webhook_event") == 1)
        }
    }

    @Test func `what a dying node sent and did not write down is sent again: at least once`() async throws {
        try await WebhookWorld.with { world in
            let receiver = try Receiver { _, _ in .answer(200) }
            let app = try WebhookWorld.hook(receiver.url)
            let dying = world.station(app, store: ForgetfulStore(store: PGWebhooks(world.pools[0])))
            try await world.running(dying) { () async throws in
                dying.note(Self.miss("a"))
                #expect(await eventually(within: .seconds(30)) { receiver.told == ["cache_miss a"] })
            }
            try await world.database.run(
                "UPDATE bellhop.timer SET claim_expires_at = now() WHERE claimed_by IS NOT NULL")
            let station = world.station(app, number: 1)
            let before = receiver.told.count
            try await world.running(station) { () async throws in
                #expect(await eventually(within: .seconds(30)) { receiver.told.count == before + 1 })
                #expect(try await eventually(within: .seconds(30)) { try await world.rows("webhook_event") == 0 })
            }
            #expect(receiver.told.allSatisfy { $0 == "cache_miss a" })
        }
    }

    @Test func `a node that leaves writes down what it noted`() async throws {
        try await WebhookWorld.with { world in
            let station = world.station(try WebhookWorld.hook("http://127.0.0.1:1/"))
            await station.start(world.truth, nodes: world.nodes)
            for number in 0..<1_000 { station.note(Self.miss("\(number)")) }
            await station.stop()
            #expect(try await world.rows("webhook_event") == 1_000)
        }
    }

    @Test func `a node that does not know an app leaves its line to others`() async throws {
        try await WebhookWorld.with { world in
            let receiver = try Receiver { _, _ in .answer(200) }
            let app = try WebhookWorld.hook(receiver.url)
            _ = try await PGWebhooks(world.pools[0]).note(
                WebhookNotes(
                    app: app.id, facts: [], others: [WebhookText.event(.cacheMiss, "a")], terms: WebhookStoreTerms()))
            let stranger = world.station(try WebhookWorld.hook(receiver.url, id: "other"))
            try await world.running(stranger) { () async throws in
                #expect(
                    try await eventually(within: .seconds(30)) {
                        try await !world.database.run("SELECT 1 FROM bellhop.timer WHERE claim_expires_at > now()")
                            .isEmpty
                    })
            }
            #expect(receiver.told.isEmpty)
            #expect(try await world.rows("webhook_event") == 1)
        }
    }
}
