internal import Hotel
internal import Ports
internal import Shared

extension PGCommandDesk {
    private static let lockTenant: PGStatement = """
        SELECT 1 FROM bellhop.tenant WHERE tenant_id = bellhop.current_tenant() FOR NO KEY UPDATE
        """

    func tenant() async throws(StoreError) -> ShownTenant? {
        let rows = try await self.run([PGQuery(Self.lockTenant), PGQuery(TenantRow.select)])
        guard let row = rows[1].first else { return nil }
        return ShownTenant(try TenantRow.read(row))
    }

    func add(_ tenant: TenantRecord) {
        self.write(
            PGQuery(
                """
                INSERT INTO bellhop.tenant (tenant_id, name, slug, status, contact_email, currency, created_at, created_by, \
                updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $7)
                """,
                .id(tenant.id), .text(tenant.name), .text(tenant.slug), .text(tenant.status.rawValue),
                .text(tenant.contactEmail), .text(tenant.currency), .timestamptz(tenant.createdAt),
                .uuid(self.origin.actor.id)))
        self.keep(tenant)
    }

    func keep(_ tenant: TenantRecord) {
        self.write(
            PGQuery(
                """
                UPDATE bellhop.tenant SET name = $1, legal_name = $2, slug = $3, status = $4, owner_user_id = $5, \
                contact_email = $6, phone = $7, billing_email = $8, plan_name = $9, plan_monthly_price = $10, \
                currency = $11, approved_at = $12, approved_by = $13, suspended_at = $14, suspend_reason = $15, \
                version = $16, updated_at = $17, updated_by = $18, deleted_at = CASE WHEN $19 THEN $17 END \
                WHERE tenant_id = bellhop.current_tenant()
                """,
                .text(tenant.name), .text(tenant.legalName), .text(tenant.slug), .text(tenant.status.rawValue),
                .id(tenant.owner?.id), .text(tenant.contactEmail), .text(tenant.phone), .text(tenant.billingEmail),
                .text(tenant.planName), .numeric(tenant.planMonthlyPrice.flatMap { PGNumeric($0) }),
                .text(tenant.currency), .timestamptz(tenant.approvedAt), .id(tenant.approvedBy),
                .timestamptz(tenant.suspendedAt), .text(tenant.suspendReason), .int8(tenant.version),
                .timestamptz(tenant.updatedAt), .uuid(self.origin.actor.id), .bool(tenant.isDeleted)))
    }
}
