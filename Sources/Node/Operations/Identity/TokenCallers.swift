package import Crypto
package import Hotel
package import Ports
package import Shared

/// Says who a bearer token speaks for: verifies it, and asks the store who that user is now.
///
/// What always holds: nobody acts by a token alone. Its session lives, its user and tenant may act, and its epoch is the
/// present one, all of it as the store said at most ``longestAge`` ago. Roles come from the store too, never from the token.
/// What is said to be over (``forget(session:)`` and the like) counts from that moment on, even for who is being looked up.
package final class TokenCallers: CallerResolver {
    /// Architecture 3: a revocation is felt within five seconds, also where no news of it arrive. The rest is for the question.
    package static let longestAge = Duration.seconds(4)
    /// Sessions that are kept in mind, at most twice.
    package static let places = 10_000

    private struct Known {
        let user: TenantUser
        let found: SessionActor
        /// Before the store was asked.
        let since: UInt64
    }

    private struct State {
        /// Two halves: when the younger is full, the older is forgotten. So what is asked for often is found in the younger.
        var young: [SessionID: Known] = [:]
        var old: [SessionID: Known] = [:]
        /// Raised by whatever is forgotten: what was asked before that is not kept.
        var forgotten: UInt64 = 0

        mutating func drop(_ isOver: (SessionID, Known) -> Bool) {
            self.forgotten += 1
            self.young = self.young.filter { !isOver($0.key, $0.value) }
            self.old = self.old.filter { !isOver($0.key, $0.value) }
        }
    }

    private let verifier: TokenVerifier
    private let directory: any ActorDirectory
    private let wallClock: @Sendable () -> Timestamp
    private let monotonic: @Sendable () -> UInt64
    private let longestAge: UInt64
    private let places: Int
    private let state = Locked(State())

    /// - Parameters:
    ///   - wallClock: by which tokens expire.
    ///   - monotonic: in nanoseconds, by which what is known grows old.
    package init(
        _ keys: JWTKeys, directory: any ActorDirectory, longestAge: Duration = TokenCallers.longestAge,
        places: Int = TokenCallers.places,
        wallClock: @escaping @Sendable () -> Timestamp = { SystemClock.now },
        monotonic: @escaping @Sendable () -> UInt64 = { SystemClock.monotonicNanoseconds }
    ) {
        self.verifier = TokenVerifier(keys)
        self.directory = directory
        self.wallClock = wallClock
        self.monotonic = monotonic
        self.longestAge = UInt64(max(0, longestAge / .nanoseconds(1)))
        self.places = max(1, places)
    }

    package func caller(bearing token: String, on visit: RESTVisit) async throws -> RESTCaller {
        try await self.caller(bearing: token)
    }

    /// Who a token speaks for, wherever it came from.
    ///
    /// - Throws: `unauthenticated`, `token_expired`, `user_suspended`, `tenant_pending`, `tenant_suspended`; `unavailable` where the
    ///   store cannot be asked: then nobody is let in.
    package func caller(bearing bearer: String) async throws(Refusal) -> RESTCaller {
        let token = try self.token(bearer)
        let user = TenantUser(token.user, of: token.tenant)
        let found = try await self.actor(token.session, user)
        guard let found, found.standing.epoch == token.epoch else { throw Refusal(.unauthenticated) }
        if let obstacle = found.standing.obstacle { throw Refusal(obstacle) }
        return RESTCaller(token, actor: found.actor)
    }

    /// What a token says, without asking anybody whether it still holds.
    package func token(_ bearer: String) throws(Refusal) -> AccessToken {
        do throws(TokenError) {
            return try self.verifier.verify(bearer, now: self.wallClock())
        } catch {
            throw error.refusal
        }
    }

    // MARK: What is over

    /// Something about this user has changed: roles, standing, password.
    package func forget(user: UserID) { self.state.withLock { $0.drop { $1.user.id == user } } }

    /// Something about this tenant has changed that concerns all its users: its standing, a role.
    package func forget(tenant: TenantID) { self.state.withLock { $0.drop { $1.user.tenant == tenant } } }

    /// The session has ended.
    package func forget(session: SessionID) {
        self.state.withLock { state in
            state.forgotten += 1
            state.young[session] = nil
            state.old[session] = nil
        }
    }

    /// News were missed: whatever is known may be over.
    package func forgetAll() { self.state.withLock { $0.drop { _, _ in true } } }

    /// How many sessions are kept in mind.
    package var count: Int { self.state.withLock { $0.young.count + $0.old.count } }

    // MARK: What is known

    private func actor(_ session: SessionID, _ user: TenantUser) async throws(Refusal) -> SessionActor? {
        let now = self.monotonic()
        let (known, forgotten) = self.state.withLock { state in
            (state.young[session] ?? state.old[session], state.forgotten)
        }
        if let known, known.user == user, now < known.since + self.longestAge { return known.found }
        let found: SessionActor?
        do throws(StoreError) {
            found = try await self.directory.actor(in: session, of: user)
        } catch {
            throw error.refusal
        }
        if let found { self.keep(Known(user: user, found: found, since: now), as: session, unlessAfter: forgotten) }
        return found
    }

    private func keep(_ known: Known, as session: SessionID, unlessAfter forgotten: UInt64) {
        let places = self.places
        self.state.withLock { state in
            guard state.forgotten == forgotten else { return }
            state.old[session] = nil
            state.young[session] = known
            guard state.young.count >= places else { return }
            state.old = state.young
            state.young = [:]
        }
    }
}
