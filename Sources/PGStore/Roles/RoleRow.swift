internal import Hotel
internal import Ports
internal import Shared

/// A tenant's own role in the columns of its table.
enum RoleRow {
    /// The columns in the order in which ``read(_:)`` takes them; the role is `r`.
    static let select: PGStatement = """
        SELECT r.id, r.code, r.permissions, r.name, r.version, r.created_at, r.updated_at FROM bellhop.role r
        """

    static func read(_ row: PGRow) throws(StoreError) -> RoleRecord {
        let (id, code, permissions, name, version, createdAt, updatedAt) = try row.read(
            RoleID.self, String.self, [String].self, String.self, Int64.self, Timestamp.self, Timestamp.self)
        guard let role = self.role(id, code, permissions) else { throw .unreadable("the role \(id)") }
        return RoleRecord(role: role, name: name, version: version, createdAt: createdAt, updatedAt: updatedAt)
    }

    /// A permission that this node does not know belongs to a newer one, and gives nothing here.
    static func role(_ id: RoleID, _ code: String, _ permissions: [String]) -> CustomRole? {
        guard let code = Code(code) else { return nil }
        let known = Set(permissions.compactMap { Permission(rawValue: $0) }).intersection(PermissionMatrix.customisable)
        return try? CustomRole(id: id, code: code, permissions: known)
    }
}
