package import Crypto
internal import Hotel
package import Ports
package import Shared

/// The accounts of all tenants in PostgreSQL, as far as signing in needs them.
package final class PGAccounts: AccountRepository {
    let database: PGDatabase
    let news: NewsDesk

    /// - Parameter news: told after each commit what it appended.
    package init(_ database: PGDatabase, news: @escaping NewsDesk) {
        self.database = database
        self.news = news
    }

    // MARK: Looking up

    package func account(of email: LoginEmail, device: DeviceID?) async throws(StoreError) -> Account? {
        let rows = try await self.database.read(
            """
            SELECT tenant_id, user_id, email, status, tenant_status, token_epoch, password_hash, knows_device \
            FROM bellhop.find_login($1, $2)
            """, .text(email.description), .id(device))
        guard let row = rows.first else { return nil }
        let (tenant, user, stored, status, tenantStatus, epoch, hash, knowsDevice) = try row.read(
            UInt128.self, UserID.self, String.self, String.self, String.self, Int64.self, String?.self, Bool.self)
        guard let address = LoginEmail(stored), let state = UserStatus(rawValue: status),
            let house = TenantStatus(rawValue: tenantStatus)
        else { throw .unreadable("the account \(user)") }
        let home = tenant == 0 ? nil : TenantID(raw: tenant)
        return Account(
            user: TenantUser(user, of: home), email: address, passwordHash: hash.flatMap { PasswordHash(stored: $0) },
            standing: AccountStanding(
                user: state, tenant: home == nil ? nil : house, epoch: TokenEpoch(raw: epoch)),
            knowsDevice: knowsDevice)
    }

    package func account(of user: TenantUser) async throws(StoreError) -> Account? {
        let rows = try await self.database.read([.tenant(user.tenant)] + StoredUser.queries(user.id))
        guard let stored = try StoredUser(rows[1...]) else { return nil }
        return Account(
            user: user, email: stored.email, passwordHash: stored.passwordHash, standing: stored.standing,
            knowsDevice: false)
    }

    package func profile(of user: TenantUser) async throws(StoreError) -> UserProfile? {
        let rows = try await self.database.read(
            [.tenant(user.tenant)] + StoredUser.queries(user.id) + DirectoryRows.queries)
        guard let stored = try StoredUser(rows[1..<3]) else { return nil }
        return UserProfile(user.id, email: stored.email, actor: stored.actor, in: try DirectoryRows.read(rows[3...]))
    }

    // MARK: Passwords

    package func rehash(_ user: TenantUser, from old: PasswordHash, to new: PasswordHash) async throws(StoreError) {
        // No version is raised: nothing has changed that anybody sees.
        let update = PGQuery(
            "UPDATE bellhop.app_user SET password_hash = $3 WHERE id = $1 AND password_hash = $2", .id(user.id),
            .text(old.stored), .text(new.stored))
        _ = try await self.database.transaction(preamble: [.tenant(user.tenant)]) { transaction throws(StoreError) in
            let rows = try await transaction.commit(with: [update])
            return rows
        }
    }

    package func replacePassword(
        _ replacement: PasswordReplacement
    ) async throws(StoreError) -> ReplacedPassword? {
        let made = try await self.database.transaction(preamble: [.tenant(replacement.user.tenant)]) {
            transaction throws(StoreError) in
            let made = try await Self.replace(replacement, transaction)
            return made
        }
        guard let made else { return nil }
        self.news(made.news)
        return made.replaced
    }

    private static func replace(
        _ replacement: PasswordReplacement, _ transaction: PGTransaction
    ) async throws(StoreError) -> (replaced: ReplacedPassword, news: [StreamNews])? {
        let user = replacement.user
        // First the account, then its sessions, for everybody who locks both.
        let rows = try await transaction.run(
            StoredUser.lockingQueries(user.id) + [
                PGQuery(
                    """
                    SELECT id FROM bellhop.user_session WHERE user_id = $1 AND revoked_at IS NULL \
                    AND expires_at > clock_timestamp() ORDER BY id FOR UPDATE
                    """, .id(user.id)), .now,
            ])
        var live: [SessionID] = []
        for row in rows[2] { live.append(try row.read(0)) }
        guard let stored = try StoredUser(rows[..<2]), stored.passwordHash == replacement.old,
            stored.standing.obstacle == nil, live.contains(replacement.session)
        else {
            transaction.rollBack()
            return nil
        }
        let now: Timestamp = try rows[3][0].read(0)
        let others = live.filter { $0 != replacement.session }
        let epoch = stored.standing.epoch.next
        var log = IdentityAppend(user, by: stored.actor, from: replacement.client, at: now)
        log.add(
            .passwordChanged(
                user.id, tenant: user.tenant, bySelf: true, at: now, ip: replacement.client.address,
                device: replacement.client.device),
            of: EntityReference("user", user.id))
        for session in others { log.addRevocation(of: session, user, because: .passwordChanged) }
        let append = log.append
        let written = try await transaction.commit(with: [
            PGQuery(
                """
                UPDATE bellhop.app_user SET password_hash = $2, token_epoch = $3, version = version + 1, \
                updated_at = $4, updated_by = $1 WHERE id = $1
                """, .id(user.id), .text(replacement.new.stored), .int8(epoch.raw), .timestamptz(now)),
            PGQuery(
                "UPDATE bellhop.user_session SET token_epoch = $2 WHERE id = $1", .id(replacement.session),
                .int8(epoch.raw)),
            PGQuery(
                "UPDATE bellhop.user_session SET revoked_at = $2, revoke_reason = $3 WHERE id = ANY ($1)",
                .ids(others), .timestamptz(now), .text(SessionEnd.passwordChanged.rawValue)), append.query,
        ])
        return (ReplacedPassword(epoch: epoch, at: now), try append.read(written[3]))
    }
}
