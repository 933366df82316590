import Hotel
import PGStore
import Ports
import Reactor
import Realtime
import RedisBridge
import Shared
import StoreSupport
import TestSupport
import Testing
import Wire

@testable import App

/// An event's whole way: from a commit in PostgreSQL, over the bus or without it, through followers and hub, to a socket.
@Suite(.timeLimit(.minutes(5))) struct EventJourneyTests {
    /// Subscribes whoever comes to all that a tenant is told, and says how that stands.
    private final class Listener: WebSocketEndpoint, HubListener {
        let terms = WebSocketTerms(limits: WebSocketLimits())
        private unowned let host: SessionHost
        private let hub: Hub
        private let stream: EventStream
        private var number: UInt8 = 0

        init(_ stream: EventStream, host: SessionHost, hub: Hub) {
            self.stream = stream
            self.host = host
            self.hub = hub
            self.number = hub.add(self)
        }

        func opened(_ id: ConnectionID, request: HTTPRequest) {
            self.hub.subscribe(
                id, to: Audience(.tenant), of: self.stream, style: .pusher(channel: "all"), listener: self.number)
        }

        func received(_ id: ConnectionID, _ payload: UnsafeRawBufferPointer, isText: Bool) {}
        func closed(_ id: ConnectionID) { self.hub.socketClosed(id) }
        func drained(_ id: ConnectionID) { self.hub.socketDrained(id) }
        func turnEnded() { self.hub.turnEnded() }

        private func say(_ text: String, _ subscription: HubSubscription) {
            Array(text.utf8).withUnsafeBytes { self.host.send($0, to: subscription.connection, isText: true) }
        }

        func subscribed(_ subscription: HubSubscription, at position: StreamHead) {
            self.say("<at \(position.seq)>", subscription)
        }

        func resumed(_ subscription: HubSubscription, at seq: Int64, replayed: Int) {}

        func resyncRequired(_ subscription: HubSubscription, at position: StreamHead) {
            self.say("<resync \(position.epoch.raw) \(position.seq)>", subscription)
        }

        func refused(_ subscription: HubSubscription) { self.say("<refused>", subscription) }
    }

    private struct Everywhere: FrontPart {
        func serves(_ request: HTTPRequest) -> Bool { request.path == "/all" }
        func welcome(_ head: HTTPRequest, in context: HTTPContext) -> HTTPWelcome { .bodyUpTo(0) }
        func answer(_ request: HTTPRequest, in context: HTTPContext) -> HTTPAnswer { .upgrade(endpoint: 0) }
    }

    /// A socket, and all that it heard. It is read on threads of its own.
    private final class Ear: Sendable {
        private let socket: BlockingSocket
        private let heard = Locked("")

        init(port: UInt16) {
            self.socket = BlockingSocket(port: port)
            self.socket.send(
                "GET /all HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
        }

        /// Reads until it has heard this, behind what it heard before.
        func hears(_ text: String) async throws -> Bool {
            try await onOwnThread { [self] in
                while true {
                    if let range = self.heard.withLock({ $0.firstRange(of: text) }) {
                        self.heard.withLock { $0.removeSubrange(..<range.upperBound) }
                        return true
                    }
                    guard let more = self.socket.receive(), !more.isEmpty else { return false }
                    self.heard.withLock { $0 += String(decoding: more, as: UTF8.self) }
                }
            }
        }
    }

    private func commit(_ hotel: TestHotel, to pool: PGDatabase) async throws -> [StreamNews] {
        let actor = Actor.user(hotel.user, name: "Ana", tenant: hotel.tenant, assignments: [])
        let origin = CommandOrigin(
            tenant: hotel.tenant, actor: actor, source: .web, operation: nil, correlation: .new())
        let meta = EventMeta(
            id: .new(), occurredAt: SystemClock.now, actor: actor, correlation: origin.correlation, operation: nil)
        let event = DomainEvent.configured(
            "property:created", [.open("code", "AEG")], for: Addressees(tenant: hotel.tenant))
        let entries = event.drafts(meta).map { EventEntry($0, of: .init("property", hotel.property), people: []) }
        let append = EventAppend(origin, events: entries, audit: [])
        let (preamble, query) = ([PGQuery.tenant(hotel.tenant)], append.query)
        let rows = try await pool.transaction(preamble: preamble) { transaction throws(StoreError) in
            try await transaction.commit(with: [query])
        }
        return try append.read(rows[0])
    }

    private func journey(redis: [RedisServer], ownLoop: Bool) async throws {
        try await withDatabase { database in
            try await database.migrate()
            let hotel = TestHotel()
            try await hotel.open(in: database)
            let stream = EventStream.tenant(hotel.tenant)
            let listen: Front.MakeEndpoint = { host, hub in Listener(stream, host: host, hub: hub) }
            // As the node's role, which row-level security holds for.
            try await StoresFixture.with(
                try await database.nodeAddress(), redis: redis, serving: (Everywhere(), listen), ownLoop: ownLoop
            ) { fixture in
                let stores = fixture.stores
                let ears = (0..<3).map { _ in Ear(port: fixture.port) }
                for ear in ears { #expect(try await ear.hears("<at 0>")) }
                stores.newsDesk(try await self.commit(hotel, to: stores.database))
                for ear in ears { #expect(try await ear.hears(#""seq":1"#)) }
                // Nobody says that this one was committed: the heads do.
                _ = try await self.commit(hotel, to: stores.database)
                for ear in ears { #expect(try await ear.hears(#""seq":2"#)) }
                // It is counted when it has been handed on, which sockets on another loop may see first.
                let isEven = await eventually(within: .seconds(10)) {
                    stores.fanout.streamsFollowed == 1 && stores.fanout.eventsBehind == 0
                }
                #expect(isEven)
                let before = try #require(try await stores.log.heads(of: [stream])[stream])
                // The database is restored as it was before the last commit, and nobody gives it a new epoch.
                try await database.run(
                    """
                    DELETE FROM bellhop.event WHERE stream = '\(hotel.tenant)' AND seq = 2;
                    UPDATE bellhop.stream_head SET seq = 1 WHERE stream = '\(hotel.tenant)';
                    """)
                let isRenewed = await eventually(within: .seconds(10)) {
                    let head = try? await stores.log.heads(of: [stream])[stream]
                    return head.map { $0.epoch != before.epoch } ?? false
                }
                try #require(isRenewed)
                let after = try #require(try await stores.log.heads(of: [stream])[stream])
                for ear in ears { #expect(try await ear.hears("<resync \(after.epoch.raw) 1>")) }
                stores.newsDesk(try await self.commit(hotel, to: stores.database))
                for ear in ears { #expect(try await ear.hears(#""seq":2"#)) }
            }
        }
    }

    @Test(arguments: [false, true])
    func `a node that is alone tells its sockets all that is committed`(ownLoop: Bool) async throws {
        try await self.journey(redis: [], ownLoop: ownLoop)
    }

    @Test(arguments: [false, true])
    func `over Redis the same comes, in the same order`(ownLoop: Bool) async throws {
        let redis = PrivateRedis()
        try await self.journey(redis: [try RedisServer(setting: "redis://127.0.0.1:\(redis.port)")], ownLoop: ownLoop)
        withExtendedLifetime(redis) {}
    }
}
