import Crypto
import Hotel
import Reactor
import Shared
import TestSupport
import Wire

@testable import Realtime

/// A server that serves the hotel's Pusher app, with everything behind it but the store and the bus.
final class PusherFixture: Sendable {
    let hub: HubFixture
    let metrics: PusherMetrics
    let app: AppCredentials
    /// What the store is asked about subscribers, and what it answers.
    let asked = Locked<[String]>([])
    let standing = Locked(true)
    /// While it is shut, nobody comes into a presence channel.
    let gate = PresenceGate()
    /// Added to the wall clock, in seconds.
    let clockOffset = Locked<Int64>(0)

    static let tenant = TenantID(raw: 7)
    static let user = UserID(raw: 0xA1)
    static let session = SessionID(raw: 0x51)
    static let otherUser = UserID(raw: 0xB2)
    static let otherSession = SessionID(raw: 0x52)
    static let tenantChannel = DomainChannel.tenant(tenant).name
    static let userChannel = DomainChannel.user(user).name

    init(
        loops: Int = 1, options: LoopOptions = LoopOptions(), hub: Hub.Terms = Hub.Terms(),
        terms change: (inout PusherTerms) -> Void = { _ in }
    ) throws {
        var terms = PusherTerms()
        change(&terms)
        let app = try AppCredentials(setting: "hotel:own-key:a-secret-of-the-hotel")
        let metrics = PusherMetrics(in: MetricsRegistry())
        self.app = app
        self.metrics = metrics
        let gate = self.gate
        let (doors, board) = (PresenceDoors(), ConnectionDoors())
        let (asked, standing, offset) = (self.asked, self.standing, self.clockOffset)
        let service = PusherEndpoint.Service(
            app: app, terms: terms, metrics: metrics, presence: doors, connections: board,
            clock: { Timestamp(milliseconds: SystemClock.now.milliseconds + offset.withLock { $0 } * 1000) }
        ) { subscriber, channel, answer in
            asked.withLock { $0.append("\(subscriber.user == Self.user ? "user" : "other") \(channel.name)") }
            answer(standing.withLock { $0 })
        }
        self.hub = try HubFixture(
            loops: loops, options: options, hub: hub,
            serve: { host, hub in PusherEndpoint(host: host, hub: hub, service: service) })
        self.hub.store.create(.system)
        self.hub.server.loops[0].post { loop in
            let bus = InProcessBus()
            let ear = bus.subscriber(on: loop)
            loop.attach(Ear(ear))
            PresenceDesk(
                loop: loop, bus: ear, directory: HeldPresence(InProcessPresence(bus: bus), gate), doors: doors,
                metrics: PresenceWatchMetrics(in: MetricsRegistry()))
        }
    }

    private final class Ear {
        let ear: any BusSubscriber
        init(_ ear: any BusSubscriber) { self.ear = ear }
    }

    func stop() { self.hub.stop() }

    var store: ScriptedStore { self.hub.store }

    /// A client that has been told its socket id.
    func client(receiveBuffer: Int32? = nil, deflate: Bool = false) throws -> PusherClient {
        let client = PusherClient(
            SocketClient(
                port: self.hub.port, path: "/app/own-key?protocol=7&client=js", deflate: deflate,
                receiveBuffer: receiveBuffer), self)
        _ = try client.next()
        return client
    }

    /// One that hears a channel, with the stream open on its loop.
    func listener(on channel: String = PusherFixture.tenantChannel) throws -> PusherClient {
        let client = try self.client()
        client.subscribe(to: channel)
        let word = try client.next()
        precondition(word.hasPrefix("subscribed "), word)
        return client
    }

    func commit(_ texts: [String], to audiences: [Audience] = [Audience(.tenant)], isLost: Bool = false) {
        self.hub.commit(texts, to: audiences, isLost: isLost)
    }
}

/// A Pusher client that turns what it hears into short words.
final class PusherClient {
    let client: SocketClient
    private(set) var socketID = ""
    private let fixture: PusherFixture
    /// What the last subscription error or error said.
    private(set) var reason = ""

    /// What is in a `channel_data`, before it is signed.
    struct Claims {
        var user = PusherFixture.user
        var tenant: TenantID? = PusherFixture.tenant
        var session = PusherFixture.session
        var epoch: Int64 = 1
        /// Seconds from now.
        var signed: Int64 = 0
        var expires: Int64 = 900
        var info = ""
    }

    init(_ client: SocketClient, _ fixture: PusherFixture) {
        self.client = client
        self.fixture = fixture
    }

    func send(_ text: String) { self.client.send(text) }

    /// A signature as our own signer makes it.
    func auth(_ channel: String, _ claims: Claims = Claims(), socket: String? = nil) -> (auth: String, data: String) {
        let now = SystemClock.now.milliseconds
        let data = PusherChannelData(
            user: claims.user, tenant: claims.tenant, session: claims.session, epoch: TokenEpoch(raw: claims.epoch),
            signedAt: Timestamp(milliseconds: now + claims.signed * 1000),
            expiresAt: Timestamp(milliseconds: now + claims.expires * 1000), userInfo: Array(claims.info.utf8)
        ).text
        return (self.sign(channel, data, socket: socket), data)
    }

    /// Says whose it is, as our own signer signs it.
    func signIn(_ claims: Claims = Claims(), auth: String? = nil) {
        let now = SystemClock.now.milliseconds
        let data = PusherChannelData(
            user: claims.user, tenant: claims.tenant, session: claims.session, epoch: TokenEpoch(raw: claims.epoch),
            signedAt: Timestamp(milliseconds: now + claims.signed * 1000),
            expiresAt: Timestamp(milliseconds: now + claims.expires * 1000), userInfo: Array(claims.info.utf8)
        ).userText
        guard let id = PusherSocketID(self.socketID) else { return }
        let signature = auth ?? PusherSigner(self.fixture.app).authentication(of: id, userData: data)
        let text = JSONWriter.text { writer in
            writer.object { writer in
                writer.member("event", "pusher:signin")
                writer.object("data") { writer in
                    writer.member("auth", signature)
                    writer.member("user_data", data)
                }
            }
        }
        self.send(String(decoding: text, as: UTF8.self))
    }

    func sign(_ channel: String, _ data: String?, socket: String? = nil) -> String {
        guard let id = PusherSocketID(socket ?? self.socketID), let name = PusherChannelName(channel) else {
            return "own-key:0"
        }
        return PusherSigner(self.fixture.app).authorization(of: name, for: id, channelData: data)
    }

    func subscribe(
        to channel: String, _ claims: Claims = Claims(), since: (epoch: Int64, seq: Int64)? = nil
    ) {
        let (auth, data) = self.auth(channel, claims)
        self.subscribe(to: channel, auth: auth, data: data, since: since)
    }

    func subscribe(to channel: String, auth: String?, data: String?, since: (epoch: Int64, seq: Int64)? = nil) {
        let text = JSONWriter.text { writer in
            writer.object { writer in
                writer.member("event", "pusher:subscribe")
                writer.object("data") { writer in
                    writer.member("channel", channel)
                    if let auth { writer.member("auth", auth) }
                    if let data { writer.member("channel_data", data) }
                    guard let since else { return }
                    writer.name("since")
                    writer.int(since.seq)
                    writer.name("epoch")
                    writer.int(since.epoch)
                }
            }
        }
        self.send(String(decoding: text, as: UTF8.self))
    }

    func unsubscribe(_ channel: String) {
        self.send(#"{"event":"pusher:unsubscribe","data":{"channel":"\#(channel)"}}"#)
    }

    /// The next thing, or how it ended; pings of the WebSocket are answered and passed over.
    func next() throws -> String {
        while true {
            switch try self.client.receive() {
            case .text(let text): return try self.word(text)
            case .ping(let payload): self.client.send(.pong, payload)
            case .pong, .binary: return "strange"
            case .close(let code): return "close \(code)"
            case .end: return "end"
            }
        }
    }

    func next(_ count: Int) throws -> [String] { try (0..<count).map { _ in try self.next() } }

    /// Everything up to the answer to a ping that is sent now, or to the end.
    func rest() throws -> [String] {
        self.send(#"{"event":"pusher:ping","data":{}}"#)
        var heard: [String] = []
        while true {
            let word = try self.next()
            if word == "pong" { return heard }
            heard.append(word)
            if word == "end" || word.hasPrefix("close") { return heard }
        }
    }

    /// `event` is one of Pusher's or ours; all others are events of the hotel.
    private func word(_ text: String) throws -> String {
        guard case .object(let frame) = try JSONValue(parsing: Array(text.utf8)),
            case .string(let event) = frame["event"]
        else { return "wrong: \(text)" }
        var data = frame["data"]
        if case .string(let inner) = data { data = try JSONValue(parsing: Array(inner.utf8)) }
        let (channel, seq, epoch) = (Self.text(frame["channel"]), Self.text(frame["seq"]), Self.text(frame["epoch"]))
        guard case .object(let members) = data else { return "wrong: \(text)" }
        switch event {
        case "pusher:connection_established":
            self.socketID = Self.text(members["socket_id"])
            return "established \(Self.text(members["activity_timeout"]))"
        case "pusher:pong": return "pong"
        case "pusher:error":
            self.reason = Self.text(members["message"])
            return "error \(Self.text(members["code"]))"
        case "pusher:subscription_error":
            self.reason = Self.text(members["error"])
            return "refused \(channel) \(Self.text(members["type"])) \(Self.text(members["status"]))"
        case "pusher_internal:subscription_succeeded":
            guard case .object(let presence) = members["presence"], case .array(let ids) = presence["ids"] else {
                return "subscribed \(channel) \(epoch) \(seq)"
            }
            return "present \(ids.map { Self.short(Self.text($0)) }.joined(separator: ",")) \(seq)"
        case "pusher_internal:member_added": return "+\(Self.short(Self.text(members["user_id"])))"
        case "pusher_internal:member_removed": return "-\(Self.short(Self.text(members["user_id"])))"
        case "pusher:signin_success": return "signed in"
        case "bellhop:resumed":
            return "resumed \(channel) \(Self.text(members["seq"])) \(Self.text(members["replayed"]))"
        case "bellhop:resync_required": return "resync \(channel) \(epoch) \(seq)"
        case "bellhop:tick": return "tick \(Self.text(members["stream"])) \(Self.text(members["seq"]))"
        default: return "\(event) \(channel) \(seq)"
        }
    }

    /// The last two digits of an id.
    private static func short(_ id: String) -> String { String(id.suffix(2)) }

    private static func text(_ value: JSONValue?) -> String {
        switch value {
        case .string(let text): text
        case .number(let number): number.text
        case .null: "null"
        case nil: "-"
        case .some(let other): "\(other)"
        }
    }
}

/// Holds those who join for as long as a test wants.
final class PresenceGate: Sendable {
    private struct State {
        var isShut = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Locked(State())

    var waitingCount: Int { self.state.withLock { $0.waiting.count } }

    func shut() { self.state.withLock { $0.isShut = true } }

    func open() {
        let waiting = self.state.withLock { state in
            defer { state = State() }
            return state.waiting
        }
        for one in waiting { one.resume() }
    }

    func pass() async {
        await withCheckedContinuation { continuation in
            let passes = self.state.withLock { state in
                if state.isShut { state.waiting.append(continuation) }
                return !state.isShut
            }
            if passes { continuation.resume() }
        }
    }
}

private struct HeldPresence: PresenceDirectory {
    let directory: InProcessPresence
    let gate: PresenceGate

    init(_ directory: InProcessPresence, _ gate: PresenceGate) {
        self.directory = directory
        self.gate = gate
    }

    func join(_ entrant: PresenceEntrant) async -> PresenceEntry {
        await self.gate.pass()
        return await self.directory.join(entrant)
    }

    func leave(_ connection: String, from channel: AppChannel) async {
        await self.directory.leave(connection, from: channel)
    }

    func members(of channel: AppChannel) async throws(PresenceError) -> PresenceSnapshot {
        try await self.directory.members(of: channel)
    }

    func whenInDoubt(_ body: @escaping @Sendable () -> Void) {}
}
