import Hotel
import Reactor
import Shared
import TestSupport
import Wire

@testable import Realtime

/// A server whose sockets subscribe by a few words: `+ <kind> <channel> [<epoch> <seq>]` and `- <channel>`. What the hub has
/// no words for comes back as words, too; events come as Pusher frames.
final class HubFixture: Sendable {
    let server: ClientServer
    let store = ScriptedStore()
    let metrics: FanoutMetrics
    let port: UInt16

    static let stream = EventStream.tenant(TenantID(raw: 7))

    init(
        loops: Int = 1, options: LoopOptions = LoopOptions(), hub: Hub.Terms = Hub.Terms(),
        change: (inout Followers.Terms) -> Void = { _ in },
        serve: @escaping @Sendable (SessionHost, Hub) -> any WebSocketEndpoint = { HubEndpoint(host: $0, hub: $1) }
    ) throws {
        guard let address = SocketAddress("127.0.0.1", port: 0) else { fatalError("no loopback") }
        let (doors, registry) = (FanoutDoors(), MetricsRegistry())
        let metrics = FanoutMetrics(in: registry)
        self.metrics = metrics
        self.server = try ClientServer(
            loops: loops, options: options, connectionLimit: 1000,
            clients: ClientServer.Port(address: address, service: try FixtureService()) { host in
                host.add(serve(host, Hub(host: host, doors: doors, metrics: metrics, names: .catalogue, terms: hub)))
            }, metrics: NodeMetrics(in: registry, loops: { [] }))
        self.port = self.server.address?.port ?? 0
        var terms = Followers.Terms()
        terms.linger = 50
        // Tests that are not about polling must not be helped by it.
        terms.headInterval = 60_000
        change(&terms)
        let (store, chosen) = (self.store, terms)
        store.create(Self.stream)
        self.server.loops[0].post { loop in
            let bus = ScriptedBus()
            loop.attach(bus)
            Followers(loop: loop, bus: bus, store: store, doors: doors, metrics: metrics, terms: chosen)
        }
    }

    func stop() {
        self.store.release()
        self.server.stop()
    }

    /// Does something on the bus's loop and waits for it.
    @discardableResult
    func onBus<Result: Sendable>(_ body: @escaping @Sendable (ScriptedBus, Followers) -> Result) -> Result {
        let (done, result) = (Semaphore(), Locked<Result?>(nil))
        self.server.loops[0].post { loop in
            if let bus = loop.attachment(ScriptedBus.self), let followers = loop.attachment(Followers.self) {
                let value = body(bus, followers)
                result.withLock { $0 = value }
            }
            done.signal()
        }
        done.wait()
        guard let value = result.withLock({ $0 }) else { fatalError("the loop has no followers") }
        return value
    }

    /// Appends events, one per text, and tells the bus unless the hint is lost.
    func commit(
        _ texts: [String], to audiences: [Audience] = [Audience(.tenant)], isLost: Bool = false,
        of stream: EventStream = HubFixture.stream, at time: Timestamp = SystemClock.now
    ) {
        let hints = texts.map { self.store.commit(stream, to: audiences, text: $0, at: time) }
        guard !isLost else { return }
        self.onBus { bus, _ in
            for hint in hints { bus.say(hint, on: .hints(of: stream)) }
        }
    }

    /// Appends what the hotel says, and tells the bus.
    func commit(_ events: [DomainEvent], of stream: EventStream = HubFixture.stream) {
        let hints = events.flatMap { self.store.commit($0, of: stream) }
        self.onBus { bus, _ in
            for hint in hints { bus.say(hint, on: .hints(of: stream)) }
        }
    }

    func client(deflate: Bool = false, receiveBuffer: Int32? = nil) -> HubClient {
        HubClient(SocketClient(port: self.port, deflate: deflate, receiveBuffer: receiveBuffer))
    }

    var sends: UInt64 { self.server.loops.reduce(0) { $0 + $1.figures.sends } }
}

/// What is behind the sockets of one loop.
final class HubEndpoint: WebSocketEndpoint, HubListener {
    private(set) var terms = WebSocketTerms(limits: WebSocketLimits(), deflate: PerMessageDeflate.Policy())
    private unowned let host: SessionHost
    let hub: Hub
    private var number: UInt8 = 0
    private var subscriptions: [ConnectionID: [String: SubscriptionID]] = [:]
    /// Events whose name begins so end the subscriptions of everybody before they are told.
    private let revocation = "auth:"

    init(host: SessionHost, hub: Hub) {
        self.host = host
        self.hub = hub
        // Clients here hear what they are waiting for, and nothing else.
        self.terms.timings.pingAfter = nil
        self.number = hub.add(self)
    }

    func opened(_ id: ConnectionID, request: HTTPRequest) {}

    func received(_ id: ConnectionID, _ payload: UnsafeRawBufferPointer, isText: Bool) {
        let words = String(decoding: payload, as: UTF8.self).split(separator: " ").map(String.init)
        switch words.first {
        case "+":
            let kind = AudienceKind.allCases.first { "\($0)" == words[1] } ?? .tenant
            let stream = words[2].hasPrefix("nobody") ? EventStream.tenant(TenantID(raw: 99)) : HubFixture.stream
            var since: ResumePoint?
            if words.count > 4, let epoch = Int64(words[3]), let seq = Int64(words[4]) {
                since = ResumePoint(epoch: Epoch(raw: epoch), seq: seq)
            }
            self.subscriptions[id, default: [:]][words[2]] = self.hub.subscribe(
                id, to: Audience(kind), of: stream, style: .pusher(channel: words[2]), since: since,
                listener: self.number)
        case "-":
            if let subscription = self.subscriptions[id]?.removeValue(forKey: words[1]) {
                self.hub.unsubscribe(subscription)
            }
            self.say("gone \(words[1])", to: id)
        default: self.say("pong", to: id)
        }
    }

    func closed(_ id: ConnectionID) {
        self.subscriptions[id] = nil
        self.hub.socketClosed(id)
    }

    func drained(_ id: ConnectionID) { self.hub.socketDrained(id) }

    func turnEnded() { self.hub.turnEnded() }

    // MARK: HubListener

    func subscribed(_ subscription: HubSubscription, at position: StreamHead) {
        self.say(
            "subscribed \(subscription.channel) \(position.epoch.raw) \(position.seq)", to: subscription.connection)
    }

    func resumed(_ subscription: HubSubscription, at seq: Int64, replayed: Int) {
        self.say("resumed \(subscription.channel) \(seq) \(replayed)", to: subscription.connection)
    }

    func resyncRequired(_ subscription: HubSubscription, at position: StreamHead) {
        self.say("resync \(subscription.channel) \(position.epoch.raw) \(position.seq)", to: subscription.connection)
    }

    func refused(_ subscription: HubSubscription) {
        self.say("refused \(subscription.channel)", to: subscription.connection)
    }

    func willTell(_ event: LoggedEvent, of stream: EventStream) {
        guard event.name.hasPrefix(self.revocation) else { return }
        for (_, channels) in self.subscriptions {
            for subscription in channels.values { self.hub.unsubscribe(subscription) }
        }
        self.subscriptions = [:]
    }

    private func say(_ text: String, to id: ConnectionID) {
        Array(text.utf8).withUnsafeBytes { self.host.send($0, to: id, isText: true) }
    }
}

/// A client that turns what it hears into short words: `<channel> <seq>` for an event.
final class HubClient {
    let client: SocketClient
    /// The texts of the events' payloads, in order.
    private(set) var texts: [String] = []

    init(_ client: SocketClient) { self.client = client }

    func send(_ text: String) { self.client.send(text) }

    /// The next thing, or how it ended.
    func next() throws -> String {
        guard case .text(let text) = try self.client.receive() else { return "end" }
        guard text.hasPrefix("{") else { return text }
        let frame = try JSONValue(parsing: Array(text.utf8))
        guard case .object(let members) = frame, case .string(let channel) = members["channel"],
            case .string(let data) = members["data"], case .number(let seq) = members["seq"],
            case .object(let payload) = try JSONValue(parsing: Array(data.utf8)),
            case .string(let payloadText) = payload["text"]
        else { return "wrong: \(text)" }
        self.texts.append(payloadText)
        return "\(channel) \(seq.text)"
    }

    func next(_ count: Int) throws -> [String] { try (0..<count).map { _ in try self.next() } }

    /// Everything up to an answer to a question that is sent now.
    func rest() throws -> [String] {
        self.send("ping")
        var heard: [String] = []
        while let word = Optional(try self.next()), word != "pong", word != "end" { heard.append(word) }
        return heard
    }
}
