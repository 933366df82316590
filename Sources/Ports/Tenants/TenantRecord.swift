package import Hotel
package import Shared

/// A tenant as commands decide about it and as it is shown.
package struct TenantRecord: Sendable {
    /// Who answers for the tenant.
    package struct Owner: Equatable, Sendable {
        package let id: UserID
        package var name: String
        package var status: UserStatus

        package init(id: UserID, name: String, status: UserStatus) {
            self.id = id
            self.name = name
            self.status = status
        }
    }

    package let id: TenantID
    package var name: String
    package var legalName: String?
    package var slug: String
    package var status: TenantStatus
    package var owner: Owner?
    package var contactEmail: String
    package var phone: String?
    package var billingEmail: String?
    package var planName: String?
    /// As the store writes it, never a floating point number.
    package var planMonthlyPrice: String?
    package var currency: String
    package var approvedAt: Timestamp?
    package var approvedBy: UserID?
    package var suspendedAt: Timestamp?
    package var suspendReason: String?
    package var propertiesCount = 0
    package var usersCount = 0
    package var version: Int64 = 1
    package let createdAt: Timestamp
    package var updatedAt: Timestamp
    /// It was closed by who may, and shows nowhere any more.
    package var isDeleted = false
    /// By which the platform's list is ordered; the store's.
    package var sortKey = ""

    package init(
        id: TenantID, name: String, slug: String, status: TenantStatus, contactEmail: String, currency: String,
        createdAt: Timestamp, updatedAt: Timestamp
    ) {
        self.id = id
        self.name = name
        self.slug = slug
        self.status = status
        self.contactEmail = contactEmail
        self.currency = currency
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }

    /// As events tell of it.
    package var view: TenantView {
        TenantView(
            id: self.id, company: self.name, slug: self.slug, owner: self.owner?.name, email: self.contactEmail,
            phone: self.phone, status: self.status, planName: self.planName ?? "",
            planMonthlyPrice: self.planMonthlyPrice ?? "0", currency: self.currency,
            propertiesCount: self.propertiesCount, usersCount: self.usersCount)
    }
}

/// A tenant that was loaded, or is shown; a class for the reason that ``ShownRoom`` is one.
package final class ShownTenant: Sendable {
    package let tenant: TenantRecord

    package init(_ tenant: TenantRecord) { self.tenant = tenant }
}

/// The origin's tenant at the desk.
package protocol TenantDesk: AnyObject {
    /// The tenant of the command, locked; `nil` if there is none, or none any more.
    func tenant() async throws(StoreError) -> ShownTenant?
    /// Keeps a new tenant, which has a stream from then on. Its owner is named after both are kept.
    func add(_ tenant: TenantRecord)
    func keep(_ tenant: TenantRecord)
}

/// Where tenants are read, by whoever shows them. Nothing is locked.
package protocol TenantReader: Sendable {
    func tenant(_ id: TenantID) async throws(StoreError) -> ShownTenant?

    /// All tenants in the order of their names, with the position of the platform's stream, which is read before them.
    func tenants(_ wanted: TenantSelection) async throws(StoreError) -> (StreamHead, [ShownTenant])
}

/// Which tenants a list shows.
package struct TenantSelection: Sendable {
    /// Where the page before ended.
    package struct Position: Equatable, Sendable {
        package let sortKey: String
        package let tenant: TenantID

        package init(sortKey: String, tenant: TenantID) {
            self.sortKey = sortKey
            self.tenant = tenant
        }
    }

    package var status: TenantStatus?
    /// What the name contains, in any case.
    package var name: String?
    package var after: Position?
    package var limit: Int

    package init(limit: Int) { self.limit = limit }
}
