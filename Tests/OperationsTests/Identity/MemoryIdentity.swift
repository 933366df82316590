import Crypto
import Hotel
import Ports
import Shared

@testable import Operations

/// What a database does for identity, in memory and under one lock, so that each call is a transaction.
final class MemoryIdentity: Sendable {
    struct User: Sendable {
        var id: UserID
        var email: LoginEmail
        var tenant: TenantID?
        var hash: PasswordHash?
        var user = UserStatus.active
        var tenantState: TenantStatus? = .active
        var epoch = TokenEpoch(raw: 1)

        var standing: AccountStanding {
            AccountStanding(user: self.user, tenant: self.tenant == nil ? nil : self.tenantState, epoch: self.epoch)
        }

        var actor: Actor {
            let role: Role = self.tenant == nil ? .superAdmin : .frontDeskAgent
            return .user(self.id, name: "Ada", tenant: self.tenant, assignments: [RoleAssignment(role)])
        }
    }

    struct Session: Sendable {
        let id: SessionID
        let user: UserID
        let family: TokenHash
        var epoch: TokenEpoch
        var rotation: RefreshRotation
        var address: String
    }

    struct State: Sendable {
        var now: Timestamp
        var users: [User] = []
        var sessions: [Session] = []
        var counters: [String: Int] = [:]
        /// What was logged and audited.
        var log: [String] = []
        /// The next call of this name fails like that.
        var failures: [String: StoreError] = [:]
        /// Runs once, before the next call of this name, as if another transaction had come first.
        var before: [String: @Sendable (inout State) -> Void] = [:]

        func user(_ id: UserID) -> User? { self.users.first { $0.id == id } }

        mutating func change(_ id: UserID, _ body: (inout User) -> Void) {
            guard let index = self.users.firstIndex(where: { $0.id == id }) else { return }
            body(&self.users[index])
        }
    }

    let state: Locked<State>

    init(now: Timestamp) { self.state = Locked(State(now: now)) }

    func with<Result: Sendable>(_ body: (inout State) -> Result) -> Result { self.state.withLock { body(&$0) } }

    var now: Timestamp { self.with { $0.now } }
    var log: [String] { self.with { $0.log } }

    func advance(_ seconds: Double) {
        self.with { $0.now = Timestamp(milliseconds: $0.now.milliseconds + Int64(seconds * 1000)) }
    }

    private func transaction<Result: Sendable>(
        _ name: String, _ body: (inout State) -> Result
    ) throws(StoreError) -> Result {
        try self.with { state -> Swift.Result<Result, StoreError> in
            state.before.removeValue(forKey: name)?(&state)
            if let failure = state.failures.removeValue(forKey: name) { return .failure(failure) }
            return .success(body(&state))
        }.get()
    }
}

extension MemoryIdentity: AccountRepository {
    private func account(_ user: User, _ device: DeviceID?, _ state: State) -> Account {
        Account(
            user: TenantUser(user.id, of: user.tenant), email: user.email, passwordHash: user.hash,
            standing: user.standing,
            knowsDevice: state.sessions.contains { $0.user == user.id && $0.rotation.device == device })
    }

    func account(of email: LoginEmail, device: DeviceID?) async throws(StoreError) -> Account? {
        try self.transaction("account") { state in
            state.users.first { $0.email == email }.map { self.account($0, device, state) }
        }
    }

    func account(of user: TenantUser) async throws(StoreError) -> Account? {
        try self.transaction("account") { state in state.user(user.id).map { self.account($0, nil, state) } }
    }

    func profile(of user: TenantUser) async throws(StoreError) -> UserProfile? {
        try self.transaction("profile") { $0.user(user.id).map { Self.profile($0) } }
    }

    private static func profile(_ user: User) -> UserProfile {
        UserProfile(user.id, email: user.email, actor: user.actor, in: user.tenant.map { Self.directory($0) })
    }

    static func directory(_ tenant: TenantID) -> TenantDirectory {
        TenantDirectory(tenant, status: .active, properties: [PropertyID(raw: 9): []])
    }

    func rehash(_ user: TenantUser, from old: PasswordHash, to new: PasswordHash) async throws(StoreError) {
        try self.transaction("rehash") { state in state.change(user.id) { if $0.hash == old { $0.hash = new } } }
    }

    func replacePassword(_ replacement: PasswordReplacement) async throws(StoreError) -> ReplacedPassword? {
        try self.transaction("replacePassword") { state in
            let kept = state.sessions.firstIndex { $0.id == replacement.session && !$0.rotation.isRevoked }
            guard let user = state.user(replacement.user.id), user.hash == replacement.old, let kept else { return nil }
            state.change(user.id) { ($0.hash, $0.epoch) = (replacement.new, $0.epoch.next) }
            for index in state.sessions.indices where state.sessions[index].user == user.id && index != kept {
                state.sessions[index].rotation.revoke(now: state.now)
            }
            state.sessions[kept].epoch = user.epoch.next
            state.log.append("password_changed")
            return ReplacedPassword(epoch: user.epoch.next, at: state.now)
        }
    }

    func note(_ attempt: AuditedAttempt) {
        self.with { $0.log.append("login_failed \(attempt.row.entity == nil ? "unknown" : "known")") }
    }
}

extension MemoryIdentity: SessionRepository {
    func open(_ new: NewSession) async throws(StoreError) -> OpenedSession? {
        try self.transaction("open") { state in
            guard let user = state.user(new.user.id), user.epoch == new.epoch, user.standing.obstacle == nil else {
                return nil
            }
            let rotation = RefreshRotation(first: new.token, device: new.device, now: state.now)
            state.sessions.append(
                Session(
                    id: new.id, user: user.id, family: new.family, epoch: new.epoch, rotation: rotation,
                    address: new.client.address))
            state.log.append("login_succeeded")
            return OpenedSession(profile: Self.profile(user), at: state.now)
        }
    }

    func decide(
        family: TokenHash, from client: ClientTrace,
        _ decide: @escaping @Sendable (inout StoredSession, _ now: Timestamp) -> SessionVerdict
    ) async throws(StoreError) -> SessionVerdict? {
        try self.transaction("decide") { state in
            guard let index = state.sessions.firstIndex(where: { $0.family == family }),
                let user = state.user(state.sessions[index].user)
            else { return nil }
            let session = state.sessions[index]
            var stored = StoredSession(
                id: session.id, user: TenantUser(user.id, of: user.tenant), epoch: session.epoch,
                standing: user.standing, rotation: session.rotation)
            let verdict = decide(&stored, state.now)
            state.sessions[index].rotation = stored.rotation
            if case .ended(let reason) = verdict { state.log.append("session_revoked \(reason.rawValue)") }
            return verdict
        }
    }

    func sessions(of user: TenantUser) async throws(StoreError) -> [UserSession] {
        try self.transaction("sessions") { state in
            state.sessions.reversed().filter { session in
                session.user == user.id && !session.rotation.isRevoked && state.now < session.rotation.expiresAt
                    && session.epoch == state.user(user.id)?.epoch
            }.map { session in
                UserSession(
                    id: session.id, device: session.rotation.device, startedAt: session.rotation.startedAt,
                    lastUsedAt: session.rotation.rotatedAt, expiresAt: session.rotation.expiresAt,
                    address: session.address)
            }
        }
    }

    func revoke(
        _ session: SessionID, of user: TenantUser, because reason: SessionEnd, from client: ClientTrace
    ) async throws(StoreError) -> Bool {
        try self.transaction("revoke") { state in
            guard let index = state.sessions.firstIndex(where: { $0.id == session && $0.user == user.id }) else {
                return false
            }
            guard !state.sessions[index].rotation.isRevoked else { return true }
            state.sessions[index].rotation.revoke(now: state.now)
            state.log.append("session_revoked \(reason.rawValue)")
            return true
        }
    }
}

extension MemoryIdentity: ActorDirectory {
    func actor(in session: SessionID, of user: TenantUser) async throws(StoreError) -> SessionActor? {
        try self.transaction("actor") { state in
            guard let found = state.sessions.first(where: { $0.id == session && $0.user == user.id }),
                !found.rotation.isRevoked, let user = state.user(user.id)
            else { return nil }
            return SessionActor(standing: user.standing, actor: user.actor)
        }
    }

    func directory(of tenant: TenantID) async throws(StoreError) -> TenantDirectory? {
        try self.transaction("directory") { _ in Self.directory(tenant) }
    }
}

extension MemoryIdentity: ThrottleStore {
    func count(_ keys: [ThrottleKey], window: Duration) async throws(StoreError) -> [ThrottleCount] {
        try self.transaction("count") { state in
            let width = window.components.seconds * 1000
            let number = state.now.milliseconds / width
            return keys.map { key in
                state.counters["\(key.text) \(number)", default: 0] += 1
                return ThrottleCount(
                    window: number, present: state.counters["\(key.text) \(number)"] ?? 0,
                    before: state.counters["\(key.text) \(number - 1)"] ?? 0,
                    elapsed: .milliseconds(state.now.milliseconds % width))
            }
        }
    }

    func takeBack(
        _ keys: [ThrottleKey], counted: [ThrottleCount], window: Duration
    ) async throws(StoreError) {
        try self.transaction("takeBack") { state in
            for (key, count) in zip(keys, counted) {
                let name = "\(key.text) \(count.window)"
                state.counters[name] = max(0, (state.counters[name] ?? 0) - 1)
            }
        }
    }
}
