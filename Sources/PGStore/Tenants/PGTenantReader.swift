internal import Hotel
package import Ports
package import Shared

/// Tenants as they are read.
package struct PGTenantReader: TenantReader {
    private let database: PGDatabase

    package init(_ database: PGDatabase) { self.database = database }

    package func tenant(_ id: TenantID) async throws(StoreError) -> ShownTenant? {
        let rows = try await self.database.read([.tenant(id), PGQuery(TenantRow.select)])
        guard let row = rows[1].first else { return nil }
        return ShownTenant(try TenantRow.read(row))
    }

    package func tenants(_ wanted: TenantSelection) async throws(StoreError) -> (StreamHead, [ShownTenant]) {
        let rows = try await self.database.read([
            .tenant(nil), .position(of: .system),
            PGQuery(
                """
                SELECT tenant_id, name, name_key, slug, status, owner_user_id, owner_name, contact_email, plan_name, \
                plan_monthly_price, currency, created_at, version, properties_count, users_count, legal_name, phone, \
                billing_email, approved_at, approved_by, suspended_at, suspend_reason, updated_at, owner_status \
                FROM bellhop.list_tenants($1, $2, $3, $4, $5)
                """,
                .int4(Int32(clamping: wanted.limit)), .text(wanted.after?.sortKey), .id(wanted.after?.tenant),
                .text(wanted.status?.rawValue), .text(wanted.name)),
        ])
        var tenants: [ShownTenant] = []
        for row in rows[2] { tenants.append(ShownTenant(try TenantRow.read(row))) }
        return (try StreamHead(position: rows[1]), tenants)
    }
}
