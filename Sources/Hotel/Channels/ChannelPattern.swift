internal import Shared

/// A kind of channel: what the names of its channels have in common, and who may join them. For those who describe the protocol.
package enum ChannelPattern: String, CaseIterable, Sendable {
    case announcements
    case systemAdmin = "system_admin"
    case user, tenant, owners, managers, residents, property, department
    case frontDesk = "front_desk"
    case kpi
    case kpiRevenue = "kpi_revenue"
    case finance, stay
    case propertyPresence = "property_presence"
    case departmentPresence = "department_presence"
    case thread

    package init(_ channel: DomainChannel) {
        self =
            switch channel {
            case .announcements: .announcements
            case .systemAdmin: .systemAdmin
            case .user: .user
            case .tenant: .tenant
            case .owners: .owners
            case .managers: .managers
            case .residents: .residents
            case .property: .property
            case .department: .department
            case .frontDesk: .frontDesk
            case .kpi: .kpi
            case .kpiRevenue: .kpiRevenue
            case .finance: .finance
            case .stay: .stay
            case .propertyPresence: .propertyPresence
            case .departmentPresence: .departmentPresence
            case .thread: .thread
            }
    }

    /// Where an audience of the catalogue listens.
    package init(_ code: AudienceCode) {
        self =
            switch code {
            case .announcements: .announcements
            case .system, .systemIfPlatform: .systemAdmin
            case .tenant: .tenant
            case .property: .property
            case .frontDesk: .frontDesk
            case .kpi: .kpi
            case .kpiRevenue: .kpiRevenue
            case .finance: .finance
            case .owners: .owners
            case .managers: .managers
            case .residents: .residents
            case .department, .ownDepartment: .department
            case .users: .user
            case .stay: .stay
            }
    }

    /// One of its channels.
    package var example: DomainChannel { self.channel(.example) }

    package var access: DomainChannel.Access { self.example.access }

    /// The name with `{parameter}` where its channels differ.
    package var address: String {
        self.example.name.split(separator: ".").map { word in
            ChannelParameter.allCases.first { $0.example == word }.map { "{\($0.rawValue)}" } ?? String(word)
        }.joined(separator: ".")
    }

    /// In the order of the name.
    package var parameters: [ChannelParameter] {
        self.example.name.split(separator: ".").compactMap { word in
            ChannelParameter.allCases.first { $0.example == word }
        }
    }

    /// The bare names that Pusher clients may use as well, once they have signed in.
    package var aliases: [String] {
        switch self {
        case .tenant: ["tenant.{\(ChannelParameter.tenant.rawValue)}"]
        case .user: ["user.{\(ChannelParameter.user.rawValue)}"]
        case .systemAdmin: ["system.admin"]
        case .announcements, .owners, .managers, .residents, .property, .department, .frontDesk, .kpi, .kpiRevenue,
            .finance, .stay, .propertyPresence, .departmentPresence, .thread:
            []
        }
    }

    /// The built-in roles whose holders may join, as the rules say that are asked when somebody does. A tenant's own role may
    /// join where a permission decides.
    package var roles: [Role] { Role.allCases.filter { self.mayJoin($0) } }

    /// Who may join, where it is not the role alone that decides.
    package var audience: String {
        switch self {
        case .announcements: "Anybody, without a signature."
        case .systemAdmin: "The platform's own staff."
        case .user: "This user alone."
        case .tenant:
            "All active users of the tenant but its guests; platform support while the tenant's owner lets it in."
        case .owners: "Who owns the tenant."
        case .managers: "Who manages a property or a department of the tenant."
        case .residents: "Guests of the tenant who have signed in."
        case .property: "Who has a role at the property, guests excepted; platform support inside its grant."
        case .department: "Members of the department; owner and property manager too."
        case .frontDesk: "The front office, the property manager, the owner: guests are named here."
        case .kpi: "Who holds `kpi.operations` in full."
        case .kpiRevenue: "Who holds `kpi.revenue` in full."
        case .finance: "Accountants, front office managers, the property manager, the owner."
        case .stay: "The guests of the stay."
        case .propertyPresence: "Staff of the property, who see each other."
        case .departmentPresence: "Members of the department, who see each other."
        case .thread: "Staff who may read what the conversation is about."
        }
    }
}

/// What channels of one kind differ in.
package enum ChannelParameter: String, CaseIterable, Sendable {
    case tenant = "tenant_id"
    case property = "property_id"
    case user = "user_id"
    case stay = "stay_id"
    case department = "department_slug"
    case subject = "subject_kind"
    case subjectID = "subject_id"

    package var summary: String {
        switch self {
        case .tenant: "The tenant's id, a UUID in lower case."
        case .property: "The id of a property of the tenant."
        case .user: "The user's id."
        case .stay: "The stay's id."
        case .department: "The slug of a department of the property, such as `hk`."
        case .subject: "What is talked about."
        case .subjectID: "Its id."
        }
    }

    /// All that it may be, where that is a short list.
    package var choices: [String] {
        self == .subject ? ThreadSubject.Kind.allCases.map(\.rawValue) : []
    }

    /// As it stands in the names of examples.
    package var example: String {
        switch self {
        case .tenant: TenantID(raw: self.raw).description
        case .property: PropertyID(raw: self.raw).description
        case .user: UserID(raw: self.raw).description
        case .stay: StayID(raw: self.raw).description
        case .department: ChannelSlug.placeholder.text
        case .subject: ThreadSubject.Kind.room.rawValue
        case .subjectID: ID<ThreadSubject>(raw: self.raw).description
        }
    }

    /// A UUID of version 7 that nobody has: each parameter its own.
    fileprivate var raw: UInt128 {
        let place = Self.allCases.firstIndex(of: self) ?? 0
        return 0x0195_0000_0000_7000_8000_0000_0000_0000 + UInt128(place + 1)
    }
}

// MARK: - Examples

/// What stands in the places of a name.
private struct ChannelPlace {
    var tenant = TenantID(raw: ChannelParameter.tenant.raw)
    var property = PropertyID(raw: ChannelParameter.property.raw)
    var user = UserID(raw: ChannelParameter.user.raw)
    var stay = StayID(raw: ChannelParameter.stay.raw)
    var slug = ChannelSlug.placeholder

    static let example = ChannelPlace()

    var address: PropertyAddress { PropertyAddress(self.property, of: self.tenant) }
}

extension ChannelPattern {
    private func channel(_ place: ChannelPlace) -> DomainChannel {
        switch self {
        case .announcements: .announcements
        case .systemAdmin: .systemAdmin
        case .user: .user(place.user)
        case .tenant: .tenant(place.tenant)
        case .owners: .owners(place.tenant)
        case .managers: .managers(place.tenant)
        case .residents: .residents(place.tenant)
        case .property: .property(place.address)
        case .department: .department(place.slug, place.address)
        case .frontDesk: .frontDesk(place.address)
        case .kpi: .kpi(place.address)
        case .kpiRevenue: .kpiRevenue(place.address)
        case .finance: .finance(place.address)
        case .stay: .stay(place.stay)
        case .propertyPresence: .propertyPresence(place.address)
        case .departmentPresence: .departmentPresence(place.slug, place.address)
        case .thread: .thread(ThreadSubject(.room, id: ChannelParameter.subjectID.raw))
        }
    }

    /// Whether there is a channel of this kind that somebody with this role may join: in the own house, the own department.
    private func mayJoin(_ role: Role) -> Bool {
        let place = ChannelPlace.example
        return DepartmentKind.allCases.contains { kind in
            let department = Department(id: DepartmentID(raw: 1), kind: kind, slug: place.slug)
            let directory = TenantDirectory(
                place.tenant, status: .active, properties: [place.property: [department]])
            return ChannelEntitlement(Self.holder(of: role, in: place, department), in: directory)
                .allows(self.channel(place)) { _ in true }
        }
    }

    private static func holder(of role: Role, in place: ChannelPlace, _ department: Department) -> Actor {
        switch role {
        case .resident:
            .resident(place.user, name: "", tenant: place.tenant, properties: [place.property], stays: [place.stay])
        case .integration: .integration(1, name: "", tenant: place.tenant, property: place.property)
        case .superAdmin, .platformAdmin, .platformSupport:
            .user(
                place.user, name: "", tenant: nil, assignments: [RoleAssignment(role)], supportGrant: place.tenant)
        case .departmentSupervisor, .departmentStaff:
            // By their nature they belong to none: one is named with the role.
            .user(
                place.user, name: "", tenant: place.tenant,
                assignments: [RoleAssignment(role, property: place.property, department: department.id)])
        case .tenantOwner, .propertyManager, .frontOfficeManager, .frontDeskAgent, .housekeepingSupervisor,
            .roomAttendant, .maintenanceSupervisor, .maintenanceTechnician, .accountant, .auditor:
            .user(
                place.user, name: "", tenant: place.tenant,
                assignments: [RoleAssignment(role, property: place.property)])
        }
    }
}
