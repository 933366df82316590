import Hotel
import Shared
import Testing

@Suite struct ActorTests {
    @Test(arguments: Role.allCases) func `a role may at its place what its column says`(role: Role) {
        let actor = World.actor(role)
        for permission in Permission.allCases {
            let allowance = actor.may(permission, at: World.place)
            switch PermissionMatrix.cell(role, permission) {
            case .no: #expect(allowance == .refused, "\(permission)")
            case .yes, .duty: #expect(allowance == .full, "\(permission)")
            case .limited(.supportGrant): #expect(allowance == .refused, "\(permission)")
            case .limited(let limit):
                guard case .limited(let restrictions) = allowance else {
                    Issue.record("\(permission) of \(role) lost its limit: \(allowance)")
                    continue
                }
                #expect(restrictions.map(\.limit) == [limit])
            }
        }
    }

    @Test(arguments: Role.allCases.filter { $0.scope == .tenant })
    func `no role reaches another tenant, and none bound to a property another property`(role: Role) {
        let actor = World.actor(role)
        for permission in Permission.allCases {
            #expect(actor.may(permission, at: .property(World.north, of: World.other)) == .refused)
            #expect(actor.may(permission, at: .tenant(World.other)) == .refused)
            #expect(actor.may(permission, at: .property(World.south, of: World.tenant)) == .refused)
            #expect(actor.may(permission, at: .tenant(World.tenant)) == .refused)
            #expect(actor.may(permission, at: .platform) == .refused)
        }
    }

    @Test func `two roles allow together what either allows`() {
        let actor = Actor.user(
            World.user, name: "Ana", tenant: World.tenant,
            assignments: [
                RoleAssignment(.frontDeskAgent, property: World.north),
                RoleAssignment(.roomAttendant, property: World.north),
                RoleAssignment(.housekeepingSupervisor, property: World.south),
            ])
        let north = actor.may(.roomSetHKStatus, at: World.north)
        #expect(north == .limited([Restriction(.dirtyOrPickup), Restriction(.ownAssignment)]))
        #expect(actor.may(.roomSetHKStatus, at: World.south) == .full)
        #expect(actor.may(.roomRead, at: World.north) == .full)
        #expect(north.allows(meeting: [.ownAssignment]))
        #expect(!north.allows(meeting: [.rushOnly]))
    }

    @Test func `an assignment to a department counts for what is of none, and of that one`() {
        let assignment = RoleAssignment(.propertyManager, property: World.north, department: World.spa.id)
        let actor = Actor.user(World.user, name: "Gil", tenant: World.tenant, assignments: [assignment])
        #expect(actor.may(.userInvite, at: World.north) == .full)
        #expect(actor.may(.userInvite, at: .department(World.spa, at: World.north, of: World.tenant)) == .full)
        let kitchen = Place.department(World.housekeeping, at: World.north, of: World.tenant)
        #expect(actor.may(.userInvite, at: kitchen) == .refused)
    }

    @Test func `the own department is the named one, else the natural one, else none`() {
        func allowance(_ assignment: RoleAssignment) -> Allowance {
            Actor.user(World.user, name: "S", tenant: World.tenant, assignments: [assignment])
                .may(.userInvite, at: World.north)
        }
        let natural = allowance(RoleAssignment(.housekeepingSupervisor, property: World.north))
        #expect(natural.allows(in: World.housekeeping))
        #expect(!natural.allows(in: World.spa))
        let named = allowance(RoleAssignment(.departmentSupervisor, property: World.north, department: World.spa.id))
        #expect(named.allows(in: World.spa))
        #expect(!named.allows(in: World.housekeeping))
        let none = allowance(RoleAssignment(.departmentSupervisor, property: World.north))
        #expect(!World.departments.contains { none.allows(in: $0) })
        #expect(!none.isRefused)
    }

    @Test func `a duty manager may what carries a dagger, where on duty and nothing else`() {
        let actor = Actor.user(
            World.user, name: "Dora", tenant: World.tenant, assignments: [RoleAssignment(.departmentStaff)],
            dutyAt: [World.north])
        for permission in Permission.allCases {
            let staff = PermissionMatrix.cell(.departmentStaff, permission)
            let onDuty = actor.may(permission, at: World.north)
            if PermissionMatrix.dutyPermissions.contains(permission) {
                #expect(onDuty == .full)
            } else {
                #expect((onDuty == .refused) == (staff == .no), "\(permission)")
            }
            #expect((actor.may(permission, at: World.south) == .refused) == (staff == .no))
        }
    }

    @Test func `support reads a tenant only while its owner lets it in`() {
        let invited = Actor.user(
            World.user, name: "P", tenant: nil, assignments: [RoleAssignment(.platformSupport)],
            supportGrant: World.tenant)
        #expect(invited.may(.roomRead, at: World.place) == .limited([Restriction(.supportGrant)]))
        #expect(invited.may(.roomRead, at: .property(World.foreign, of: World.other)) == .refused)
        #expect(invited.may(.guestReadPersonal, at: World.place) == .refused)
        #expect(World.actor(.platformSupport).may(.roomRead, at: World.place) == .refused)
    }

    @Test func `rows that give a user roles of the other scope give nothing`() {
        let mixed = [RoleAssignment(.superAdmin), RoleAssignment(.resident), RoleAssignment(.integration)]
        let user = Actor.user(World.user, name: "X", tenant: World.tenant, assignments: mixed)
        #expect(user.permissions(at: .tenant(World.tenant)).isEmpty)
        let staff = Actor.user(
            World.user, name: "X", tenant: nil, assignments: [RoleAssignment(.tenantOwner)], dutyAt: [World.north])
        #expect(staff.permissions(at: World.place).isEmpty)
    }

    @Test func `a custom role is a part of the owner's and has no built-in name`() throws {
        let code = try #require(Code("Night desk"))
        let role = try CustomRole(id: RoleID(raw: 1), code: code, permissions: [.roomRead, .roomSetHKStatus])
        let actor = Actor.user(
            World.user, name: "N", tenant: World.tenant,
            assignments: [RoleAssignment(.custom(role), property: World.north)])
        #expect(actor.permissions(at: World.place) == [.roomRead: .full, .roomSetHKStatus: .full])
        for permission in Permission.allCases {
            let made = try? CustomRole(id: RoleID(raw: 1), code: code, permissions: [permission])
            #expect((made != nil) == (PermissionMatrix.cell(.tenantOwner, permission) != .no))
        }
        let owner = try #require(Code("Tenant_Owner"))
        #expect(throws: Refusal.self) { try CustomRole(id: RoleID(raw: 1), code: owner, permissions: []) }
    }

    /// Who may give which role at a property, role by role.
    @Test func `nobody makes others mightier than themselves`() {
        let staff: Set<Role> = [
            .propertyManager, .frontOfficeManager, .frontDeskAgent, .housekeepingSupervisor, .roomAttendant,
            .maintenanceSupervisor, .maintenanceTechnician, .departmentSupervisor, .departmentStaff, .accountant,
            .auditor,
        ]
        let tenantGivers: [Role: Set<Role>] = [
            .superAdmin: staff.union([.tenantOwner, .superAdmin, .platformAdmin, .platformSupport]),
            .platformAdmin: staff.union([.tenantOwner, .platformAdmin, .platformSupport]),
            .tenantOwner: staff.union([.tenantOwner]), .propertyManager: staff,
        ]
        for giver in Role.allCases {
            let given = Role.allCases.filter { World.actor(giver).mayGive(.builtIn($0), at: World.place) }
            #expect(Set(given) == tenantGivers[giver] ?? [], "\(giver)")
        }
        let housekeeping = Place.department(World.housekeeping, at: World.north, of: World.tenant)
        let spa = Place.department(World.spa, at: World.north, of: World.tenant)
        let supervisor = World.actor(.housekeepingSupervisor)
        let staffed = Role.allCases.filter { supervisor.mayGive(.builtIn($0), at: housekeeping) }
        #expect(Set(staffed) == [.roomAttendant, .departmentStaff])
        #expect(!supervisor.mayGive(.builtIn(.departmentStaff), at: spa))
    }

    @Test func `a manager gives no custom role with more than the own permissions`() throws {
        let code = try #require(Code("x"))
        let mighty = try CustomRole(id: RoleID(raw: 1), code: code, permissions: [.roleManage])
        let modest = try CustomRole(id: RoleID(raw: 1), code: code, permissions: [.roomRead])
        #expect(!World.actor(.propertyManager).mayGive(.custom(mighty), at: World.place))
        #expect(World.actor(.propertyManager).mayGive(.custom(modest), at: World.place))
        #expect(World.actor(.tenantOwner).mayGive(.custom(mighty), at: World.place))
        #expect(!World.actor(.housekeepingSupervisor).mayGive(.custom(modest), at: World.place))
    }
}
