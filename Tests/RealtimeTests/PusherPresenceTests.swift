import Crypto
import Hotel
import Shared
import TestSupport
import Testing

@testable import Realtime

/// Who is there, and who says whose a socket is, in the hotel's own app.
@Suite(.timeLimit(.minutes(2))) struct PusherPresenceTests {
    private static let at = PropertyAddress(PropertyID(raw: 3), of: PusherFixture.tenant)
    private let room = DomainChannel.propertyPresence(at).name
    private let other = PusherClient.Claims(user: PusherFixture.otherUser, session: PusherFixture.otherSession)

    @Test func `staff see each other come and go, with the place in the stream`() throws {
        let fixture = try PusherFixture(loops: 2)
        defer { fixture.stop() }
        let (ada, bob) = (try fixture.client(), try fixture.client())
        var claims = PusherClient.Claims()
        claims.info = #"{"name":"Ada"}"#
        ada.subscribe(to: self.room, claims)
        #expect(try ada.next() == "present a1 0")
        fixture.commit(["x"], to: [Audience(.tenant)])
        bob.subscribe(to: self.room, self.other)
        #expect(try bob.next().hasPrefix("present a1,b2 "))
        #expect(try ada.next() == "+b2")
        bob.subscribe(to: self.room, self.other)
        #expect(try bob.next().hasPrefix("present a1,b2 "), "asked twice, answered twice")
        // What concerns those who are there is told there.
        fixture.commit(["y"], to: [Audience(.propertyPresence, subject: 3)])
        #expect(try ada.next() == "RoomStatusChanged \(self.room) 2")
        #expect(try bob.next() == "RoomStatusChanged \(self.room) 2")
        bob.unsubscribe(self.room)
        #expect(try ada.next() == "-b2")
        bob.subscribe(to: self.room, self.other)
        #expect(try bob.next() == "present a1,b2 2")
        #expect(try ada.next() == "+b2")
        #expect(try ada.rest() == [])
    }

    @Test func `whoever loses the connection has not gone at once`() throws {
        let fixture = try PusherFixture()
        defer { fixture.stop() }
        let (ada, bob) = (try fixture.client(), try fixture.client())
        ada.subscribe(to: self.room)
        #expect(try ada.next() == "present a1 0")
        bob.subscribe(to: self.room, self.other)
        #expect(try ada.next() == "+b2")
        bob.client.socket.endOutput()
        let back = try fixture.client()
        back.subscribe(to: self.room, self.other)
        #expect(try back.next() == "present a1,b2 0")
        #expect(try ada.rest() == [], "neither gone nor come")
    }

    @Test func `presence needs a signature, and ends with the session`() throws {
        let fixture = try PusherFixture()
        defer { fixture.stop() }
        let (ada, bob) = (try fixture.client(), try fixture.client())
        ada.subscribe(to: self.room, auth: nil, data: nil)
        #expect(try ada.next() == "refused \(self.room) AuthError 401")
        var foreign = PusherClient.Claims()
        foreign.tenant = TenantID(raw: 8)
        ada.subscribe(to: self.room, foreign)
        #expect(try ada.next() == "refused \(self.room) AuthError 403")
        ada.subscribe(to: self.room)
        #expect(try ada.next() == "present a1 0")
        bob.subscribe(to: self.room, self.other)
        #expect(try ada.next() == "+b2")
        #expect(try bob.next() == "present a1,b2 0")
        fixture.hub.commit([
            .sessionRevoked(
                PusherFixture.otherUser, tenant: PusherFixture.tenant, session: PusherFixture.otherSession,
                reason: "signed_out")
        ])
        #expect(try bob.next(2) == ["error 4009", "close 4009"])
        #expect(try ada.rest() == [])
    }

    @Test func `who is revoked on the way into a channel does not come in`() throws {
        let fixture = try PusherFixture()
        defer { fixture.stop() }
        let (ada, bob) = (try fixture.listener(), try fixture.client())
        fixture.gate.shut()
        bob.subscribe(to: self.room, self.other)
        #expect(eventually { fixture.gate.waitingCount == 1 })
        fixture.hub.commit([
            .sessionRevoked(
                PusherFixture.otherUser, tenant: PusherFixture.tenant, session: PusherFixture.otherSession,
                reason: "signed_out")
        ])
        // What was committed behind it has been told: so has the revocation.
        fixture.commit(["x"])
        #expect(try ada.next() == "RoomStatusChanged \(PusherFixture.tenantChannel) 2")
        #expect(try bob.rest() == [], "it is in nothing that could be taken away")
        fixture.gate.open()
        #expect(try bob.next(2) == ["error 4200", "close 4200"])
        #expect(fixture.metrics.revoked.total == 1)
    }

    // MARK: Signing in

    @Test func `a socket signs in, and may use the bare names of what the store lets it hear`() throws {
        let fixture = try PusherFixture()
        defer { fixture.stop() }
        let client = try fixture.client()
        let (tenant, user) = ("tenant.\(PusherFixture.tenant)", "user.\(PusherFixture.user)")
        client.subscribe(to: tenant, auth: nil, data: nil)
        #expect(try client.next() == "refused \(tenant) AuthError 401")
        client.signIn()
        #expect(try client.next() == "signed in")
        for name in [tenant, user, "#server-to-user-\(PusherFixture.user)"] {
            client.subscribe(to: name, auth: nil, data: nil)
            #expect(try client.next() == "subscribed \(name) 1 0")
        }
        fixture.commit(["x"], to: [Audience(.tenant)])
        #expect(try client.next() == "RoomStatusChanged \(tenant) 1")
        fixture.commit(["x"], to: [Audience(.user, subject: PusherFixture.user.raw)])
        let names = ["RoomStatusChanged \(user) 2", "RoomStatusChanged #server-to-user-\(PusherFixture.user) 2"]
        #expect(try Set(client.next(2)) == Set(names))
        for name in ["user.\(PusherFixture.otherUser)", "#server-to-user-\(PusherFixture.otherUser)"] {
            client.subscribe(to: name, auth: nil, data: nil)
            #expect(try client.next() == "refused \(name) AuthError 403")
        }
        #expect(fixture.asked.withLock { $0.first } == "user \(PusherFixture.tenantChannel)")
        fixture.standing.withLock { $0 = false }
        client.subscribe(to: "system.admin", auth: nil, data: nil)
        #expect(try client.next() == "refused system.admin AuthError 403", "the store says no")
    }

    @Test func `a sign-in is for one user and session, signed, fresh, and ends with its token`() throws {
        let fixture = try PusherFixture()
        defer { fixture.stop() }
        let wrong = try fixture.client()
        wrong.signIn(auth: "own-key:00")
        #expect(try wrong.next(2) == ["error 4009", "close 4009"])
        let client = try fixture.client()
        var claims = PusherClient.Claims()
        claims.signed = -120
        client.signIn(claims)
        #expect(try client.next() == "error null")
        claims = PusherClient.Claims()
        claims.expires = 2
        client.signIn(claims)
        #expect(try client.next() == "signed in")
        client.signIn(self.other)
        #expect(try client.next() == "error null", "the socket is somebody's")
        #expect(try client.next(2) == ["error 4200", "close 4200"], "when the token has expired")
    }
}
