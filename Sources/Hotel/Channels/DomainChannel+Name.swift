internal import Shared

extension DomainChannel {
    /// No canonical name is longer; Pusher's own limit is 200.
    package static let longestName = 164

    /// The canonical name.
    package var name: String {
        switch self {
        case .announcements: "announcements"
        case .systemAdmin: "private-system.admin"
        case .user(let id): "private-user.\(id)"
        case .tenant(let id): "private-tenant.\(id)"
        case .owners(let id): "private-tenant.\(id).owners"
        case .managers(let id): "private-tenant.\(id).managers"
        case .residents(let id): "private-tenant.\(id).residents"
        case .property(let at): "private-\(Self.path(at))"
        case .department(let slug, let at): "private-\(Self.path(at)).dept.\(slug)"
        case .frontDesk(let at): "private-\(Self.path(at)).frontdesk"
        case .kpi(let at): "private-\(Self.path(at)).kpi"
        case .kpiRevenue(let at): "private-\(Self.path(at)).kpi.revenue"
        case .finance(let at): "private-\(Self.path(at)).finance"
        case .stay(let id): "private-stay.\(id)"
        case .propertyPresence(let at): "presence-\(Self.path(at))"
        case .departmentPresence(let slug, let at): "presence-\(Self.path(at)).dept.\(slug)"
        case .thread(let subject): "presence-thread.\(subject.kind.rawValue).\(ID<ThreadSubject>(raw: subject.id))"
        }
    }

    private static func path(_ at: PropertyAddress) -> String { "tenant.\(at.tenant).property.\(at.property)" }

    /// The channel of a canonical name.
    ///
    /// A channel has one name: ids in lower case and nothing beside. So a name can be compared, signed and counted as it is.
    package init?(name: String) {
        guard name.utf8.count <= Self.longestName, let channel = Self.read(name) else { return nil }
        guard channel.name.utf8.elementsEqual(name.utf8) else { return nil }
        self = channel
    }

    private static func read(_ name: String) -> DomainChannel? {
        if name == "announcements" { return .announcements }
        if let path = self.path(of: name, after: "private-") {
            return self.readPrivate(path)
        }
        return self.path(of: name, after: "presence-").flatMap { self.readPresence($0) }
    }

    private static func readPrivate(_ path: [Substring]) -> DomainChannel? {
        switch (path.count, path[0]) {
        case (2, "system"): return path[1] == "admin" ? .systemAdmin : nil
        case (2, "user"): return UserID(path[1]).map { .user($0) }
        case (2, "stay"): return StayID(path[1]).map { .stay($0) }
        case (2, "tenant"): return TenantID(path[1]).map { .tenant($0) }
        case (3, "tenant"): return TenantID(path[1]).flatMap { self.role(path[2], $0) }
        case (4..., "tenant"): return self.address(path).flatMap { self.section(path.dropFirst(4), $0) }
        default: return nil
        }
    }

    private static func readPresence(_ path: [Substring]) -> DomainChannel? {
        if path[0] == "thread" {
            guard path.count == 3, let kind = ThreadSubject.Kind(rawValue: String(path[1])) else { return nil }
            return ID<ThreadSubject>(path[2]).map { .thread(ThreadSubject(kind, id: $0.raw)) }
        }
        guard let at = self.address(path) else { return nil }
        if path.count == 4 { return .propertyPresence(at) }
        return self.departmentSlug(path.dropFirst(4)).map { .departmentPresence($0, at) }
    }

    private static func role(_ word: Substring, _ tenant: TenantID) -> DomainChannel? {
        switch word {
        case "owners": .owners(tenant)
        case "managers": .managers(tenant)
        case "residents": .residents(tenant)
        default: nil
        }
    }

    private static func section(_ words: ArraySlice<Substring>, _ at: PropertyAddress) -> DomainChannel? {
        switch Array(words) {
        case []: .property(at)
        case ["frontdesk"]: .frontDesk(at)
        case ["kpi"]: .kpi(at)
        case ["kpi", "revenue"]: .kpiRevenue(at)
        case ["finance"]: .finance(at)
        default: self.departmentSlug(words).map { .department($0, at) }
        }
    }

    private static func departmentSlug(_ words: ArraySlice<Substring>) -> ChannelSlug? {
        guard words.count == 2, words.first == "dept", let code = words.last else { return nil }
        return ChannelSlug(String(code))
    }

    /// `tenant.{t}.property.{p}` and what follows.
    private static func address(_ path: [Substring]) -> PropertyAddress? {
        guard path.count >= 4, path[0] == "tenant", path[2] == "property", let tenant = TenantID(path[1]),
            let property = PropertyID(path[3])
        else { return nil }
        return PropertyAddress(property, of: tenant)
    }

    private static func path(of name: String, after prefix: String) -> [Substring]? {
        guard name.hasPrefix(prefix) else { return nil }
        return name.dropFirst(prefix.count).split(separator: ".", omittingEmptySubsequences: false)
    }
}
