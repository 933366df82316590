import Hotel
import Reactor
import Shared
import TestSupport
import Testing

@testable import Realtime

@Suite(.timeLimit(.minutes(1))) struct PusherRevokingTests {
    private let tenant = PusherFixture.tenantChannel
    private let user = PusherFixture.userChannel

    /// What takes something away, and what it does to the sockets of: the session, another session of the same user, another
    /// user of the tenant.
    enum Case: CaseIterable {
        case sessionRevoked, allSessionsRevoked, suspended, deleted, passwordChanged, passwordReset, roleChanged,
            tenantSuspended

        func event() throws -> DomainEvent {
            let (id, tenant) = (PusherFixture.user, PusherFixture.tenant)
            let view = UserView(id: id, name: "A", email: "a@b.example", roles: [], status: .suspended)
            func of(_ command: UserCommand) throws -> DomainEvent {
                let user = ManagedUser(id, tenant: tenant, roles: [])
                let decision = try UserMachine.decide(.active, command, by: .system, user)
                return try #require(DomainEvent.of(decision, view, tenant: tenant, at: SystemClock.now).last)
            }
            switch self {
            case .sessionRevoked:
                return .sessionRevoked(id, tenant: tenant, session: PusherFixture.session, reason: "signed_out")
            case .allSessionsRevoked: return .sessionRevoked(id, tenant: tenant, session: nil, reason: "epoch_raised")
            case .suspended: return try of(.suspend(reason: "x"))
            case .deleted: return try of(.delete)
            case .passwordChanged: return try of(.changePassword)
            case .passwordReset: return try of(.resetPassword)
            case .roleChanged:
                return .userRoleChanged(id, tenant: tenant, property: nil, before: ["a"], after: ["b"])
            case .tenantSuspended:
                let view = TenantView(
                    id: tenant, company: "T", slug: "t", owner: nil, email: "t@b.example", status: .suspended,
                    planName: "p", planMonthlyPrice: "1.00", currency: "EUR", propertiesCount: 1, usersCount: 1)
                let decision = try TenantMachine.decide(.active, .suspend(reason: "x"), by: .system, tenant)
                return try #require(
                    DomainEvent.of(decision, view, owner: nil, by: .system, at: SystemClock.now).first)
            }
        }

        /// The close codes; `nil` where the socket goes on.
        var codes: (session: Int?, sameUser: Int?, otherUser: Int?) {
            switch self {
            case .sessionRevoked: (4009, nil, nil)
            case .allSessionsRevoked, .suspended, .deleted, .passwordReset: (4009, 4009, nil)
            case .passwordChanged, .roleChanged: (4200, 4200, nil)
            case .tenantSuspended: (4009, 4009, 4009)
            }
        }
    }

    private func claims(_ user: UserID, _ session: SessionID) -> PusherClient.Claims {
        var claims = PusherClient.Claims()
        (claims.user, claims.session) = (user, session)
        return claims
    }

    @Test(arguments: Case.allCases) func `a revocation ends what it takes away, at its place in the stream`(
        revocation: Case
    ) throws {
        let fixture = try PusherFixture()
        defer { fixture.stop() }
        let own = self.claims(PusherFixture.user, PusherFixture.session)
        let sameUser = self.claims(PusherFixture.user, PusherFixture.otherSession)
        let otherUser = self.claims(PusherFixture.otherUser, SessionID(raw: 0x53))
        var clients: [(client: PusherClient, code: Int?, hears: Bool)] = []
        let codes = revocation.codes
        for (claims, code) in [(own, codes.session), (sameUser, codes.sameUser), (otherUser, codes.otherUser)] {
            let client = try fixture.client()
            client.subscribe(to: self.tenant, claims)
            #expect(try client.next() == "subscribed \(self.tenant) 1 0")
            let isUser = claims.user == PusherFixture.user
            if isUser {
                client.subscribe(to: self.user, claims)
                #expect(try client.next() == "subscribed \(self.user) 1 0")
            }
            clients.append((client, code, isUser))
        }
        let stranger = try fixture.client()
        stranger.subscribe(to: "announcements", auth: nil, data: nil)
        #expect(try stranger.next() == "subscribed announcements 1 0")
        // One before, the revocation, and one behind it, in one turn of the loop.
        let before = fixture.store.commit(HubFixture.stream, to: [Audience(.tenant)])
        let event = try revocation.event()
        let hints = fixture.store.commit(event, of: HubFixture.stream)
        let behind = fixture.store.commit(HubFixture.stream, to: [Audience(.tenant)])
        #expect(hints.count == 1)
        fixture.hub.onBus { bus, _ in
            for hint in [before] + hints + [behind] { bus.say(hint, on: .hints(of: HubFixture.stream)) }
        }
        for (index, entry) in clients.enumerated() {
            var heard = try entry.client.rest()
            #expect(heard.first == "RoomStatusChanged \(self.tenant) 1", "\(index)")
            heard.removeFirst()
            let told = heard.prefix { $0.hasPrefix(event.kind.pascal) }
            // The event itself is told to those whom it concerns.
            let audiences = event.kind.listeners.map(\.code)
            if entry.hears, audiences.contains(.users) || audiences.contains(.tenant) { #expect(!told.isEmpty) }
            heard.removeFirst(told.count)
            if let code = entry.code {
                #expect(heard == ["error \(code)", "close \(code)"], "\(index)")
            } else {
                #expect(heard == ["RoomStatusChanged \(self.tenant) 3"], "\(index)")
            }
        }
        #expect(try stranger.rest() == [])
    }

    @Test func `a revocation finds its sockets on every loop, and those only`() throws {
        let fixture = try PusherFixture(loops: 3)
        defer { fixture.stop() }
        let clients = try (0..<18).map { index in
            let client = try fixture.client()
            let session = index % 2 == 0 ? PusherFixture.session : PusherFixture.otherSession
            client.subscribe(to: self.tenant, self.claims(PusherFixture.user, session))
            #expect(try client.next() == "subscribed \(self.tenant) 1 0")
            return client
        }
        fixture.hub.commit([try Case.sessionRevoked.event()])
        fixture.commit(["a"])
        for (index, client) in clients.enumerated() {
            // What the bus says reaches the other loops through their mailboxes: an answered ping is no fence there.
            let heard = index % 2 == 0 ? ["error 4009", "close 4009"] : ["RoomStatusChanged \(self.tenant) 2"]
            #expect(try client.next(heard.count) == heard)
        }
        #expect(fixture.metrics.revoked.total == 9)
        // The session that goes on may subscribe to more, although another one of its user has ended.
        clients[1].subscribe(to: self.user, self.claims(PusherFixture.user, PusherFixture.otherSession))
        #expect(try clients[1].next() == "subscribed \(self.user) 1 2")
    }

    @Test func `lost permissions end their channels, and the others go on`() throws {
        let fixture = try PusherFixture()
        defer { fixture.stop() }
        let finance = DomainChannel.finance(PropertyAddress(PropertyID(raw: 3), of: PusherFixture.tenant))
        let (client, other) = (try fixture.client(), try fixture.client())
        for channel in [finance.name, self.tenant] {
            client.subscribe(to: channel)
            #expect(try client.next() == "subscribed \(channel) 1 0")
            other.subscribe(to: channel, self.claims(PusherFixture.otherUser, PusherFixture.otherSession))
            #expect(try other.next() == "subscribed \(channel) 1 0")
        }
        let audience = Audience(.finance, subject: 3)
        let hints =
            [fixture.store.commit(HubFixture.stream, to: [audience])]
            + fixture.store.commit(
                .permissionsChanged(
                    PusherFixture.user, tenant: PusherFixture.tenant, permissions: [], lost: [finance], gained: []),
                of: HubFixture.stream)
            + [fixture.store.commit(HubFixture.stream, to: [audience, Audience(.tenant)])]
        fixture.hub.onBus { bus, _ in for hint in hints { bus.say(hint, on: .hints(of: HubFixture.stream)) } }
        #expect(
            try client.next(3) == [
                "RoomStatusChanged \(finance.name) 1", "refused \(finance.name) AuthError 403",
                "RoomStatusChanged \(self.tenant) 3",
            ])
        #expect(try client.rest() == [])
        #expect(
            Set(try other.next(3)) == [
                "RoomStatusChanged \(finance.name) 1", "RoomStatusChanged \(finance.name) 3",
                "RoomStatusChanged \(self.tenant) 3",
            ])
    }

    @Test func `what was signed before the revocation is worth nothing behind it`() throws {
        let fixture = try PusherFixture()
        defer { fixture.stop() }
        let anchor = try fixture.client()
        anchor.subscribe(to: self.tenant, self.claims(PusherFixture.otherUser, PusherFixture.otherSession))
        #expect(try anchor.next() == "subscribed \(self.tenant) 1 0")
        // Connected and signed for, but not subscribed yet.
        let early = try fixture.client()
        fixture.hub.commit([try Case.suspended.event()])
        early.subscribe(to: self.tenant)
        #expect(try early.next(2) == ["error 4200", "close 4200"])
        // The other user is not meant.
        fixture.commit(["a"])
        #expect(try anchor.next() == "RoomStatusChanged \(self.tenant) 2")
        // Who comes afterwards was authorised afterwards: the account may be active again.
        var late: PusherClient?
        #expect(
            try eventually {
                let client = try fixture.client()
                client.subscribe(to: self.tenant)
                guard try client.next() == "subscribed \(self.tenant) 1 2" else { return false }
                late = client
                return true
            })
        #expect(try late?.rest() == [])
    }

    @Test func `an authorisation that expires ends its socket, and a renewed one does not`() throws {
        let fixture = try PusherFixture()
        defer { fixture.stop() }
        var short = PusherClient.Claims()
        short.expires = 2
        let (client, renewed, anonymous) = (try fixture.client(), try fixture.client(), try fixture.client())
        anonymous.subscribe(to: "announcements", auth: nil, data: nil)
        #expect(try anonymous.next() == "subscribed announcements 1 0")
        for client in [client, renewed] {
            client.subscribe(to: self.tenant, short)
            #expect(try client.next() == "subscribed \(self.tenant) 1 0")
        }
        // Its wall clock jumps: what was taken on lasts as long as it was to last.
        fixture.clockOffset.withLock { $0 = -20 }
        renewed.subscribe(to: self.tenant)
        #expect(try renewed.next() == "subscribed \(self.tenant) 1 0")
        #expect(try client.next(2) == ["error 4200", "close 4200"])
        #expect(fixture.metrics.expired.total == 1)
        #expect(try renewed.rest() == [])
        #expect(try anonymous.rest() == [])
    }

    @Test func `a socket that is brought up to date is ended too`() throws {
        let fixture = try PusherFixture()
        defer { fixture.stop() }
        fixture.commit((1...300).map { "\($0)" }, isLost: true)
        let anchor = try fixture.client()
        anchor.subscribe(to: self.tenant, self.claims(PusherFixture.otherUser, PusherFixture.otherSession))
        #expect(try anchor.next() == "subscribed \(self.tenant) 1 300")
        fixture.store.hold()
        let client = try fixture.client()
        client.subscribe(to: self.tenant, since: (1, 0))
        #expect(try client.next() == "subscribed \(self.tenant) 1 0")
        fixture.hub.commit([try Case.sessionRevoked.event()])
        #expect(try client.next(2) == ["error 4009", "close 4009"])
        fixture.store.release()
        #expect(try anchor.rest() == [])
    }
}
