internal import Shared

/// Who may listen where (`domain.md` 6.1 and 6.3).
///
/// The actor's user is active and the session valid: that is known before anything here is asked. A refusal never says
/// whether what it refuses exists.
package struct ChannelEntitlement: Sendable {
    private let actor: Actor
    private let directory: TenantDirectory?

    /// - Parameter directory: of the actor's tenant, or of the one that lets platform support in; `nil` where there is none.
    package init(_ actor: Actor, in directory: TenantDirectory?) {
        self.actor = actor
        self.directory = directory
    }

    /// Whether the actor may join.
    ///
    /// - Parameter mayReadThread: whether the actor may read the object of a thread; asked only for threads.
    package func allows(_ channel: DomainChannel, mayReadThread: (ThreadSubject) -> Bool = { _ in false }) -> Bool {
        switch channel {
        case .announcements: return true
        case .systemAdmin: return !self.actor.roles(at: .platform).isDisjoint(with: Self.platformStaff)
        case .user(let id):
            return self.isPerson && self.actor.id == id.raw && (self.isPlatformStaff || self.isHomeActive)
        case .stay(let id): return self.actor.stays.contains(id) && self.isHomeActive
        case .tenant(let id): return self.isOpen(id) && (self.isPlatformStaff || !self.isGuest)
        case .owners(let id): return self.holds([.tenantOwner], inAnyPropertyOf: id)
        case .managers(let id): return self.holds(Set(Role.allCases.filter(\.isManager)), inAnyPropertyOf: id)
        case .residents(let id): return self.holds([.resident], inAnyPropertyOf: id)
        case .property(let at): return self.maySee(at)
        case .department(let slug, let at):
            guard let department = self.department(slug, at) else { return false }
            return self.isMember(of: department, at) || self.holds([.tenantOwner, .propertyManager], at: at)
        case .frontDesk(let at): return self.holds(Self.frontDeskRoles, at: at)
        case .kpi(let at): return self.isFull(.kpiOperations, at)
        case .kpiRevenue(let at): return self.isFull(.kpiRevenue, at)
        case .finance(let at): return self.holds(Self.financeRoles, at: at)
        case .propertyPresence(let at): return self.isStaff && self.maySee(at)
        case .departmentPresence(let slug, let at):
            return self.isStaff && (self.department(slug, at).map { self.isMember(of: $0, at) } ?? false)
        case .thread(let subject): return self.isStaff && self.isHomeActive && mayReadThread(subject)
        }
    }

    /// The channels that a name stands for, for this actor; none where the actor may not join.
    package func resolve(
        _ request: ChannelRequest, mayReadThread: (ThreadSubject) -> Bool = { _ in false }
    ) -> [DomainChannel] {
        let meant: [DomainChannel]
        switch request {
        case .canonical(let channel), .alias(let channel): meant = [channel]
        case .ownOwners: meant = self.actor.tenant.map { [.owners($0)] } ?? []
        case .ownManagers: meant = self.actor.tenant.map { [.managers($0)] } ?? []
        case .ownResidents: meant = self.actor.tenant.map { [.residents($0)] } ?? []
        case .departments(let slug, let tenant):
            let properties = self.directory?.tenant == tenant ? self.directory?.sortedProperties ?? [] : []
            meant = properties.map { .department(slug, PropertyAddress($0, of: tenant)) }
        }
        return meant.filter { self.allows($0, mayReadThread: mayReadThread) }
    }

    /// What the actor listens to without asking, once connected; the rest is joined on demand.
    package var automatic: [DomainChannel] {
        var channels: [DomainChannel] = []
        if self.isPerson, let id = self.actor.id { channels.append(.user(UserID(raw: id))) }
        channels.append(.systemAdmin)
        channels += self.actor.stays.sorted().map { .stay($0) }
        if let directory = self.directory {
            let tenant = directory.tenant
            channels += [.tenant(tenant), .owners(tenant), .managers(tenant), .residents(tenant)]
            for property in directory.sortedProperties {
                let at = PropertyAddress(property, of: tenant)
                channels.append(.property(at))
                let own = (directory.properties[property] ?? []).filter { self.isMember(of: $0, at) }
                channels += own.map { .department($0.slug, at) }
            }
        }
        return channels.filter { self.allows($0) }
    }

    var sortedProperties: [PropertyAddress] {
        guard let directory = self.directory else { return [] }
        return directory.sortedProperties.map { PropertyAddress($0, of: directory.tenant) }
    }

    func departments(at: PropertyAddress) -> [ChannelSlug] {
        (self.directory?.properties[at.property] ?? []).map(\.slug)
    }

    private static let platformStaff: Set<Role> = [.superAdmin, .platformAdmin, .platformSupport]
    private static let frontDeskRoles: Set<Role> = [.FD, .FM, .GM, .OW]
    private static let financeRoles: Set<Role> = [.AC, .GM, .OW, .FM]

    private var isPerson: Bool { self.actor.kind == .user || self.actor.kind == .resident }
    private var isStaff: Bool { self.actor.kind == .user && self.actor.tenant != nil }
    private var isGuest: Bool { self.actor.kind == .resident }
    private var isPlatformStaff: Bool { self.actor.kind == .user && self.actor.tenant == nil }

    private var isHomeActive: Bool { self.actor.tenant.map { self.isOpen($0) } ?? false }

    /// The tenant is active, and the actor's own or the one whose owner granted support access.
    private func isOpen(_ tenant: TenantID) -> Bool {
        guard let directory = self.directory, directory.tenant == tenant, directory.status == .active else {
            return false
        }
        return self.isPlatformStaff
            ? self.actor.supportGrant == tenant && self.actor.roles(at: .platform).contains(.platformSupport)
            : self.actor.tenant == tenant
    }

    private func isKnown(_ at: PropertyAddress) -> Bool {
        self.isOpen(at.tenant) && self.directory?.properties[at.property] != nil
    }

    /// Anybody with a role at the property but guests; support inside its grant.
    private func maySee(_ at: PropertyAddress) -> Bool {
        guard self.isKnown(at), !self.isGuest else { return false }
        if self.isPlatformStaff { return !self.actor.may(.roomRead, at: self.place(at)).isRefused }
        return self.hasAnyRole(at: at)
    }

    private func hasAnyRole(at: PropertyAddress) -> Bool {
        self.actor.assignments.contains { $0.property == nil || $0.property == at.property }
    }

    private func department(_ slug: ChannelSlug, _ at: PropertyAddress) -> Department? {
        guard self.isKnown(at) else { return nil }
        return self.directory?.department(slug, at: at.property)
    }

    /// Assigned to the department, by name or by the nature of the role.
    private func isMember(of department: Department, _ at: PropertyAddress) -> Bool {
        guard self.actor.tenant == at.tenant, self.actor.kind == .user else { return false }
        return self.actor.assignments.contains { assignment in
            (assignment.property == nil || assignment.property == at.property)
                && assignment.ownDepartment.contains(department)
        }
    }

    private func holds(_ roles: Set<Role>, at: PropertyAddress) -> Bool {
        self.isKnown(at) && self.actor.tenant == at.tenant
            && !self.actor.roles(at: self.place(at)).isDisjoint(with: roles)
    }

    private func holds(_ roles: Set<Role>, inAnyPropertyOf tenant: TenantID) -> Bool {
        guard self.isOpen(tenant), self.actor.tenant == tenant else { return false }
        return self.actor.assignments.contains { $0.role.builtIn.map { roles.contains($0) } ?? false }
    }

    /// A limited holder sees the figures of the own department, on its channel: nothing is filtered per socket here.
    private func isFull(_ permission: Permission, _ at: PropertyAddress) -> Bool {
        self.isKnown(at) && self.actor.tenant == at.tenant && self.actor.may(permission, at: self.place(at)) == .full
    }

    private func place(_ at: PropertyAddress) -> Place { .property(at.property, of: at.tenant) }
}
