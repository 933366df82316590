package import Shared

/// A role that a tenant made for itself: a subset of what its owner may do (`domain.md` 2.1).
package struct CustomRole: Hashable, Sendable {
    package let id: RoleID
    package let code: Code
    package let permissions: Set<Permission>

    /// - Throws: `validation_failed` where the owner does not hold what the role would give.
    package init(id: RoleID, code: Code, permissions: Set<Permission>) throws(Refusal) {
        guard permissions.isSubset(of: PermissionMatrix.customisable) else {
            throw .field("permissions", .unknownValue)
        }
        guard Role(rawValue: code.text.lowercased()) == nil else { throw .field("code", .unknownCode) }
        self.id = id
        self.code = code
        self.permissions = permissions
    }
}

/// What an assignment gives.
package enum AssignedRole: Hashable, Sendable {
    case builtIn(Role)
    case custom(CustomRole)

    package var code: String {
        switch self {
        case .builtIn(let role): role.rawValue
        case .custom(let role): role.code.text
        }
    }

    /// The built-in role; `nil` for a tenant's own.
    package var builtIn: Role? {
        switch self {
        case .builtIn(let role): role
        case .custom: nil
        }
    }

    /// The cell of the table. A custom role holds what it holds in full: the owner does.
    package func cell(_ permission: Permission) -> PermissionMatrix.Cell {
        switch self {
        case .builtIn(let role): PermissionMatrix.cell(role, permission)
        case .custom(let role): role.permissions.contains(permission) ? .yes : .no
        }
    }
}

/// A role given to a user, somewhere.
package struct RoleAssignment: Hashable, Sendable {
    package let role: AssignedRole
    /// `nil`: all properties of the tenant; of a platform role, the platform.
    package let property: PropertyID?
    package let department: DepartmentID?

    package init(_ role: AssignedRole, property: PropertyID? = nil, department: DepartmentID? = nil) {
        self.role = role
        self.property = property
        self.department = department
    }

    package init(_ role: Role, property: PropertyID? = nil, department: DepartmentID? = nil) {
        self.init(.builtIn(role), property: property, department: department)
    }

    /// Which departments are the own ones under this assignment.
    package var ownDepartment: OwnDepartment {
        if let department = self.department { return .named(department) }
        return self.role.builtIn?.departmentKind.map { .natural($0) } ?? .none
    }

    /// Whether it counts at a place of the tenant in which it was given.
    func covers(_ place: Place) -> Bool {
        guard self.property == nil || self.property == place.property else { return false }
        guard let mine = self.department, let department = place.department else { return true }
        return mine == department.id
    }
}
