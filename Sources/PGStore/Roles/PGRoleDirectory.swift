internal import Hotel
package import Ports
package import Shared

/// The tenants' own roles as they are read.
package struct PGRoleDirectory: RoleDirectory {
    private let database: PGDatabase

    package init(_ database: PGDatabase) { self.database = database }

    private static let one = RoleRow.select + " WHERE r.id = $1 AND r.deleted_at IS NULL"
    private static let page =
        RoleRow.select + """
             WHERE r.deleted_at IS NULL \
            AND ($1::uuid IS NULL OR (lower(r.code) COLLATE "C", r.id) > ($2 COLLATE "C", $1)) \
            ORDER BY lower(r.code) COLLATE "C", r.id LIMIT $3
            """

    package func role(_ id: RoleID, of tenant: TenantID) async throws(StoreError) -> ShownRole? {
        let rows = try await self.database.read([.tenant(tenant), PGQuery(Self.one, .id(id))])
        guard let row = rows[1].first else { return nil }
        return ShownRole(try RoleRow.read(row))
    }

    package func roles(
        after: RoleSelectionPosition?, limit: Int, of tenant: TenantID?
    ) async throws(StoreError) -> (StreamHead, [ShownRole]) {
        let rows = try await self.database.read([
            .tenant(tenant), .position(of: tenant.map { .tenant($0) } ?? .system),
            PGQuery(Self.page, .id(after?.role), .text(after?.sortKey), .int4(Int32(clamping: limit))),
        ])
        var roles: [ShownRole] = []
        for row in rows[2] { roles.append(ShownRole(try RoleRow.read(row))) }
        return (try StreamHead(position: rows[1]), roles)
    }
}
