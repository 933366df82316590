package import Crypto
internal import Hotel
package import Ports
package import Shared

/// Users as they are read.
package struct PGUserDirectory: UserDirectory {
    private let database: PGDatabase

    package init(_ database: PGDatabase) { self.database = database }

    /// Whom a viewer sees: `$1` to `$6`, as ``reach(of:)`` gives them.
    private static let seen: PGStatement =
        UserRow.select + """
             WHERE u.deleted_at IS NULL AND ($1 OR u.id = $2 OR EXISTS (SELECT FROM bellhop.role_assignment v \
            WHERE v.tenant_id = u.tenant_id AND v.user_id = u.id AND (v.property_id = ANY ($3) \
            OR v.department_id = ANY ($4) OR (v.department_id IS NULL AND (v.property_id, v.built_in_role) IN \
            (SELECT * FROM unnest($5::uuid[], $6::text[]))))))
            """
    private static let one = Self.seen + " AND u.id = $7"
    private static let page =
        Self.seen + """
             AND ($7::uuid IS NULL OR EXISTS (SELECT FROM bellhop.role_assignment f WHERE f.tenant_id = u.tenant_id \
            AND f.user_id = u.id AND (f.property_id IS NULL OR f.property_id = $7))) \
            AND ($8::text IS NULL OR EXISTS (SELECT FROM bellhop.role_assignment f LEFT JOIN bellhop.role c \
            ON c.tenant_id = f.tenant_id AND c.id = f.role_id AND c.deleted_at IS NULL WHERE f.tenant_id = u.tenant_id \
            AND f.user_id = u.id AND (f.built_in_role = $8 OR lower(c.code) = lower($8)))) \
            AND ($9::text IS NULL OR u.status = $9) \
            AND ($10::text IS NULL OR starts_with(u.name_key, lower($10))) \
            AND ($11::uuid IS NULL OR (u.name_key, u.id) > ($12, $11)) ORDER BY u.name_key, u.id LIMIT $13
            """

    private static func reach(of viewer: UserViewer) -> [PGValue] {
        let reach = viewer.reach
        return [
            .bool(reach.isWhole), .id(viewer.user), .ids(reach.properties), .ids(reach.departments),
            .ids(reach.naturals.map(\.property)), .texts(reach.naturals.map(\.role.rawValue)),
        ]
    }

    package func user(
        _ id: UserID, of tenant: TenantID?, for viewer: UserViewer
    ) async throws(StoreError) -> ShownUser? {
        let rows = try await self.database.read([
            .tenant(tenant), PGQuery(Self.one, values: Self.reach(of: viewer) + [.id(id)]),
        ])
        guard let row = rows[1].first else { return nil }
        return ShownUser(try UserRow.read(row))
    }

    package func users(
        _ wanted: UserSelection, of tenant: TenantID?, for viewer: UserViewer
    ) async throws(StoreError) -> (StreamHead, [ShownUser]) {
        let values: [PGValue] =
            Self.reach(of: viewer) + [
                .id(wanted.property), .text(wanted.role), .text(wanted.status?.rawValue), .text(wanted.name),
                .id(wanted.after?.user), .text(wanted.after?.sortKey), .int4(Int32(clamping: wanted.limit)),
            ]
        let rows = try await self.database.read([
            .tenant(tenant), .position(of: tenant.map { .tenant($0) } ?? .system), PGQuery(Self.page, values: values),
        ])
        var users: [ShownUser] = []
        users.reserveCapacity(rows[2].count)
        for row in rows[2] { users.append(ShownUser(try UserRow.read(row))) }
        return (try StreamHead(position: rows[1]), users)
    }

    package func link(_ token: TokenHash) async throws(StoreError) -> LinkedUser? {
        let rows = try await self.database.read([
            PGQuery("SELECT bellhop.enter_invitation($1)", .bytea(token.bytes)),
            PGQuery(
                """
                SELECT u.tenant_id, u.id, u.name, u.email_key FROM bellhop.user_invitation i \
                JOIN bellhop.app_user u ON u.tenant_id = i.tenant_id AND u.id = i.user_id \
                WHERE i.token_hash = $1 AND i.expires_at > clock_timestamp() AND u.deleted_at IS NULL
                """, .bytea(token.bytes)),
        ])
        guard let row = rows[1].first else { return nil }
        let (tenant, user, name, email) = try row.read(UInt128.self, UserID.self, String.self, String.self)
        guard let email = LoginEmail(email) else { throw .unreadable("the account \(user)") }
        return LinkedUser(TenantUser(user, of: tenant == 0 ? nil : TenantID(raw: tenant)), name: name, email: email)
    }
}
