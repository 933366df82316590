internal import Hotel
internal import Ports
internal import Shared

extension PGCommandDesk {
    private static let lockedRole = RoleRow.select + " WHERE r.id = $1 AND r.deleted_at IS NULL FOR NO KEY UPDATE OF r"
    private static let lockedHolders: PGStatement = """
        SELECT 1 FROM bellhop.app_user u WHERE u.deleted_at IS NULL AND u.id IN \
        (SELECT user_id FROM bellhop.role_assignment WHERE role_id = $1) ORDER BY u.id FOR NO KEY UPDATE OF u
        """
    private static let holders =
        UserRow.select + """
             WHERE u.deleted_at IS NULL AND u.id IN (SELECT user_id FROM bellhop.role_assignment WHERE role_id = $1) \
            ORDER BY u.id
            """

    func role(_ id: RoleID) async throws(StoreError) -> RoleFile? {
        // Locked first, and read again: see `user(_:)`.
        let rows = try await self.run(
            [PGQuery(Self.lockedRole, .id(id)), PGQuery(Self.lockedHolders, .id(id)), PGQuery(Self.holders, .id(id))]
                + UserGroundRows.queries)
        guard let row = rows[0].first else { return nil }
        var holders: [UserRecord] = []
        for row in rows[2] { holders.append(try UserRow.read(row)) }
        return RoleFile(try RoleRow.read(row), holders: holders, try UserGroundRows.read(rows[3...]))
    }

    func add(_ role: RoleRecord) {
        self.write(
            PGQuery(
                """
                INSERT INTO bellhop.role (tenant_id, id, code, name, permissions, created_at, created_by, updated_at, \
                updated_by) VALUES (bellhop.current_tenant(), $1, $2, $3, $4, $5, $6, $5, $6)
                """,
                .id(role.role.id), .text(role.role.code.text), .text(role.name), .texts(role.permissionWords),
                .timestamptz(role.createdAt), .uuid(self.origin.actor.id)))
    }

    func keep(_ role: RoleRecord) {
        self.write(
            PGQuery(
                """
                UPDATE bellhop.role SET code = $2, name = $3, permissions = $4, version = $5, updated_at = $6, \
                updated_by = $7 WHERE id = $1
                """,
                .id(role.role.id), .text(role.role.code.text), .text(role.name), .texts(role.permissionWords),
                .int8(role.version), .timestamptz(role.updatedAt), .uuid(self.origin.actor.id)))
    }

    func delete(_ role: RoleRecord) {
        self.write(
            PGQuery(
                """
                UPDATE bellhop.role SET version = $2, updated_at = $3, updated_by = $4, deleted_at = $3 WHERE id = $1
                """, .id(role.role.id), .int8(role.version), .timestamptz(role.updatedAt),
                .uuid(self.origin.actor.id)))
        self.write(PGQuery("DELETE FROM bellhop.role_assignment WHERE role_id = $1", .id(role.role.id)))
    }
}

extension RoleRecord {
    /// In the order of the permissions, so that equal sets are stored alike.
    fileprivate var permissionWords: [String] {
        Permission.allCases.filter { self.role.permissions.contains($0) }.map(\.rawValue)
    }
}
