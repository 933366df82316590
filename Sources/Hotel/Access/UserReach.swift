package import Shared

extension RoleAssignment {
    /// Where the role was given: as far down as is known, so that a supervisor finds who belongs to the own department.
    ///
    /// - Parameter directory: of the tenant; `nil` for the platform.
    package func place(in directory: TenantDirectory?) -> Place {
        guard let directory else { return .platform }
        guard let property = self.property else { return .tenant(directory.tenant) }
        let departments = directory.properties[property] ?? []
        guard let department = departments.first(where: { self.ownDepartment.contains($0) }) else {
            return .property(property, of: directory.tenant)
        }
        return .department(department, at: property, of: directory.tenant)
    }
}

extension ManagedUser {
    /// A user with the roles given to them.
    ///
    /// - Parameter directory: of their tenant; `nil` for the platform's own staff.
    package init(_ id: UserID, _ assignments: [RoleAssignment], in directory: TenantDirectory?) {
        self.init(
            id, tenant: directory?.tenant, roles: assignments.map { Held($0.role, at: $0.place(in: directory)) })
    }
}

/// Whose accounts somebody sees who manages accounts: all of the tenant, those with a role at some properties, or those of some
/// departments. Who manages none has no reach, and sees nobody but themselves.
package struct UserReach: Equatable, Sendable {
    /// Those who hold a role at a property that names no department, but belongs to one by its nature.
    package struct Natural: Equatable, Sendable {
        package let property: PropertyID
        package let role: Role
    }

    package let isWhole: Bool
    package let properties: [PropertyID]
    package let departments: [DepartmentID]
    package let naturals: [Natural]

    package static let permissions: [Permission] = [.userInvite, .userUpdate, .userSuspend]

    /// - Parameter directory: of the tenant in which is looked; `nil` for the platform.
    package init(of actor: Actor, in directory: TenantDirectory?) {
        guard let directory else {
            let isStaff = actor.tenant == nil && !actor.may(.platformUserManage, at: .platform).isRefused
            (self.isWhole, self.properties, self.departments, self.naturals) = (isStaff, [], [], [])
            return
        }
        func holds(_ place: Place) -> Bool { Self.permissions.contains { actor.may($0, at: place) == .full } }
        let isWhole = holds(.tenant(directory.tenant))
        let whole = directory.sortedProperties.filter { holds(.property($0, of: directory.tenant)) }
        var departments: [DepartmentID] = []
        var naturals: [Natural] = []
        for property in directory.sortedProperties where !isWhole && !whole.contains(property) {
            let all = directory.properties[property] ?? []
            for department in all {
                let place = Place.department(department, at: property, of: directory.tenant)
                guard Self.permissions.contains(where: { actor.may($0, at: place).allows(in: department) }) else {
                    continue
                }
                departments.append(department.id)
                // Of several of one kind, the first is the one to which a role belongs by its nature alone.
                guard all.first(where: { $0.kind == department.kind })?.id == department.id else { continue }
                let roles = Role.allCases.filter { $0.departmentKind == department.kind }
                naturals += roles.map { Natural(property: property, role: $0) }
            }
        }
        (self.isWhole, self.properties, self.departments, self.naturals) = (isWhole, whole, departments, naturals)
    }

    package var isEmpty: Bool { !self.isWhole && self.properties.isEmpty && self.departments.isEmpty }

    /// Whether the user is among them: with any of their roles. Managing asks for more: all of them.
    package func sees(_ user: ManagedUser) -> Bool {
        self.isWhole
            || user.roles.contains { held in
                (held.place.property.map { self.properties.contains($0) } ?? false)
                    || (held.place.department.map { self.departments.contains($0.id) } ?? false)
            }
    }
}

extension UserMachine {
    /// Looks whether an actor may put other roles in the place of a user's: who manages the user may, as far as everything that
    /// is given or taken away is theirs to give. Nobody changes their own.
    package static func checkRoles(
        from before: [RoleAssignment], to after: [RoleAssignment], of user: UserID, in directory: TenantDirectory?,
        by actor: Actor
    ) throws(Refusal) {
        let permission: Permission = directory == nil ? .platformUserManage : .userUpdate
        guard self.mayManage(ManagedUser(user, before, in: directory), permission, by: actor) else {
            throw Refusal(.forbidden, params: ["permission": .string(permission.rawValue)])
        }
        for changed in Set(before).symmetricDifference(after) {
            guard actor.mayGive(changed.role, at: changed.place(in: directory)) else {
                throw Refusal(.forbidden, params: ["role": .string(changed.role.code)])
            }
        }
    }
}

extension ChannelEntitlement {
    /// Every channel of the tenant that the actor may listen to, but for threads: what a change of roles gives and takes.
    package var all: [DomainChannel] {
        var channels = self.automatic
        for property in self.sortedProperties {
            channels += [.frontDesk(property), .kpi(property), .kpiRevenue(property), .finance(property)]
            channels.append(.propertyPresence(property))
            for slug in self.departments(at: property) {
                channels += [.department(slug, property), .departmentPresence(slug, property)]
            }
        }
        var seen: Set<String> = []
        return channels.filter { self.allows($0) && seen.insert($0.name).inserted }
    }
}
