extension Actor {
    /// Whether the actor may give this role there, or take it away: who manages users does, but nobody makes others
    /// mightier than themselves.
    package func mayGive(_ role: AssignedRole, at place: Place) -> Bool {
        switch role {
        case .builtIn(let role) where role.scope == .platform: self.mayGivePlatform(role)
        // Guests and machines get their role with their account, from no one's hand.
        case .builtIn(.resident), .builtIn(.integration): self.kind == .system
        case .builtIn(let role): self.mayGive(role, at: place)
        case .custom(let role):
            self.may(.userUpdate, at: place) == .full
                && (self.ranksWithOwners(at: place)
                    || role.permissions.allSatisfy { self.may($0, at: place) == .full })
        }
    }

    private func mayGive(_ role: Role, at place: Place) -> Bool {
        switch self.may(.userUpdate, at: place) {
        case .refused: false
        case .full: role != .tenantOwner || self.ranksWithOwners(at: place)
        case .limited(let restrictions):
            // Supervisors staff their own department.
            Actor.departmentStaff.contains(role)
                && place.department.map { department in
                    restrictions.contains { $0.limit == .ownDepartment && $0.department.contains(department) }
                        && (role.departmentKind == nil || role.departmentKind == department.kind)
                } ?? false
        }
    }

    private func mayGivePlatform(_ role: Role) -> Bool {
        switch self.may(.platformUserManage, at: .platform) {
        case .full: true
        case .refused: false
        // Footnote 2.
        case .limited: role != .superAdmin
        }
    }

    private func ranksWithOwners(at place: Place) -> Bool {
        self.tenant == nil || self.roles(at: place).contains(.tenantOwner)
    }

    private static let departmentStaff: Set<Role> = [
        .frontDeskAgent, .roomAttendant, .maintenanceTechnician, .departmentStaff,
    ]
}
