import Hotel
import Shared
import Testing

@Suite struct ChannelEntitlementTests {
    static let north = PropertyAddress(World.north, of: World.tenant)
    static let south = PropertyAddress(World.south, of: World.tenant)

    static let staff: Set<Role> = [
        .tenantOwner, .propertyManager, .frontOfficeManager, .frontDeskAgent, .housekeepingSupervisor, .roomAttendant,
        .maintenanceSupervisor, .maintenanceTechnician, .departmentSupervisor, .departmentStaff, .accountant, .auditor,
    ]

    /// Who may join, for somebody with one role at the north: the table of `domain.md` 6.1.
    static let table: [(channel: DomainChannel, who: Set<Role>)] = [
        (.announcements, Set(Role.allCases)),
        (.systemAdmin, [.superAdmin, .platformAdmin, .platformSupport]),
        (.user(World.user), Set(Role.allCases).subtracting([.integration])),
        (.tenant(World.tenant), staff.union([.integration])),
        (.owners(World.tenant), [.tenantOwner]),
        (
            .managers(World.tenant),
            [
                .propertyManager, .frontOfficeManager, .housekeepingSupervisor, .maintenanceSupervisor,
                .departmentSupervisor,
            ]
        ),
        (.residents(World.tenant), [.resident]),
        (.property(north), staff.union([.integration])),
        (
            .department(World.housekeeping.slug, north),
            [.tenantOwner, .propertyManager, .housekeepingSupervisor, .roomAttendant]
        ),
        (
            .department(World.maintenance.slug, north),
            [.tenantOwner, .propertyManager, .maintenanceSupervisor, .maintenanceTechnician]
        ),
        (.department(World.spa.slug, north), [.tenantOwner, .propertyManager]),
        (.frontDesk(north), [.tenantOwner, .propertyManager, .frontOfficeManager, .frontDeskAgent]),
        (.kpi(north), [.tenantOwner, .propertyManager, .frontOfficeManager, .accountant, .auditor]),
        (.kpiRevenue(north), [.tenantOwner, .propertyManager, .frontOfficeManager, .accountant, .auditor]),
        (.finance(north), [.tenantOwner, .propertyManager, .frontOfficeManager, .accountant]),
        (.stay(World.stay), [.resident]),
        (.propertyPresence(north), staff),
        (.departmentPresence(World.housekeeping.slug, north), [.housekeepingSupervisor, .roomAttendant]),
    ]

    @Test(arguments: Role.allCases) func `a role joins what the table lets it join`(role: Role) {
        let entitlement = ChannelEntitlement(World.actor(role), in: World.directory)
        for (channel, who) in Self.table {
            #expect(entitlement.allows(channel) == who.contains(role), "\(role) \(channel.name)")
        }
    }

    @Test(arguments: Role.allCases) func `nobody joins what is another's`(role: Role) {
        let entitlement = ChannelEntitlement(World.actor(role), in: World.directory)
        let foreign = PropertyAddress(World.north, of: World.other)
        let unknown = PropertyAddress(World.foreign, of: World.tenant)
        let hk = World.housekeeping.slug
        var channels: [DomainChannel] = [
            .user(UserID(raw: 0x99)), .stay(StayID(raw: 0x99)), .tenant(World.other), .owners(World.other),
            .managers(World.other), .residents(World.other),
        ]
        for at in [foreign, unknown, Self.south] {
            channels += [
                .property(at), .department(hk, at), .frontDesk(at), .kpi(at), .kpiRevenue(at), .finance(at),
                .propertyPresence(at), .departmentPresence(hk, at),
            ]
        }
        channels.append(.department(ChannelSlug("nowhere") ?? .placeholder, Self.north))
        for channel in channels { #expect(!entitlement.allows(channel), "\(role) \(channel.name)") }
    }

    @Test func `a role at all properties ends at those that the tenant has`() {
        let roles: [Role] = [.tenantOwner, .propertyManager, .accountant]
        let actor = Actor.user(
            World.user, name: "O", tenant: World.tenant, assignments: roles.map { RoleAssignment($0) })
        let entitlement = ChannelEntitlement(actor, in: World.directory)
        let hk = World.housekeeping.slug
        for (at, isKnown) in [(Self.south, true), (PropertyAddress(World.foreign, of: World.tenant), false)] {
            let channels: [DomainChannel] = [
                .property(at), .department(hk, at), .frontDesk(at), .kpi(at), .kpiRevenue(at), .finance(at),
                .propertyPresence(at),
            ]
            for channel in channels { #expect(entitlement.allows(channel) == isKnown, "\(channel.name)") }
        }
    }

    @Test(arguments: [TenantStatus.pending, .suspended, .closed], Role.allCases)
    func `a tenant that is not active has no channels`(status: TenantStatus, role: Role) {
        let directory = TenantDirectory(World.tenant, status: status, properties: World.directory.properties)
        let entitlement = ChannelEntitlement(World.actor(role), in: directory)
        for (channel, _) in Self.table where channel != .announcements && channel != .systemAdmin {
            let isPlatformsOwn = role.scope == .platform && channel == .user(World.user)
            #expect(entitlement.allows(channel) == isPlatformsOwn, "\(role) \(channel.name)")
        }
        let nowhere = ChannelEntitlement(World.actor(.tenantOwner), in: nil)
        #expect(!nowhere.allows(.tenant(World.tenant)))
        #expect(nowhere.allows(.announcements))
    }

    @Test func `a grant lets support into one tenant, and not to its guests`() {
        let support = Actor.user(
            World.user, name: "P", tenant: nil, assignments: [RoleAssignment(.platformSupport)],
            supportGrant: World.tenant)
        let entitlement = ChannelEntitlement(support, in: World.directory)
        let allowed = Self.table.map(\.channel).filter { entitlement.allows($0) }
        #expect(
            allowed == [.announcements, .systemAdmin, .user(World.user), .tenant(World.tenant), .property(Self.north)])
        let admin = Actor.user(
            World.user, name: "A", tenant: nil, assignments: [RoleAssignment(.superAdmin)], supportGrant: World.tenant)
        #expect(!ChannelEntitlement(admin, in: World.directory).allows(.tenant(World.tenant)))
    }

    @Test func `a thread is joined by staff who may read what it is about`() {
        let thread = ThreadSubject(.request, id: 7)
        for role in Role.allCases {
            let entitlement = ChannelEntitlement(World.actor(role), in: World.directory)
            #expect(!entitlement.allows(.thread(thread)))
            #expect(entitlement.allows(.thread(thread)) { $0 == thread } == Self.staff.contains(role))
        }
    }

    @Test func `joined without asking is what is one's own`() {
        func names(_ actor: Actor) -> [DomainChannel] {
            ChannelEntitlement(actor, in: World.directory).automatic
        }
        let hk = World.housekeeping.slug
        let own = DomainChannel.user(World.user)
        let tenant = DomainChannel.tenant(World.tenant)
        #expect(
            names(World.actor(.roomAttendant)) == [own, tenant, .property(Self.north), .department(hk, Self.north)])
        let owner = Actor.user(
            World.user, name: "O", tenant: World.tenant, assignments: [RoleAssignment(.tenantOwner)])
        #expect(
            names(owner) == [own, tenant, .owners(World.tenant), .property(Self.north), .property(Self.south)])
        #expect(names(World.actor(.resident)) == [own, .stay(World.stay), .residents(World.tenant)])
        #expect(ChannelEntitlement(World.actor(.superAdmin), in: nil).automatic == [own, .systemAdmin])
        #expect(names(World.actor(.integration)) == [tenant, .property(Self.north)])
        #expect(ChannelEntitlement(.system, in: World.directory).automatic.isEmpty)
    }

    @Test func `aliases stand for the caller's own`() throws {
        let everywhere = Actor.user(
            World.user, name: "H", tenant: World.tenant, assignments: [RoleAssignment(.housekeepingSupervisor)])
        let hk = World.housekeeping.slug
        func resolve(_ actor: Actor, _ request: ChannelRequest) -> [DomainChannel] {
            ChannelEntitlement(actor, in: World.directory).resolve(request)
        }
        #expect(
            resolve(everywhere, .departments(hk, of: World.tenant))
                == [.department(hk, Self.north), .department(hk, Self.south)])
        #expect(
            resolve(World.actor(.roomAttendant), .departments(hk, of: World.tenant)) == [.department(hk, Self.north)])
        #expect(resolve(everywhere, .departments(hk, of: World.other)).isEmpty)
        #expect(resolve(everywhere, .ownManagers) == [.managers(World.tenant)])
        #expect(resolve(everywhere, .ownOwners).isEmpty)
        #expect(resolve(World.actor(.resident), .ownResidents) == [.residents(World.tenant)])
        #expect(resolve(World.actor(.superAdmin), .ownOwners).isEmpty)
        #expect(resolve(everywhere, .alias(.tenant(World.other))).isEmpty)
        #expect(resolve(everywhere, .alias(.user(World.user))) == [.user(World.user)])
        #expect(resolve(everywhere, .canonical(.systemAdmin)).isEmpty)
    }
}
