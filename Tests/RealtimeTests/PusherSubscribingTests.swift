import Hotel
import Reactor
import Shared
import TestSupport
import Testing
import Wire

@testable import Realtime

@Suite(.timeLimit(.minutes(1))) struct PusherSubscribingTests {
    private let tenant = PusherFixture.tenantChannel
    private let user = PusherFixture.userChannel

    @Test func `a connection is told an id that can be signed, and another one each time`() throws {
        let fixture = try PusherFixture(loops: 2)
        defer { fixture.stop() }
        var ids: Set<String> = []
        for _ in 0..<20 {
            let client = PusherClient(SocketClient(port: fixture.hub.port, path: "/app/own-key?protocol=7"), fixture)
            #expect(try client.next() == "established 120")
            #expect(client.socketID.wholeMatch(of: /\d+\.\d+/) != nil)
            ids.insert(client.socketID)
        }
        #expect(ids.count == 20)
    }

    @Test(arguments: [
        ("/app/nobody?protocol=7", "4001"), ("/app/own-key", "4008"),
        ("/app/own-key?protocol=4", "4007"), ("/app/own-key?protocol=8", "4007"), ("/app/own-key?protocol=x", "4007"),
        ("/app/own-key?protocol=", "4007"), ("/app/OWN-KEY?protocol=7", "4001"),
    ])
    func `who cannot be served is told on the open socket, twice`(path: String, code: String) throws {
        let fixture = try PusherFixture()
        defer { fixture.stop() }
        let client = PusherClient(SocketClient(port: fixture.hub.port, path: path), fixture)
        #expect(try client.next(2) == ["error \(code)", "close \(code)"])
        #expect(fixture.metrics.refusedSockets.total == 1)
    }

    @Test(arguments: [5, 6, 7]) func `the protocols in use are alike`(version: Int) throws {
        let fixture = try PusherFixture()
        defer { fixture.stop() }
        let path = "/app/own-key?client=py&version=%C3%BC&protocol=\(version)"
        let client = PusherClient(SocketClient(port: fixture.hub.port, path: path), fixture)
        #expect(try client.next() == "established 120")
    }

    @Test func `a signed subscription hears its channel, with its position`() throws {
        let fixture = try PusherFixture()
        defer { fixture.stop() }
        fixture.commit(["before"], isLost: true)
        let client = try fixture.client()
        client.subscribe(to: self.tenant)
        #expect(try client.next() == "subscribed \(self.tenant) 1 1")
        fixture.commit(["a", "b"])
        #expect(
            try client.next(2) == ["RoomStatusChanged \(self.tenant) 2", "RoomStatusChanged \(self.tenant) 3"])
        #expect(try client.rest() == [])
    }

    @Test func `announcements are for everybody, and come from the platform`() throws {
        let fixture = try PusherFixture()
        defer { fixture.stop() }
        let client = try fixture.client()
        client.subscribe(to: "announcements", auth: "", data: nil)
        #expect(try client.next() == "subscribed announcements 1 0")
        let hint = fixture.store.commit(.system, to: [Audience(.announcements)], name: "announcement:published")
        fixture.hub.onBus { bus, _ in bus.say(hint, on: .hints(of: .system)) }
        #expect(try client.next() == "AnnouncementPublished announcements 1")
    }

    @Test func `the channels of users and stays are their tenant's, as it was signed`() throws {
        let fixture = try PusherFixture()
        defer { fixture.stop() }
        let client = try fixture.client()
        client.subscribe(to: self.user)
        #expect(try client.next() == "subscribed \(self.user) 1 0")
        fixture.commit(["x"], to: [Audience(.user, subject: PusherFixture.user.raw)])
        fixture.commit(["y"], to: [Audience(.user, subject: PusherFixture.otherUser.raw)])
        #expect(try client.next() == "RoomStatusChanged \(self.user) 1")
        #expect(try client.rest() == [])
    }

    /// What is wrong with a wish, by its name.
    enum Wrong: CaseIterable {
        case noSignature, emptySignature, otherKey, otherSocket, otherChannel, cutSignature, upperCase, noData,
            unsignedData, changedData, malformedData, expired, old, fromTheFuture, otherUser, otherTenant, platform
    }

    @Test(arguments: Wrong.allCases) func `what is not signed for this is refused, and the socket lives`(
        wrong: Wrong
    ) throws {
        let fixture = try PusherFixture()
        defer { fixture.stop() }
        let client = try fixture.client()
        var claims = PusherClient.Claims()
        var (channel, status) = (self.tenant, "401")
        switch wrong {
        case .expired: claims.expires = 0
        case .old: claims.signed = -100
        case .fromTheFuture: claims.signed = 100
        case .otherUser:
            claims.user = PusherFixture.otherUser
            (channel, status) = (self.user, "403")
        case .otherTenant:
            claims.tenant = TenantID(raw: 8)
            status = "403"
        case .platform:
            claims.tenant = PusherFixture.tenant
            (channel, status) = ("private-system.admin", "403")
        default: break
        }
        let (auth, data) = client.auth(channel, claims)
        switch wrong {
        case .noSignature: client.subscribe(to: channel, auth: nil, data: data)
        case .emptySignature: client.subscribe(to: channel, auth: "", data: data)
        case .otherKey: client.subscribe(to: channel, auth: "other-key:" + auth.dropFirst(8), data: data)
        case .otherSocket:
            client.subscribe(to: channel, auth: client.sign(channel, data, socket: "1.2"), data: data)
        case .otherChannel: client.subscribe(to: channel, auth: client.sign(self.user, data), data: data)
        case .cutSignature: client.subscribe(to: channel, auth: String(auth.dropLast()), data: data)
        case .upperCase: client.subscribe(to: channel, auth: "own-key:" + auth.dropFirst(8).uppercased(), data: data)
        case .noData: client.subscribe(to: channel, auth: client.sign(channel, nil), data: nil)
        case .unsignedData: client.subscribe(to: channel, auth: client.sign(channel, nil), data: data)
        case .changedData: client.subscribe(to: channel, auth: auth, data: data + " ")
        case .malformedData:
            let data = #"{"user_id":"7"}"#
            client.subscribe(to: channel, auth: client.sign(channel, data), data: data)
        case .expired, .old, .fromTheFuture, .otherUser, .otherTenant, .platform:
            client.subscribe(to: channel, auth: auth, data: data)
        }
        #expect(try client.next() == "refused \(channel) AuthError \(status)")
        #expect(!client.reason.isEmpty)
        // It is only this wish that was refused.
        client.subscribe(to: self.tenant)
        #expect(try client.next() == "subscribed \(self.tenant) 1 0")
        fixture.commit(["a"])
        #expect(try client.next() == "RoomStatusChanged \(self.tenant) 1")
    }

    @Test(arguments: [
        ("", "InvalidChannel 4009"), ("no-such", "InvalidChannel 4009"), ("private-x", "InvalidChannel 4009"),
        ("private-user.7", "InvalidChannel 4009"), ("a b", "InvalidChannel 4009"), ("#server", "InvalidChannel 4009"),
        ("tenant.00000000-0000-0000-0000-000000000007", "AuthError 401"), ("system.admin", "AuthError 401"),
        ("user.00000000-0000-0000-0000-0000000000a1", "AuthError 401"), ("owners", "InvalidChannel 4009"),
        (String(repeating: "a", count: 165), "InvalidChannel 4009"),
        ("private-tenant.00000000-0000-0000-0000-000000000007.OWNERS", "InvalidChannel 4009"),
    ])
    func `what is no channel of the hotel is refused`(channel: String, how: String) throws {
        let fixture = try PusherFixture()
        defer { fixture.stop() }
        let client = try fixture.client()
        client.subscribe(to: channel)
        #expect(try client.next() == "refused \(channel) \(how)")
        #expect(try client.rest() == [])
    }

    @Test func `a tenant that is not there is refused`() throws {
        let fixture = try PusherFixture()
        defer { fixture.stop() }
        let client = try fixture.client()
        let channel = DomainChannel.tenant(TenantID(raw: 8)).name
        var claims = PusherClient.Claims()
        claims.tenant = TenantID(raw: 8)
        client.subscribe(to: channel, claims)
        #expect(try client.next() == "refused \(channel) AuthError 403")
    }

    @Test func `a socket belongs to one session until it has nothing signed any more`() throws {
        let fixture = try PusherFixture()
        defer { fixture.stop() }
        let client = try fixture.listener()
        var other = PusherClient.Claims()
        (other.user, other.session) = (PusherFixture.otherUser, PusherFixture.otherSession)
        let channel = DomainChannel.user(PusherFixture.otherUser).name
        client.subscribe(to: channel, other)
        #expect(try client.next() == "refused \(channel) AuthError 403")
        var again = PusherClient.Claims()
        again.session = PusherFixture.otherSession
        client.subscribe(to: self.user, again)
        #expect(try client.next() == "refused \(self.user) AuthError 403")
        client.unsubscribe(self.tenant)
        client.subscribe(to: channel, other)
        #expect(try client.next() == "subscribed \(channel) 1 0")
    }

    @Test func `who has unsubscribed hears nothing more, and may come again`() throws {
        let fixture = try PusherFixture()
        defer { fixture.stop() }
        let (client, witness) = (try fixture.listener(), try fixture.listener())
        client.subscribe(to: self.user)
        #expect(try client.next() == "subscribed \(self.user) 1 0")
        client.unsubscribe(self.tenant)
        client.unsubscribe(self.tenant)
        client.unsubscribe("nothing")
        #expect(try client.rest() == [])
        fixture.commit(["a"])
        #expect(try witness.next() == "RoomStatusChanged \(self.tenant) 1")
        #expect(try client.rest() == [])
        client.subscribe(to: self.tenant)
        #expect(try client.next() == "subscribed \(self.tenant) 1 1")
        fixture.commit(["b"])
        #expect(try client.next() == "RoomStatusChanged \(self.tenant) 2")
    }

    @Test func `subscribing twice is answered twice and heard once`() throws {
        let fixture = try PusherFixture()
        defer { fixture.stop() }
        let client = try fixture.listener()
        client.subscribe(to: self.tenant)
        #expect(try client.next() == "subscribed \(self.tenant) 1 0")
        fixture.commit(["a"])
        #expect(try client.next() == "RoomStatusChanged \(self.tenant) 1")
        #expect(try client.rest() == [])
    }

    @Test(arguments: [false, true]) func `an event of several channels comes in each`(deflate: Bool) throws {
        let fixture = try PusherFixture()
        defer { fixture.stop() }
        let client = try fixture.client(deflate: deflate)
        let property = PropertyAddress(PropertyID(raw: 3), of: PusherFixture.tenant)
        var channels = [DomainChannel.tenant(PusherFixture.tenant), .property(property), .frontDesk(property)]
        channels += (0..<60).compactMap { ChannelSlug("d\($0)") }.map { .department($0, property) }
        for channel in channels {
            client.subscribe(to: channel.name)
            #expect(try client.next() == "subscribed \(channel.name) 1 0")
        }
        let audiences = channels.map { $0.source(home: nil).audience }
        fixture.commit(["a"], to: audiences)
        fixture.commit(["b"], to: [audiences[40]])
        let heard = try client.next(channels.count + 1)
        #expect(Set(heard.dropLast()) == Set(channels.map { "RoomStatusChanged \($0.name) 1" }))
        #expect(heard.last == "RoomStatusChanged \(channels[40].name) 2")
    }

    @Test func `the store is asked about those who were authorised before everything was heard`() throws {
        let fixture = try PusherFixture()
        defer { fixture.stop() }
        let early = try fixture.client()
        early.subscribe(to: self.tenant)
        #expect(try early.next() == "subscribed \(self.tenant) 1 0")
        #expect(eventually { fixture.asked.withLock { $0 } == ["user \(self.tenant)"] })
        // Who connects afterwards is authorised afterwards.
        var time = SystemClock.monotonicNanoseconds
        let later = time + 20_000_000
        #expect(
            eventually {
                time = SystemClock.monotonicNanoseconds; return time > later
            })
        _ = try fixture.listener()
        #expect(fixture.asked.withLock { $0.count } == 1)
        // A stream that is not what it was: nobody knows what passed.
        fixture.standing.withLock { $0 = false }
        fixture.store.goBack(HubFixture.stream, by: 0, newEpoch: true)
        fixture.commit(["a"])
        #expect(try early.next(3) == ["resync \(self.tenant) 2 1", "error 4200", "close 4200"])
    }

    @Test func `whom the store does not know any more comes back with a fresh signature`() throws {
        let fixture = try PusherFixture()
        defer { fixture.stop() }
        fixture.standing.withLock { $0 = false }
        let client = try fixture.client()
        client.subscribe(to: self.tenant)
        #expect(try client.next(3) == ["subscribed \(self.tenant) 1 0", "error 4200", "close 4200"])
    }
}
