package import Hotel
package import Shared

/// A role that a tenant made for itself, as commands decide about it and as it is shown.
package struct RoleRecord: Sendable {
    package var role: CustomRole
    package var name: String
    package var version: Int64
    package let createdAt: Timestamp
    package var updatedAt: Timestamp
    /// By which lists are ordered: the code in lower case.
    package var sortKey: String { self.role.code.key }

    package init(role: CustomRole, name: String, version: Int64 = 1, createdAt: Timestamp, updatedAt: Timestamp) {
        self.role = role
        self.name = name
        self.version = version
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }
}

/// A role that was loaded, with everybody who has it.
package final class RoleFile: Sendable {
    package let role: RoleRecord
    package let holders: [UserRecord]
    package let ground: UserGround

    package init(_ role: RoleRecord, holders: [UserRecord], _ ground: UserGround) {
        self.role = role
        self.holders = holders
        self.ground = ground
    }
}

/// Roles at the desk.
package protocol RoleDesk: AnyObject {
    /// A role of the tenant's own, locked, and then everybody who has it, locked too; `nil` if there is none, or none any more.
    func role(_ id: RoleID) async throws(StoreError) -> RoleFile?
    func add(_ role: RoleRecord)
    func keep(_ role: RoleRecord)
    /// Deletes a role; nobody has it any more.
    func delete(_ role: RoleRecord)
}

/// Where roles are read, by whoever shows them. Nothing is locked.
package protocol RoleDirectory: Sendable {
    func role(_ id: RoleID, of tenant: TenantID) async throws(StoreError) -> ShownRole?

    /// The tenant's own roles in the order of their codes, with the position of the stream, which is read before them. The
    /// platform has none.
    func roles(
        after: RoleSelectionPosition?, limit: Int, of tenant: TenantID?
    ) async throws(StoreError) -> (StreamHead, [ShownRole])
}

/// Where a page of roles ended.
package struct RoleSelectionPosition: Equatable, Sendable {
    package let sortKey: String
    package let role: RoleID

    package init(sortKey: String, role: RoleID) {
        self.sortKey = sortKey
        self.role = role
    }
}

/// A role as it is shown; a class for the reason that ``ShownRoom`` is one.
package final class ShownRole: Sendable {
    package let role: RoleRecord

    package init(_ role: RoleRecord) { self.role = role }
}
