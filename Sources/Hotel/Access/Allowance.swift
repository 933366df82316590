package import Shared

/// Where something is that an actor wants to do or see.
package struct Place: Hashable, Sendable {
    /// `nil`: the platform itself.
    package let tenant: TenantID?
    /// `nil`: the tenant as a whole.
    package let property: PropertyID?
    /// `nil`: what belongs to no department.
    package let department: Department?

    private init(tenant: TenantID?, property: PropertyID?, department: Department?) {
        self.tenant = tenant
        self.property = property
        self.department = department
    }

    package static let platform = Place(tenant: nil, property: nil, department: nil)

    package static func tenant(_ tenant: TenantID) -> Place { Place(tenant: tenant, property: nil, department: nil) }

    package static func property(_ property: PropertyID, of tenant: TenantID) -> Place {
        Place(tenant: tenant, property: property, department: nil)
    }

    package static func department(_ department: Department, at property: PropertyID, of tenant: TenantID) -> Place {
        Place(tenant: tenant, property: property, department: department)
    }
}

/// Which departments "the own department" of an assignment are.
package enum OwnDepartment: Hashable, Sendable {
    case named(DepartmentID)
    /// Those of the role's nature, where the assignment names none: a housekeeping supervisor's are the housekeeping ones.
    case natural(DepartmentKind)
    /// The assignment names none and the role has no nature: it limits to nothing.
    case none

    package func contains(_ department: Department) -> Bool {
        switch self {
        case .named(let id): department.id == id
        case .natural(let kind): department.kind == kind
        case .none: false
        }
    }
}

/// One way in which a permission is limited, and for which department.
package struct Restriction: Hashable, Sendable {
    package let limit: Limit
    package let department: OwnDepartment

    package init(_ limit: Limit, department: OwnDepartment = .none) {
        self.limit = limit
        self.department = department
    }
}

/// What an actor may do with one permission at one place.
package enum Allowance: Hashable, Sendable {
    case refused
    /// Within any one of these: each comes from another role assignment.
    case limited(Set<Restriction>)
    case full

    /// What both allow together: somebody with two roles may do what either allows.
    package func union(_ other: Allowance) -> Allowance {
        switch (self, other) {
        case (.full, _), (_, .full): .full
        case (.refused, let some), (let some, .refused): some
        case (.limited(let one), .limited(let two)): .limited(one.union(two))
        }
    }

    /// Nothing is allowed, not even in part.
    package var isRefused: Bool { self == .refused }

    /// Whether the case at hand is allowed: in full, or because `fits` says so of one of the restrictions.
    package func allows(where fits: (Restriction) -> Bool) -> Bool {
        switch self {
        case .refused: false
        case .full: true
        case .limited(let restrictions): restrictions.contains(where: fits)
        }
    }

    /// Whether the case at hand is allowed that meets these limits, whatever the department.
    package func allows(meeting limits: Set<Limit>) -> Bool { self.allows { limits.contains($0.limit) } }

    /// Whether something of this department is allowed: in full, or as the own department's.
    package func allows(in department: Department) -> Bool {
        self.allows { $0.limit == .ownDepartment && $0.department.contains(department) }
    }
}
