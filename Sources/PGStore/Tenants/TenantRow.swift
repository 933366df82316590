internal import Hotel
internal import Ports
internal import Shared

/// A tenant in the columns of its table, in the order in which `list_tenants` gives them.
enum TenantRow {
    /// The tenant is `t`, its owner `o`.
    static let select: PGStatement = """
        SELECT t.tenant_id, t.name, t.name_key, t.slug, t.status, t.owner_user_id, o.name, t.contact_email, t.plan_name, \
        t.plan_monthly_price, t.currency, t.created_at, t.version, \
        (SELECT count(*) FROM bellhop.property p WHERE p.tenant_id = t.tenant_id AND p.deleted_at IS NULL), \
        (SELECT count(*) FROM bellhop.app_user u WHERE u.tenant_id = t.tenant_id AND u.deleted_at IS NULL), \
        t.legal_name, t.phone, t.billing_email, t.approved_at, t.approved_by, t.suspended_at, t.suspend_reason, \
        t.updated_at, o.status FROM bellhop.tenant t \
        LEFT JOIN bellhop.app_user o ON o.tenant_id = t.tenant_id AND o.id = t.owner_user_id \
        WHERE t.tenant_id = bellhop.current_tenant() AND t.tenant_id <> bellhop.platform() AND t.deleted_at IS NULL
        """

    static func read(_ row: PGRow) throws(StoreError) -> TenantRecord {
        var cells = RowCells(row)
        let id = try cells.next(TenantID.self)
        let name = try cells.next(String.self)
        let sortKey = try cells.next(String.self)
        let slug = try cells.next(String.self)
        let status = try cells.word(TenantStatus.self)
        let ownerID = try cells.next(UserID?.self)
        let ownerName = try cells.next(String?.self)
        let contactEmail = try cells.next(String.self)
        let planName = try cells.next(String?.self)
        let price = try cells.next(PGNumeric?.self)
        let currency = try cells.next(String.self)
        let createdAt = try cells.next(Timestamp.self)
        let version = try cells.next(Int64.self)
        let (properties, users) = (try cells.next(Int.self), try cells.next(Int.self))
        let (legalName, phone) = (try cells.next(String?.self), try cells.next(String?.self))
        let billingEmail = try cells.next(String?.self)
        let approvedAt = try cells.next(Timestamp?.self)
        let approvedBy = try cells.next(UserID?.self)
        let suspendedAt = try cells.next(Timestamp?.self)
        let suspendReason = try cells.next(String?.self)
        var tenant = TenantRecord(
            id: id, name: name, slug: slug, status: status, contactEmail: contactEmail, currency: currency,
            createdAt: createdAt, updatedAt: try cells.next(Timestamp.self))
        let ownerStatus = try cells.next(String?.self).flatMap { UserStatus(rawValue: $0) }
        if let ownerID, let ownerName, let ownerStatus {
            tenant.owner = TenantRecord.Owner(id: ownerID, name: ownerName, status: ownerStatus)
        }
        (tenant.planName, tenant.planMonthlyPrice) = (planName, price?.text)
        (tenant.legalName, tenant.phone, tenant.billingEmail) = (legalName, phone, billingEmail)
        (tenant.approvedAt, tenant.approvedBy) = (approvedAt, approvedBy)
        (tenant.suspendedAt, tenant.suspendReason) = (suspendedAt, suspendReason)
        (tenant.propertiesCount, tenant.usersCount) = (properties, users)
        (tenant.version, tenant.sortKey) = (version, sortKey)
        return tenant
    }
}
