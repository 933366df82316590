import Crypto
import Hotel
import Ports
import Shared
import Testing

@testable import Operations

@Suite(.timeLimit(.minutes(5))) struct TokenCallersTests {
    private static let user = UserID(raw: 1)
    private static let tenant = TenantID(raw: 7)
    private static let session = SessionID(raw: 3)

    /// A directory that counts how often it is asked, and answers when the test lets it.
    private final class Desk: ActorDirectory {
        struct State {
            var asked = 0
            var user = UserStatus.active
            var tenant = TenantStatus.active
            var epoch: Int64 = 1
            var isLive = true
            var failure: StoreError?
            /// Runs while the question is on its way.
            var meanwhile: (@Sendable () -> Void)?
        }

        let state = Locked(State())

        func actor(in session: SessionID, of user: TenantUser) async throws(StoreError) -> SessionActor? {
            let (now, meanwhile) = self.state.withLock { state in
                state.asked += 1
                return (state, state.meanwhile)
            }
            meanwhile?()
            if let failure = now.failure { throw failure }
            guard now.isLive else { return nil }
            let standing = AccountStanding(
                user: now.user, tenant: now.tenant, epoch: TokenEpoch(raw: now.epoch))
            let actor = Actor.user(
                user.id, name: "Ada", tenant: user.tenant, assignments: [RoleAssignment(.frontDeskAgent)])
            return SessionActor(standing: standing, actor: actor)
        }

        func directory(of tenant: TenantID) async throws(StoreError) -> TenantDirectory? { nil }

        var asked: Int { self.state.withLock { $0.asked } }
    }

    private final class Clock: Sendable {
        let nanoseconds = Locked<UInt64>(1)
        func advance(_ seconds: Double) { self.nanoseconds.withLock { $0 += UInt64(seconds * 1e9) } }
    }

    private let desk = Desk()
    private let clock = Clock()
    private let signer: TokenSigner
    private let callers: TokenCallers
    private let now = Timestamp(milliseconds: 1_800_000_000_000)

    init() throws {
        let keys = try JWTKeys([SigningKey(setting: "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")])
        let (now, clock) = (self.now, self.clock)
        self.signer = TokenSigner(keys)
        self.callers = TokenCallers(
            keys, directory: self.desk, places: 10, wallClock: { now },
            monotonic: { clock.nanoseconds.withLock { $0 } })
    }

    private func bearer(
        _ session: SessionID = session, epoch: Int64 = 1, issued: Timestamp? = nil, user: UserID = user
    ) -> String {
        self.signer.sign(
            AccessToken(
                user: user, tenant: Self.tenant, session: session, epoch: TokenEpoch(raw: epoch),
                now: issued ?? self.now))
    }

    private func refusal(_ bearer: String) async -> RefusalCode? {
        do throws(Refusal) {
            _ = try await self.callers.caller(bearing: bearer)
            return nil
        } catch {
            return error.code
        }
    }

    @Test func `who asks often is looked up now and then, and never older than the bound`() async throws {
        #expect(TokenCallers.longestAge < .seconds(5))
        let caller = try await self.callers.caller(bearing: self.bearer())
        #expect(caller.user == Self.user && caller.tenant == Self.tenant && caller.session == Self.session)
        #expect(caller.actor.roleCode == "front_desk_agent" && caller.tokenEpoch == TokenEpoch(raw: 1))
        for _ in 0..<5 { _ = try await self.callers.caller(bearing: self.bearer()) }
        #expect(self.desk.asked == 1)
        self.desk.state.withLock { $0.user = .suspended }
        self.clock.advance(3.9)
        #expect(await self.refusal(self.bearer()) == nil)
        self.clock.advance(0.2)
        #expect(await self.refusal(self.bearer()) == .userSuspended)
        #expect(self.desk.asked == 2)
    }

    @Test func `what is over is felt at once by who hears of it`() async throws {
        let forget: [(TokenCallers) -> Void] = [
            { $0.forget(user: Self.user) }, { $0.forget(tenant: Self.tenant) }, { $0.forget(session: Self.session) },
            { $0.forgetAll() },
        ]
        for (index, forget) in forget.enumerated() {
            self.desk.state.withLock { $0.isLive = true }
            #expect(await self.refusal(self.bearer()) == nil)
            self.desk.state.withLock { $0.isLive = false }
            #expect(await self.refusal(self.bearer()) == nil, "\(index)")
            forget(self.callers)
            #expect(await self.refusal(self.bearer()) == .unauthenticated, "\(index)")
        }
        #expect(await self.refusal(self.bearer()) == .unauthenticated)
    }

    @Test func `news of others forget nothing`() async throws {
        _ = try await self.callers.caller(bearing: self.bearer())
        self.callers.forget(user: UserID(raw: 99))
        self.callers.forget(tenant: TenantID(raw: 99))
        self.callers.forget(session: SessionID(raw: 99))
        _ = try await self.callers.caller(bearing: self.bearer())
        #expect(self.desk.asked == 1)
    }

    @Test func `news that come while the store is asked are not lost`() async throws {
        let callers = self.callers
        self.desk.state.withLock { $0.meanwhile = { callers.forget(user: Self.user) } }
        _ = try await self.callers.caller(bearing: self.bearer())
        self.desk.state.withLock { state in
            state.meanwhile = nil
            state.isLive = false
        }
        #expect(await self.refusal(self.bearer()) == .unauthenticated)
    }

    @Test func `nobody is let in by a token alone`() async throws {
        #expect(await self.refusal(self.bearer(epoch: 2)) == .unauthenticated)
        // One user's token is not good for what was learned of another's session.
        _ = try await self.callers.caller(bearing: self.bearer())
        let asked = self.desk.asked
        _ = await self.refusal(self.bearer(user: UserID(raw: 5)))
        #expect(self.desk.asked == asked + 1)
        self.callers.forgetAll()
        self.desk.state.withLock { $0.failure = .unavailable }
        #expect(await self.refusal(self.bearer()) == .unavailable)
        self.desk.state.withLock { $0.failure = .timedOut }
        #expect(await self.refusal(self.bearer()) == .unavailable)
        self.desk.state.withLock { ($0.failure, $0.tenant) = (nil, .suspended) }
        #expect(await self.refusal(self.bearer()) == .tenantSuspended)
    }

    @Test func `a token that is none, or not any more, is not asked about`() async throws {
        let old = Timestamp(milliseconds: self.now.milliseconds - 901_000)
        #expect(await self.refusal(self.bearer(issued: old)) == .tokenExpired)
        for text in ["", ".", "a.b.c", self.bearer() + "x", String(self.bearer().dropLast(3))] {
            #expect(await self.refusal(text) == .unauthenticated)
        }
        #expect(self.desk.asked == 0)
    }

    @Test func `what is kept in mind is bounded`() async throws {
        for raw in 1...500 { _ = try await self.callers.caller(bearing: self.bearer(SessionID(raw: UInt128(raw)))) }
        #expect(self.callers.count <= 20)
        // The latest is still known.
        _ = try await self.callers.caller(bearing: self.bearer(SessionID(raw: 500)))
        #expect(self.desk.asked == 500)
    }
}
