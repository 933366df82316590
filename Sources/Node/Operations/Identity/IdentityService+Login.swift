package import Crypto
package import Hotel
package import Ports
package import Shared

/// A login that has succeeded.
package struct SignedIn: Sendable {
    package let accessToken: String
    package let expiresAt: Timestamp
    package let refreshToken: RefreshToken
    package let device: DeviceID
    package let profile: UserProfile
}

extension IdentityService {
    /// Signs a user in on a device, which is a new one if the client does not say which it is.
    ///
    /// Whatever the account, one run of scrypt stands between the counters and the answer.
    package func login(
        _ email: LoginEmail, _ password: Secret, from client: Client
    ) async throws(Refusal) -> SignedIn {
        let attempt = try await self.attempt(on: email, from: client)
        let account = try await self.account(of: email, device: client.device)
        let kept = account?.passwordHash ?? self.hasher.unknowable
        guard try await self.isRight(password, for: kept, attempt), let account, account.passwordHash != nil else {
            self.noteFailure(on: account?.user, from: client)
            throw Refusal(.unauthenticated)
        }
        await self.throttle.takeBack(attempt)
        if let obstacle = account.standing.obstacle { throw Refusal(obstacle) }
        await self.renew(kept, of: account.user, password)
        return try await self.open(account, from: client)
    }

    /// Counts an attempt before a password is looked at. A device that the account knows has a counter of its own, which is
    /// asked only when the others refuse.
    func attempt(on email: LoginEmail, from client: Client) async throws(Refusal) -> LoginThrottle.Attempt {
        let admission: LoginThrottle.Admission
        do throws(StoreError) {
            admission = try await self.admission(of: email, client)
        } catch {
            throw error.refusal
        }
        switch admission {
        case .admitted(let attempt): return attempt
        case .refused(let retryAfter): throw .throttled(retryAfter: retryAfter)
        }
    }

    private func admission(
        of email: LoginEmail, _ client: Client
    ) async throws(StoreError) -> LoginThrottle.Admission {
        let among = try await self.throttle.admit(email, from: client.address)
        guard case .refused = among, let device = client.device else { return among }
        let account = try await self.accounts.account(of: email, device: device)
        guard let account, account.knowsDevice else { return among }
        return try await self.throttle.admit(email, on: device)
    }

    /// Whether a password is right. An attempt of which no password was looked at is taken back, unless the client went away:
    /// else hanging up in time would make guesses free.
    func isRight(
        _ password: Secret, for hash: PasswordHash, _ attempt: LoginThrottle.Attempt
    ) async throws(Refusal) -> Bool {
        do throws(PasswordHasher.Refusal) {
            return try await self.hasher.check(password, against: hash)
        } catch {
            if error != .cancelled { await self.throttle.takeBack(attempt) }
            throw error.refusal
        }
    }

    /// Hashes a password again whose hash is not made as they are made today. If that cannot be done now, the next login does it.
    private func renew(_ old: PasswordHash, of user: TenantUser, _ password: Secret) async {
        guard old.needsRehash(to: self.hasher.cost), let new = try? await self.hasher.hash(password) else { return }
        try? await self.accounts.rehash(user, from: old, to: new)
    }

    /// Audits `auth:login_failed`. Who tried is not known: the account is what it was tried on. Where there is none, the
    /// platform's audit has it, without what was typed.
    func noteFailure(on user: TenantUser?, from client: Client) {
        let origin = CommandOrigin(
            tenant: user?.tenant, actor: .system, source: .web, operation: nil, correlation: .new(),
            device: client.trace.device, address: client.trace.address)
        let entity = user.map { EntityReference("user", $0.id) }
        self.note(AuditedAttempt(origin, AuditRow("auth:login_failed", .rejected, on: entity)))
    }

    private func open(_ account: Account, from client: Client) async throws(Refusal) -> SignedIn {
        let refresh = RefreshToken.first()
        let device = client.device ?? DeviceID.new()
        let new = NewSession(
            id: .new(), user: account.user, epoch: account.standing.epoch, device: device, family: refresh.familyHash,
            token: refresh.hash, client: ClientTrace(address: client.trace.address, device: device))
        // Else the password was changed, or the user suspended, while scrypt ran.
        guard let opened = try await self.open(new) else { throw Refusal(.unauthenticated) }
        let token = AccessToken(
            user: account.user.id, tenant: account.user.tenant, session: new.id, epoch: new.epoch, now: opened.at)
        return SignedIn(
            accessToken: self.signer.sign(token), expiresAt: token.expiresAt, refreshToken: refresh, device: device,
            profile: opened.profile)
    }
}
