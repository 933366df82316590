internal import Crypto
internal import Hotel
internal import Ports
internal import Shared

/// A user in the columns of its table, with the roles given to them.
enum UserRow {
    /// The columns in the order in which ``read(_:)`` takes them; the user is `u`.
    static let select: PGStatement = """
        SELECT u.id, u.email, u.name, u.phone, u.locale, u.job_title, u.status, u.mfa_enabled, u.last_login_at, \
        u.token_epoch, u.version, u.created_at, u.updated_at, u.name_key, \
        (SELECT i.expires_at FROM bellhop.user_invitation i WHERE i.tenant_id = u.tenant_id AND i.user_id = u.id \
        AND i.expires_at > clock_timestamp()), \
        (SELECT coalesce(jsonb_agg(jsonb_build_object('id', a.id, 'built_in', a.built_in_role, 'property', \
        a.property_id, 'department', a.department_id, 'role', r.id, 'code', r.code, 'permissions', r.permissions) \
        ORDER BY a.created_at, a.id), '[]') FROM bellhop.role_assignment a \
        LEFT JOIN bellhop.role r ON r.tenant_id = a.tenant_id AND r.id = a.role_id AND r.deleted_at IS NULL \
        WHERE a.tenant_id = u.tenant_id AND a.user_id = u.id) \
        FROM bellhop.app_user u
        """

    static func read(_ row: PGRow) throws(StoreError) -> UserRecord {
        var cells = RowCells(row)
        let id = try cells.next(UserID.self)
        let email = try cells.next(String.self)
        let name = try cells.next(String.self)
        let phone = try cells.next(String?.self)
        let locale = try cells.next(String.self)
        let jobTitle = try cells.next(String?.self)
        let status = try cells.word(UserStatus.self)
        let hasMFA = try cells.next(Bool.self)
        let lastLoginAt = try cells.next(Timestamp?.self)
        let epoch = TokenEpoch(raw: try cells.next(Int64.self))
        let version = try cells.next(Int64.self)
        let createdAt = try cells.next(Timestamp.self)
        var user = UserRecord(
            id: id, email: email, name: name, phone: phone, locale: locale, jobTitle: jobTitle, status: status,
            roles: [], createdAt: createdAt, updatedAt: try cells.next(Timestamp.self))
        (user.hasMFA, user.lastLoginAt, user.epoch, user.version) = (hasMFA, lastLoginAt, epoch, version)
        user.sortKey = try cells.next(String.self)
        user.linkExpiresAt = try cells.next(Timestamp?.self)
        guard let roles = (try? JSONValue(parsing: try cells.next([UInt8].self)))?.elements else {
            throw .unreadable("the roles of user \(id)")
        }
        user.roles = roles.compactMap { self.given($0) }
        return user
    }

    /// A role that this node does not know belongs to a newer one, and gives nothing here.
    private static func given(_ json: JSONValue) -> UserRecord.Given? {
        guard let id = json["id"]?.text.flatMap({ UserID($0) })?.raw else { return nil }
        let property = json["property"]?.text.flatMap { PropertyID($0) }
        let department = json["department"]?.text.flatMap { DepartmentID($0) }
        let role: AssignedRole
        if let code = json["built_in"]?.text {
            guard let builtIn = Role(rawValue: code) else { return nil }
            role = .builtIn(builtIn)
        } else {
            guard let roleID = json["role"]?.text.flatMap({ RoleID($0) }), let code = json["code"]?.text,
                let custom = RoleRow.role(roleID, code, json["permissions"]?.elements?.compactMap(\.text) ?? [])
            else { return nil }
            role = .custom(custom)
        }
        return UserRecord.Given(id: id, RoleAssignment(role, property: property, department: department))
    }
}

/// What surrounds the users of the transaction's tenant, in three statements.
enum UserGroundRows {
    static let queryCount = DirectoryRows.queryCount + 2

    static var queries: [PGQuery] {
        DirectoryRows.queries + [
            PGQuery("SELECT name FROM bellhop.tenant WHERE tenant_id = bellhop.current_tenant()"),
            PGQuery("SELECT id, code, permissions FROM bellhop.role WHERE deleted_at IS NULL ORDER BY lower(code), id"),
        ]
    }

    static func read(_ rows: ArraySlice<PGRows>) throws(StoreError) -> UserGround {
        let rows = Array(rows)
        let directory = try DirectoryRows.read(rows[0..<DirectoryRows.queryCount])
        var roles: [CustomRole] = []
        for row in rows[DirectoryRows.queryCount + 1] {
            let (id, code, permissions) = try row.read(RoleID.self, String.self, [String].self)
            if let role = RoleRow.role(id, code, permissions) { roles.append(role) }
        }
        let name = try rows[DirectoryRows.queryCount].first?.read(0, as: String.self)
        return UserGround(directory: directory, company: directory == nil ? nil : name, roles: roles)
    }
}
