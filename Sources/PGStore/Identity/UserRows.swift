internal import Hotel
internal import Ports
internal import Shared
internal import Crypto

/// A user with all that decides what they may do, as two statements of one transaction read it.
struct StoredUser: Sendable {
    let user: TenantUser
    let email: LoginEmail
    let passwordHash: PasswordHash?
    let standing: AccountStanding
    let actor: Actor

    /// How many statements ``queries(_:family:)`` and its like are.
    static let queryCount = 2

    /// The user of this id, or of the session of this family; the transaction has been told the tenant.
    static func queries(_ user: UserID?, family: TokenHash? = nil) -> [PGQuery] {
        [
            PGQuery(
                """
                SELECT u.tenant_id, u.id, u.email_key, u.name, u.status, t.status, u.token_epoch, u.password_hash \
                FROM bellhop.app_user u JOIN bellhop.tenant t USING (tenant_id) \
                WHERE u.id = coalesce($1, (SELECT user_id FROM bellhop.user_session WHERE family_hash = $2))
                """, .id(user), .bytea(family?.bytes)), Self.assignments(user, family),
        ]
    }

    /// The same, and nobody else changes the account until the transaction ends.
    static func lockingQueries(_ user: UserID) -> [PGQuery] {
        [
            PGQuery(
                """
                SELECT u.tenant_id, u.id, u.email_key, u.name, u.status, t.status, u.token_epoch, u.password_hash \
                FROM bellhop.app_user u JOIN bellhop.tenant t USING (tenant_id) \
                WHERE u.id = $1 FOR NO KEY UPDATE OF u
                """, .id(user)), Self.assignments(user, nil),
        ]
    }

    private static func assignments(_ user: UserID?, _ family: TokenHash?) -> PGQuery {
        PGQuery(
            """
            SELECT a.built_in_role, a.property_id, a.department_id, r.id, r.code, r.permissions \
            FROM bellhop.role_assignment a \
            LEFT JOIN bellhop.role r ON r.tenant_id = a.tenant_id AND r.id = a.role_id AND r.deleted_at IS NULL \
            WHERE a.user_id = coalesce($1, (SELECT user_id FROM bellhop.user_session WHERE family_hash = $2)) \
            ORDER BY a.created_at, a.id
            """, .id(user), .bytea(family?.bytes))
    }

    /// Reads the answers of those statements; `nil` if there is no such user.
    init?(_ rows: ArraySlice<PGRows>) throws(StoreError) {
        guard rows.count == Self.queryCount, let first = rows.first, let row = first.first, let roles = rows.last else {
            return nil
        }
        let (tenant, id, email, name, status, tenantStatus, epoch, hash) = try row.read(
            UInt128.self, UserID.self, String.self, String.self, String.self, String.self, Int64.self, String?.self)
        let home = tenant == 0 ? nil : TenantID(raw: tenant)
        guard let email = LoginEmail(email), let user = UserStatus(rawValue: status),
            let house = TenantStatus(rawValue: tenantStatus)
        else { throw .unreadable("the account \(id)") }
        self.user = TenantUser(id, of: home)
        self.email = email
        self.passwordHash = hash.flatMap { PasswordHash(stored: $0) }
        self.standing = AccountStanding(
            user: user, tenant: home == nil ? nil : house, epoch: TokenEpoch(raw: epoch))
        var assignments: [RoleAssignment] = []
        for row in roles {
            if let assignment = try Self.assignment(row) { assignments.append(assignment) }
        }
        self.actor = Self.actor(id, name, home, assignments)
    }

    /// A role or a permission that this node does not know belongs to a newer one, and gives nothing here.
    private static func assignment(_ row: PGRow) throws(StoreError) -> RoleAssignment? {
        let (builtIn, property, department, id, code, permissions) = try row.read(
            String?.self, PropertyID?.self, DepartmentID?.self, RoleID?.self, String?.self, [String]?.self)
        if let builtIn {
            return Role(rawValue: builtIn).map { RoleAssignment($0, property: property, department: department) }
        }
        guard let id, let code, let name = try? Code(checking: code) else { return nil }
        let known = Set((permissions ?? []).compactMap { Permission(rawValue: $0) })
            .intersection(PermissionMatrix.customisable)
        guard let role = try? CustomRole(id: id, code: name, permissions: known) else { return nil }
        return RoleAssignment(.custom(role), property: property, department: department)
    }

    private static func actor(
        _ id: UserID, _ name: String, _ tenant: TenantID?, _ assignments: [RoleAssignment]
    ) -> Actor {
        let stays = assignments.filter { $0.role.builtIn == .resident }
        guard let tenant, !stays.isEmpty else {
            return .user(id, name: name, tenant: tenant, assignments: assignments)
        }
        // Whoever is a guest is nothing else under this account.
        return .resident(id, name: name, tenant: tenant, properties: stays.compactMap(\.property), stays: [])
    }
}

extension StoreError {
    /// Only a fault of ours or of the disk writes what cannot be read.
    static func unreadable(_ what: String) -> StoreError { .refused(code: "XX001", message: "\(what) cannot be read") }
}

/// What there is in a tenant, as two statements of one transaction read it.
enum DirectoryRows {
    static let queryCount = 2

    /// The transaction has been told the tenant.
    static var queries: [PGQuery] {
        [
            PGQuery(
                """
                SELECT t.tenant_id, t.status, p.id FROM bellhop.tenant t \
                LEFT JOIN bellhop.property p ON p.tenant_id = t.tenant_id AND p.deleted_at IS NULL \
                WHERE t.tenant_id = bellhop.current_tenant() AND t.deleted_at IS NULL
                """),
            PGQuery(
                """
                SELECT property_id, id, kind, slug FROM bellhop.department WHERE deleted_at IS NULL AND active \
                ORDER BY slug
                """),
        ]
    }

    /// Reads their answers; `nil` if there is no such tenant, or if it is the platform.
    static func read(_ rows: ArraySlice<PGRows>) throws(StoreError) -> TenantDirectory? {
        guard rows.count == Self.queryCount, let places = rows.first, let departments = rows.last,
            let first = places.first
        else { return nil }
        let (tenant, statusText) = try first.read(UInt128.self, String.self)
        guard let status = TenantStatus(rawValue: statusText) else { throw .unreadable("the tenant \(tenant)") }
        guard tenant != 0 else { return nil }
        var properties: [PropertyID: [Department]] = [:]
        for row in places {
            if let property = try row.read(2, as: PropertyID?.self) { properties[property] = [] }
        }
        for row in departments {
            let (property, id, kindText, slugText) = try row.read(
                PropertyID.self, DepartmentID.self, String.self, String.self)
            guard let kind = DepartmentKind(rawValue: kindText), let slug = try? ChannelSlug(checking: slugText) else {
                continue
            }
            properties[property]?.append(Department(id: id, kind: kind, slug: slug))
        }
        return TenantDirectory(TenantID(raw: tenant), status: status, properties: properties)
    }
}
