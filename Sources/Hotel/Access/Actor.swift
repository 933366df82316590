package import Shared

/// Who does something, with all that decides what they may do: made afresh from the store for each command, never from a token.
package struct Actor: Hashable, Sendable {
    package enum Kind: String, Sendable { case user, system, integration, resident }

    package let kind: Kind
    /// The user, the integration; `nil` for the system.
    package let id: UInt128?
    /// Shown beside what they did; a resident's is personal data.
    package let name: String
    /// `nil` for platform staff and for the system.
    package let tenant: TenantID?
    package let assignments: [RoleAssignment]
    /// Where the actor is duty manager on shift.
    package let dutyAt: Set<PropertyID>
    /// A resident's own stays.
    package let stays: Set<StayID>
    /// The tenant whose owner lets platform support in, while that lasts.
    package let supportGrant: TenantID?

    private init(
        _ kind: Kind, id: UInt128?, name: String, tenant: TenantID?, assignments: [RoleAssignment],
        dutyAt: Set<PropertyID> = [], stays: Set<StayID> = [], supportGrant: TenantID? = nil
    ) {
        self.kind = kind
        self.id = id
        self.name = name
        self.tenant = tenant
        self.assignments = assignments
        self.dutyAt = dutyAt
        self.stays = stays
        self.supportGrant = supportGrant
    }

    /// Timers, automatic rules, follow-ups: may do what state machines let SYS do.
    package static let system = Actor(.system, id: nil, name: "Bellhop", tenant: nil, assignments: [])

    /// A member of a tenant's staff, or of the platform's where the tenant is `nil`.
    ///
    /// Roles of the other scope count for nothing: a tenant's user never holds a platform role, whatever the rows say.
    package static func user(
        _ id: UserID, name: String, tenant: TenantID?, assignments: [RoleAssignment], dutyAt: Set<PropertyID> = [],
        supportGrant: TenantID? = nil
    ) -> Actor {
        let scope: Role.Scope = tenant == nil ? .platform : .tenant
        let counting = assignments.filter { assignment in
            guard let role = assignment.role.builtIn else { return scope == .tenant }
            return role.scope == scope && role != .resident && role != .integration
        }
        return Actor(
            .user, id: id.raw, name: name, tenant: tenant, assignments: counting, dutyAt: tenant == nil ? [] : dutyAt,
            supportGrant: tenant == nil ? supportGrant : nil)
    }

    /// A guest with a portal login.
    package static func resident(
        _ id: UserID, name: String, tenant: TenantID, properties: [PropertyID], stays: Set<StayID>
    ) -> Actor {
        Actor(
            .resident, id: id.raw, name: name, tenant: tenant,
            assignments: properties.map { RoleAssignment(.resident, property: $0) }, stays: stays)
    }

    /// Another system: a PMS, a back end.
    package static func integration(
        _ id: UInt128, name: String, tenant: TenantID, property: PropertyID? = nil
    ) -> Actor {
        Actor(
            .integration, id: id, name: name, tenant: tenant,
            assignments: [RoleAssignment(.integration, property: property)])
    }

    /// The role by which events name the actor: the first assigned.
    package var roleCode: String? { self.assignments.first?.role.code }

    /// Built-in roles that count at a place.
    package func roles(at place: Place) -> Set<Role> {
        guard self.belongs(to: place) else { return [] }
        return Set(self.assignments.filter { $0.covers(place) }.compactMap(\.role.builtIn))
    }

    /// What the actor may do with a permission at a place: the union over the assignments that match it.
    package func may(_ permission: Permission, at place: Place) -> Allowance {
        guard self.kind != .system else { return .full }
        guard self.belongs(to: place) else { return .refused }
        let onDuty = place.property.map { self.dutyAt.contains($0) } ?? false
        let duty: Allowance = onDuty && PermissionMatrix.dutyPermissions.contains(permission) ? .full : .refused
        return self.assignments.reduce(duty) { sum, assignment in
            guard assignment.covers(place) else { return sum }
            return sum.union(self.allowance(of: assignment, permission, at: place))
        }
    }

    /// The same at a property of the own tenant.
    package func may(_ permission: Permission, at property: PropertyID) -> Allowance {
        guard let tenant = self.tenant else { return self.kind == .system ? .full : .refused }
        return self.may(permission, at: .property(property, of: tenant))
    }

    /// All that the actor may do at a place, with its limits: what `/v1/me` tells.
    package func permissions(at place: Place) -> [Permission: Allowance] {
        var result: [Permission: Allowance] = [:]
        for permission in Permission.allCases {
            let allowance = self.may(permission, at: place)
            if !allowance.isRefused { result[permission] = allowance }
        }
        return result
    }

    /// Platform staff belong to every place, as far as their table cells reach; all others to their tenant's.
    private func belongs(to place: Place) -> Bool {
        switch self.kind {
        case .system: true
        case .user where self.tenant == nil: true
        case .user, .resident, .integration: place.tenant == self.tenant
        }
    }

    private func allowance(of assignment: RoleAssignment, _ permission: Permission, at place: Place) -> Allowance {
        switch assignment.role.cell(permission) {
        case .no: return .refused
        case .yes, .duty: return .full
        case .limited(let limit):
            // Footnote 3: without the grant there is nothing to limit.
            if limit == .supportGrant, place.tenant == nil || self.supportGrant != place.tenant { return .refused }
            let isOfDepartment = limit == .ownDepartment || limit == .reportedByOwnDepartment
            return .limited([Restriction(limit, department: isOfDepartment ? assignment.ownDepartment : .none)])
        }
    }
}
