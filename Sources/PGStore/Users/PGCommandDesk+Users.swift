internal import Crypto
internal import Hotel
internal import Ports
internal import Shared

extension PGCommandDesk {
    private static let lockedUser = UserRow.select + " WHERE u.id = $1 AND u.deleted_at IS NULL FOR NO KEY UPDATE OF u"
    private static let oneUser = UserRow.select + " WHERE u.id = $1 AND u.deleted_at IS NULL"

    func user(_ id: UserID) async throws(StoreError) -> UserFile? {
        // Locked first, and read again: who had to wait for the row would see the roles as they were before it waited.
        let rows = try await self.run(
            [PGQuery(Self.lockedUser, .id(id)), PGQuery(Self.oneUser, .id(id))] + UserGroundRows.queries)
        guard let row = rows[1].first else { return nil }
        return UserFile(try UserRow.read(row), try UserGroundRows.read(rows[2...]))
    }

    func userGround() async throws(StoreError) -> UserGround {
        try UserGroundRows.read(try await self.run(UserGroundRows.queries)[...])
    }

    func others(than user: UserID, holding role: Role) async throws(StoreError) -> Int {
        let rows = try await self.run([
            PGQuery("SELECT 1 FROM bellhop.tenant WHERE tenant_id = bellhop.current_tenant() FOR NO KEY UPDATE"),
            PGQuery(
                """
                SELECT count(DISTINCT u.id) FROM bellhop.app_user u \
                JOIN bellhop.role_assignment a ON a.tenant_id = u.tenant_id AND a.user_id = u.id \
                WHERE u.id <> $1 AND u.status = 'active' AND u.deleted_at IS NULL AND a.built_in_role = $2 \
                AND a.property_id IS NULL
                """, .id(user), .text(role.rawValue)),
        ])
        return try rows[1].first?.read(0, as: Int.self) ?? 0
    }

    func liveSessions(of user: UserID) async throws(StoreError) -> [SessionID] {
        let rows = try await self.run([
            PGQuery(
                """
                SELECT id FROM bellhop.user_session WHERE user_id = $1 AND revoked_at IS NULL \
                AND expires_at > clock_timestamp() ORDER BY id FOR UPDATE
                """, .id(user))
        ])
        var live: [SessionID] = []
        for row in rows[0] { live.append(try row.read(0)) }
        return live
    }

    func link(_ token: TokenHash, of user: UserID) async throws(StoreError) -> UserLink.Kind? {
        let rows = try await self.run([
            PGQuery(
                """
                SELECT kind FROM bellhop.user_invitation WHERE user_id = $1 AND token_hash = $2 \
                AND expires_at > clock_timestamp() FOR UPDATE
                """, .id(user), .bytea(token.bytes))
        ])
        guard let row = rows[0].first else { return nil }
        return UserLink.Kind(rawValue: try row.read(0, as: String.self))
    }

    func add(_ user: UserRecord) {
        self.write(
            PGQuery(
                """
                INSERT INTO bellhop.app_user (tenant_id, id, email, name, phone, locale, job_title, status, created_at, \
                created_by, updated_at, updated_by) \
                VALUES (bellhop.current_tenant(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $8, $9)
                """,
                .id(user.id), .text(user.email), .text(user.name), .text(user.phone), .text(user.locale),
                .text(user.jobTitle), .text(user.status.rawValue), .timestamptz(user.createdAt),
                .uuid(self.origin.actor.id)))
        self.give(user.roles, to: user.id)
    }

    func keep(_ user: UserRecord, before: UserRecord) {
        self.write(
            PGQuery(
                """
                UPDATE bellhop.app_user SET email = $2, name = $3, phone = $4, locale = $5, job_title = $6, status = $7, \
                token_epoch = $8, version = $9, updated_at = $10, updated_by = $11, \
                deleted_at = CASE WHEN $7 = 'deleted' THEN $10 END WHERE id = $1
                """,
                .id(user.id), .text(user.email), .text(user.name), .text(user.phone), .text(user.locale),
                .text(user.jobTitle), .text(user.status.rawValue), .int8(user.epoch.raw), .int8(user.version),
                .timestamptz(user.updatedAt), .uuid(self.origin.actor.id)))
        let taken = before.roles.filter { !user.roles.contains($0) }
        if !taken.isEmpty {
            self.write(
                PGQuery("DELETE FROM bellhop.role_assignment WHERE id = ANY ($1)", .uuids(taken.map(\.id))))
        }
        self.give(user.roles.filter { !before.roles.contains($0) }, to: user.id)
    }

    private func give(_ roles: [UserRecord.Given], to user: UserID) {
        guard !roles.isEmpty else { return }
        self.write(
            PGQuery(
                """
                INSERT INTO bellhop.role_assignment \
                (tenant_id, id, user_id, built_in_role, role_id, property_id, department_id, created_by) \
                SELECT bellhop.current_tenant(), r.id, $1, r.built_in_role, r.role_id, r.property_id, r.department_id, $2 \
                FROM unnest($3::uuid[], $4::text[], $5::uuid[], $6::uuid[], $7::uuid[]) \
                AS r (id, built_in_role, role_id, property_id, department_id)
                """,
                .id(user), .uuid(self.origin.actor.id), .uuids(roles.map(\.id)),
                .texts(roles.map { $0.assignment.role.builtIn?.rawValue }),
                .ids(roles.map { $0.assignment.role.custom?.id }), .ids(roles.map(\.assignment.property)),
                .ids(roles.map(\.assignment.department))))
    }

    func keep(password: PasswordHash?, of user: UserID) {
        self.write(
            PGQuery(
                // What is no hash of anything is matched by nothing.
                "UPDATE bellhop.app_user SET password_hash = coalesce($2, '!') WHERE id = $1", .id(user),
                .text(password?.stored)))
    }

    func keep(link: UserLink?, of user: UserID) {
        guard let link else {
            self.write(PGQuery("DELETE FROM bellhop.user_invitation WHERE user_id = $1", .id(user)))
            return
        }
        self.write(
            PGQuery(
                """
                INSERT INTO bellhop.user_invitation (tenant_id, user_id, kind, token_hash, expires_at, created_by) \
                VALUES (bellhop.current_tenant(), $1, $2, $3, $4, $5) \
                ON CONFLICT (tenant_id, user_id) DO UPDATE SET kind = excluded.kind, token_hash = excluded.token_hash, \
                expires_at = excluded.expires_at, created_at = excluded.created_at, created_by = excluded.created_by
                """,
                .id(user), .text(link.kind.rawValue), .bytea(link.token.bytes), .timestamptz(link.expiresAt),
                .uuid(self.origin.actor.id)))
    }

    func end(_ sessions: [SessionID], because reason: SessionEnd) {
        guard !sessions.isEmpty else { return }
        self.write(
            PGQuery(
                "UPDATE bellhop.user_session SET revoked_at = $2, revoke_reason = $3 WHERE id = ANY ($1)",
                .ids(sessions), .timestamptz(self.now), .text(reason.rawValue)))
    }
}

extension AssignedRole {
    fileprivate var custom: CustomRole? {
        switch self {
        case .builtIn: nil
        case .custom(let role): role
        }
    }
}
