package import Crypto
internal import Hotel
package import Ports
package import Shared

/// The sessions of users in PostgreSQL.
///
/// Whoever holds the lock of a session's row decides about it; the account is read after that, and the clock last. Nothing of
/// a token but its hash gets here.
package final class PGSessions: SessionRepository {
    private let database: PGDatabase
    private let news: NewsDesk

    /// - Parameter news: told after each commit what it appended.
    package init(_ database: PGDatabase, news: @escaping NewsDesk) {
        self.database = database
        self.news = news
    }

    // MARK: Beginning

    package func open(_ new: NewSession) async throws(StoreError) -> OpenedSession? {
        let made = try await self.database.transaction(preamble: [.tenant(new.user.tenant)]) {
            transaction throws(StoreError) in
            let made = try await Self.open(new, transaction)
            return made
        }
        guard let made else { return nil }
        self.news(made.news)
        return made.opened
    }

    private static func open(
        _ new: NewSession, _ transaction: PGTransaction
    ) async throws(StoreError) -> (opened: OpenedSession, news: [StreamNews])? {
        let knows = PGQuery(
            "SELECT EXISTS (SELECT FROM bellhop.user_session WHERE user_id = $1 AND device_id = $2)",
            .id(new.user.id), .id(new.device))
        let rows = try await transaction.run(
            StoredUser.lockingQueries(new.user.id) + DirectoryRows.queries + [knows, .now])
        guard let stored = try StoredUser(rows[..<2]), stored.standing.epoch == new.epoch,
            stored.standing.obstacle == nil
        else {
            transaction.rollBack()
            return nil
        }
        let now: Timestamp = try rows[5][0].read(0)
        let rotation = RefreshRotation(first: new.token, device: new.device, now: now)
        var log = IdentityAppend(new.user, by: stored.actor, from: new.client, at: now)
        log.add(
            .login(
                new.user.id, tenant: new.user.tenant, succeeded: true, device: new.device, ip: new.client.address,
                isNewDevice: try !rows[4][0].read(0, as: Bool.self)),
            of: EntityReference("session", new.id))
        let append = log.append
        let written = try await transaction.commit(with: [
            Self.insert(new, rotation),
            PGQuery(
                "UPDATE bellhop.app_user SET last_login_at = $2 WHERE id = $1", .id(new.user.id), .timestamptz(now)),
            append.query,
        ])
        let profile = UserProfile(
            new.user.id, email: stored.email, actor: stored.actor, in: try DirectoryRows.read(rows[2..<4]))
        return (OpenedSession(profile: profile, at: now), try append.read(written[2]))
    }

    private static func insert(_ new: NewSession, _ rotation: RefreshRotation) -> PGQuery {
        PGQuery(
            """
            INSERT INTO bellhop.user_session (tenant_id, id, user_id, device_id, family_hash, current_hashes, \
            rotated_at, token_epoch, started_at, expires_at, address) \
            VALUES (bellhop.current_tenant(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10::text::inet)
            """,
            .id(new.id), .id(new.user.id), .id(new.device), .bytea(new.family.bytes),
            .byteas(rotation.current.map(\.bytes)), .timestamptz(rotation.rotatedAt), .int8(new.epoch.raw),
            .timestamptz(rotation.startedAt), .timestamptz(rotation.expiresAt), .text(new.client.address))
    }

    // MARK: Going on

    package func decide(
        family: TokenHash, from client: ClientTrace,
        _ decide: @escaping @Sendable (inout StoredSession, _ now: Timestamp) -> SessionVerdict
    ) async throws(StoreError) -> SessionVerdict? {
        let enter = PGQuery("SELECT bellhop.enter_session($1)", .bytea(family.bytes))
        let made = try await self.database.transaction(preamble: [enter]) { transaction throws(StoreError) in
            let made = try await Self.decide(family, client, decide, transaction)
            return made
        }
        guard let made else { return nil }
        if !made.news.isEmpty { self.news(made.news) }
        return made.verdict
    }

    private static func decide(
        _ family: TokenHash, _ client: ClientTrace,
        _ decide: @Sendable (inout StoredSession, Timestamp) -> SessionVerdict, _ transaction: PGTransaction
    ) async throws(StoreError) -> (verdict: SessionVerdict, news: [StreamNews])? {
        let rows = try await transaction.run(
            [SessionRow.lock(family: family)] + StoredUser.queries(nil, family: family) + [.now])
        guard let row = try rows[0].first.map(SessionRow.init), let stored = try StoredUser(rows[1..<3]) else {
            transaction.rollBack()
            return nil
        }
        let now: Timestamp = try rows[3][0].read(0)
        var session = StoredSession(
            id: row.id, user: stored.user, epoch: row.epoch, standing: stored.standing, rotation: row.rotation)
        let verdict = decide(&session, now)
        guard session.rotation != row.rotation else {
            transaction.rollBack()
            return (verdict, [])
        }
        guard session.rotation.isRevoked, !row.rotation.isRevoked else {
            try await transaction.commit(with: [SessionRow.update(row.id, session.rotation, client)])
            return (verdict, [])
        }
        var reason = SessionEnd.signedOut
        if case .ended(let said) = verdict { reason = said }
        var log = IdentityAppend(stored.user, by: stored.actor, from: client, at: now)
        log.addRevocation(of: row.id, stored.user, because: reason)
        let append = log.append
        let written = try await transaction.commit(with: [
            SessionRow.update(row.id, session.rotation, client, revokedFor: reason), append.query,
        ])
        return (verdict, try append.read(written[1]))
    }

    // MARK: Seeing and ending

    package func sessions(of user: TenantUser) async throws(StoreError) -> [UserSession] {
        let list = PGQuery(
            """
            SELECT s.id, s.device_id, s.started_at, s.rotated_at, s.expires_at, host(s.address) \
            FROM bellhop.user_session s JOIN bellhop.app_user u ON u.tenant_id = s.tenant_id AND u.id = s.user_id \
            WHERE s.user_id = $1 AND s.revoked_at IS NULL AND s.expires_at > clock_timestamp() \
            AND s.token_epoch = u.token_epoch ORDER BY s.started_at DESC, s.id DESC LIMIT $2
            """, .id(user.id), .int8(Int64(UserSession.mostListed)))
        let rows = try await self.database.read([.tenant(user.tenant), list])[1]
        var sessions: [UserSession] = []
        for row in rows {
            let (id, device, startedAt, lastUsedAt, expiresAt, address) = try row.read(
                SessionID.self, DeviceID.self, Timestamp.self, Timestamp.self, Timestamp.self, String?.self)
            sessions.append(
                UserSession(
                    id: id, device: device, startedAt: startedAt, lastUsedAt: lastUsedAt, expiresAt: expiresAt,
                    address: address ?? ""))
        }
        return sessions
    }

    package func revoke(
        _ session: SessionID, of user: TenantUser, because reason: SessionEnd, from client: ClientTrace
    ) async throws(StoreError) -> Bool {
        let made = try await self.database.transaction(preamble: [.tenant(user.tenant)]) {
            transaction throws(StoreError) in
            let made = try await Self.revoke(session, user, reason, client, transaction)
            return made
        }
        guard let made else { return false }
        if !made.isEmpty { self.news(made) }
        return true
    }

    private static func revoke(
        _ session: SessionID, _ user: TenantUser, _ reason: SessionEnd, _ client: ClientTrace,
        _ transaction: PGTransaction
    ) async throws(StoreError) -> [StreamNews]? {
        let lock = SessionRow.lock(session, of: user.id)
        let rows = try await transaction.run([lock] + StoredUser.queries(user.id) + [.now])
        guard let row = try rows[0].first.map(SessionRow.init), let stored = try StoredUser(rows[1..<3]) else {
            transaction.rollBack()
            return nil
        }
        guard !row.rotation.isRevoked else {
            transaction.rollBack()
            return []
        }
        let now: Timestamp = try rows[3][0].read(0)
        var rotation = row.rotation
        rotation.revoke(now: now)
        var log = IdentityAppend(user, by: stored.actor, from: client, at: now)
        log.addRevocation(of: session, user, because: reason)
        let append = log.append
        let written = try await transaction.commit(with: [
            SessionRow.update(session, rotation, nil, revokedFor: reason), append.query,
        ])
        return try append.read(written[1])
    }
}

extension IdentityAppend {
    mutating func addRevocation(of session: SessionID, _ user: TenantUser, because reason: SessionEnd) {
        self.add(
            .sessionRevoked(user.id, tenant: user.tenant, session: session, reason: reason.rawValue),
            of: EntityReference("session", session), reason: reason.rawValue)
    }
}

/// A row of `user_session`, as it is judged.
struct SessionRow {
    let id: SessionID
    let epoch: TokenEpoch
    let rotation: RefreshRotation

    static func lock(family: TokenHash) -> PGQuery {
        PGQuery(
            """
            SELECT id, token_epoch, current_hashes, previous_hash, rotated_at, device_id, started_at, revoked_at \
            FROM bellhop.user_session WHERE family_hash = $1 FOR UPDATE
            """, .bytea(family.bytes))
    }

    static func lock(_ session: SessionID, of user: UserID) -> PGQuery {
        PGQuery(
            """
            SELECT id, token_epoch, current_hashes, previous_hash, rotated_at, device_id, started_at, revoked_at \
            FROM bellhop.user_session WHERE id = $1 AND user_id = $2 FOR UPDATE
            """, .id(session), .id(user))
    }

    init(_ row: PGRow) throws(StoreError) {
        let (id, epoch, current, previous, rotatedAt, device, startedAt, revokedAt) = try row.read(
            SessionID.self, Int64.self, [[UInt8]].self, [UInt8]?.self, Timestamp.self, DeviceID.self, Timestamp.self,
            Timestamp?.self)
        self.id = id
        self.epoch = TokenEpoch(raw: epoch)
        self.rotation = RefreshRotation(
            current: current.compactMap { TokenHash(stored: $0) }, previous: previous.flatMap { TokenHash(stored: $0) },
            rotatedAt: rotatedAt, device: device, startedAt: startedAt, revokedAt: revokedAt)
    }

    /// - Parameter client: where it was used, if it was.
    static func update(
        _ id: SessionID, _ rotation: RefreshRotation, _ client: ClientTrace?, revokedFor reason: SessionEnd? = nil
    ) -> PGQuery {
        PGQuery(
            """
            UPDATE bellhop.user_session SET current_hashes = $2, previous_hash = $3, rotated_at = $4, \
            expires_at = $5, revoked_at = $6, revoke_reason = $7, address = coalesce($8::text::inet, address) \
            WHERE id = $1
            """,
            .id(id), .byteas(rotation.current.map(\.bytes)), .bytea(rotation.previous?.bytes),
            .timestamptz(rotation.rotatedAt), .timestamptz(rotation.expiresAt), .timestamptz(rotation.revokedAt),
            .text(reason?.rawValue), .text(client?.address))
    }
}
