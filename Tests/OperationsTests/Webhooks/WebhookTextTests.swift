import Ports
import Shared
import Testing

@testable import Operations

@Suite struct WebhookTextTests {
    @Test func `a request is signed to the byte, and says no more of its type than it may`() throws {
        let app = try WebhookWorld.hook("https://back.example/hook?a=1")
        let request = app.request(
            [WebhookText.event(.channelOccupied, "my-channel")], now: Timestamp(milliseconds: 1_700_000_000_000))
        // The vector of the protocol sheet.
        #expect(
            String(decoding: request.body, as: UTF8.self)
                == #"{"time_ms":1700000000000,"events":[{"name":"channel_occupied","channel":"my-channel"}]}"#)
        let fields = Dictionary(uniqueKeysWithValues: request.fields)
        #expect(
            fields["X-Pusher-Signature"] == "d7d1e57266138975c2a6c00026b12621dbaaafac80a2814ccfa4727ae0ae03be")
        #expect(fields["X-Pusher-Key"] == "rt-key-1" && fields["Content-Type"] == "application/json")
        #expect(request.address.host == "back.example" && request.address.isSecure)
    }

    private static let clientEvents: [(channel: String, data: String, user: String?, text: String)] = [
        ("private-a", #""a \"b\" \u00e9\n""#, "u", #","data":"a \"b\" \u00e9\n","socket_id":"1.2"}"#),
        (
            "presence-a", #"{"x":"é\"","y":[1,null]}"#, "u",
            #","data":"{\"x\":\"é\\\"\",\"y\":[1,null]}","socket_id":"1.2","user_id":"u"}"#
        ),
        ("presence-a", "17", nil, #","data":"17","socket_id":"1.2"}"#),
        ("private-a", "null", nil, #","data":"null","socket_id":"1.2"}"#),
        ("private-a", #""""#, nil, #","data":"","socket_id":"1.2"}"#),
    ]

    @Test(arguments: Self.clientEvents.indices)
    func `a client event has its data as a string, and the user in presence channels only`(number: Int) throws {
        let (channel, data, user, text) = Self.clientEvents[number]
        let event = AppClientEvent(
            channel: channel, event: "client-typing", data: Array(data.utf8), socketID: "1.2", user: user)
        let written = WebhookText.clientEvent(event)
        let head = #"{"name":"client_event","channel":"\#(channel)","event":"client-typing""#
        #expect(String(decoding: written, as: UTF8.self) == head + text)
        #expect(throws: Never.self) { try JSONValue(parsing: written) }
    }

    @Test func `the other events have the fields of the protocol`() {
        func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
        #expect(
            text(WebhookText.event(.memberAdded, "presence-a", user: "é\""))
                == #"{"name":"member_added","channel":"presence-a","user_id":"é\""}"#)
        #expect(
            text(WebhookText.count(3, of: "a"))
                == #"{"name":"subscription_count","channel":"a","subscription_count":3}"#)
        #expect(text(WebhookText.event(.cacheMiss, "cache-a")) == #"{"name":"cache_miss","channel":"cache-a"}"#)
    }
}

@Suite struct WebhookDeskTests {
    private static func desk(_ app: WebhookApp, _ terms: WebhookTerms = WebhookTerms()) -> (
        WebhookDesk, MetricsRegistry
    ) {
        let registry = MetricsRegistry()
        return (WebhookDesk([app.id: app], terms: terms, metrics: WebhookMetrics(in: registry)), registry)
    }

    private static func texts(_ registry: MetricsRegistry) -> String {
        String(decoding: registry.render(), as: UTF8.self)
    }

    private static func client(_ bytes: Int) -> AppNews {
        .clientEvent(
            AppClientEvent(
                channel: "private-a", event: "client-a", data: [UInt8](repeating: 0x31, count: bytes), socketID: "1.2",
                user: nil))
    }

    @Test func `of too many notes the oldest go, by number and by bytes`() throws {
        var terms = WebhookTerms()
        (terms.mostNotes, terms.notesAtOnce) = (10, 4)
        let (desk, registry) = Self.desk(try WebhookWorld.hook("http://a/"), terms)
        for number in 0..<25 { desk.note(.occupancy(channel: "c\(number)"), of: WebhookWorld.app) }
        var names: [String] = []
        while let batch = desk.take() {
            #expect(batch.notes.count <= 4)
            for case .occupancy(let channel) in batch.notes { names.append(channel) }
        }
        #expect(names == (15..<25).map { "c\($0)" })
        #expect(Self.texts(registry).contains("bellhop_webhooks_notes_dropped_total 15\n"))
        #expect(Self.texts(registry).contains("bellhop_webhooks_notes_waiting 0\n"))
        terms.mostNoteBytes = 3_000
        let (small, _) = Self.desk(try WebhookWorld.hook("http://a/"), terms)
        for _ in 0..<5 { small.note(Self.client(1_000), of: WebhookWorld.app) }
        #expect(small.take()?.notes.count == 2)
        // Larger than all that may wait: nothing is left of it, and the desk goes on.
        small.note(Self.client(5_000), of: WebhookWorld.app)
        #expect(small.take() == nil)
        small.note(.cacheMiss(channel: "cache-a"), of: WebhookWorld.app)
        #expect(small.take()?.notes.count == 1)
        #expect(small.take() == nil)
    }

    @Test func `what nobody wants, or nobody could keep, is not even noted`() throws {
        let app = try WebhookWorld.hook("http://a/", events: [.channelVacated, .memberAdded])
        let (desk, _) = Self.desk(app)
        desk.note(.cacheMiss(channel: "cache-a"), of: app.id)
        desk.note(.subscriptionCount(channel: "a"), of: app.id)
        desk.note(Self.client(1), of: app.id)
        desk.note(.occupancy(channel: "a"), of: "another")
        desk.note(.occupancy(channel: ""), of: app.id)
        desk.note(.occupancy(channel: "#user-1"), of: app.id)
        desk.note(.occupancy(channel: String(repeating: "a", count: 201)), of: app.id)
        desk.note(.membership(channel: "presence-a", user: "a\0b"), of: app.id)
        desk.note(.membership(channel: "presence-a", user: ""), of: app.id)
        desk.note(.membership(channel: "presence-a", user: String(repeating: "u", count: 129)), of: app.id)
        #expect(desk.take() == nil)
        // Of a pair one is enough: to know what is gone it has to be known what was there.
        desk.note(.occupancy(channel: "a"), of: app.id)
        desk.note(.membership(channel: "presence-a", user: String(repeating: "é", count: 128)), of: app.id)
        #expect(desk.take()?.notes.count == 2)
    }

    @Test func `counts are noted for apps that have them, and not of presence channels`() throws {
        var options = AppOptions()
        options.webhook = AppWebhook(url: "http://a/")
        let silent = try #require(WebhookApp(try AppCredentials(setting: "a:b:c"), options))
        for (app, number) in [(silent, 0), (try WebhookWorld.hook("http://a/", id: "a"), 1)] {
            let (desk, _) = Self.desk(app)
            desk.note(.subscriptionCount(channel: "presence-a"), of: app.id)
            desk.note(.subscriptionCount(channel: "a"), of: app.id)
            #expect(desk.take()?.notes.count ?? 0 == number)
        }
    }

    @Test func `an app that is told much leaves the others their turn`() throws {
        var terms = WebhookTerms()
        terms.notesAtOnce = 2
        let apps = try ["a", "b"].map { try WebhookWorld.hook("http://a/", id: $0) }
        let desk = WebhookDesk(
            ["a": apps[0], "b": apps[1]], terms: terms, metrics: WebhookMetrics(in: MetricsRegistry()))
        for _ in 0..<5 { desk.note(.cacheMiss(channel: "cache-a"), of: "a") }
        desk.note(.cacheMiss(channel: "cache-a"), of: "b")
        var turns: [String] = []
        while let batch = desk.take() { turns.append(batch.app.id) }
        #expect(turns == ["a", "b", "a", "a"])
    }
}
