import Hotel
import Shared
import Testing

@Suite struct LifecycleTests {
    static let tenantCommands: [(TenantCommand, [TenantStatus?: TenantStatus], Set<Role>)] = [
        (.register, [nil: .pending], [.superAdmin, .platformAdmin]),
        (.create, [nil: .active], [.superAdmin, .platformAdmin]),
        (.approve, [.pending: .active], [.superAdmin, .platformAdmin]),
        (.reject(reason: "r"), [.pending: .closed], [.superAdmin, .platformAdmin]),
        (.suspend(reason: "r"), [.active: .suspended], [.superAdmin, .platformAdmin]),
        (.reinstate, [.suspended: .active], [.superAdmin, .platformAdmin]),
        (.delete, [.pending: .closed, .active: .closed, .suspended: .closed], [.superAdmin]),
    ]

    @Test(arguments: Role.allCases) func `a tenant changes as 4.7 says, by whom section 3 lets`(role: Role) {
        for (command, rows, who) in Self.tenantCommands {
            for status in [nil, .pending, .active, .suspended, .closed] as [TenantStatus?] {
                var after: TenantStatus?
                let refused = refusal { () throws(Refusal) in
                    after = try TenantMachine.decide(status, command, by: World.actor(role), World.tenant).after
                }
                if !who.contains(role) {
                    #expect(refused?.code == .forbidden)
                } else if let expected = rows[status] {
                    #expect(after == expected, "\(command) from \(String(describing: status))")
                } else {
                    #expect(refused?.code == .transitionNotAllowed)
                }
            }
        }
    }

    @Test func `the system registers and suspends, and decides nothing else`() {
        for (command, rows, _) in Self.tenantCommands {
            let status = rows.keys.first ?? nil
            let refused = refusal { () throws(Refusal) in
                _ = try TenantMachine.decide(status, command, by: .system, World.tenant)
            }
            let allowed = [.register, .suspend(reason: "r"), .reinstate].contains(command)
            #expect((refused == nil) == allowed, "\(command)")
        }
    }

    @Test func `a tenant's changes are told and followed up`() throws {
        let admin = World.actor(.superAdmin)
        let created = try TenantMachine.decide(nil, .create, by: admin, World.tenant)
        #expect(created.events == [.created, .approved] && created.followUps == [.inviteOwner, .welcomeMail])
        let registered = try TenantMachine.decide(nil, .register, by: .system, World.tenant)
        #expect(registered.events == [.registered, .created])
        let suspended = try TenantMachine.decide(.active, .suspend(reason: "x"), by: admin, World.tenant)
        #expect(suspended.events == [.suspended(reason: "x")])
        #expect(suspended.followUps == [.closeSockets, .pausePMSLinks])
        #expect(TenantMachine.obstacle(.active) == nil)
        #expect(TenantMachine.obstacle(.pending) == .tenantPending)
        #expect(TenantMachine.obstacle(.suspended) == .tenantSuspended)
    }

    static let userCommands: [(UserCommand, [UserStatus?: UserStatus])] = [
        (.invite, [nil: .invited, .invited: .invited]), (.accept, [.invited: .active]),
        (.suspend(reason: "r"), [.active: .suspended]), (.activate, [.suspended: .active]),
        (.delete, [.invited: .deleted, .active: .deleted, .suspended: .deleted]),
        (.changePassword, [.active: .active]), (.resetPassword, [.active: .active]),
    ]

    @Test func `an account changes as 4.7 says`() {
        let user = ManagedUser(World.user, tenant: World.tenant, roles: [])
        for (command, rows) in Self.userCommands {
            for status in [nil, .invited, .active, .suspended, .deleted] as [UserStatus?] {
                var after: UserStatus?
                let refused = refusal { () throws(Refusal) in
                    after = try UserMachine.decide(status, command, by: .system, user).after
                }
                #expect(after == rows[status], "\(command) from \(String(describing: status))")
                if rows[status] == nil { #expect(refused?.code == .transitionNotAllowed) }
            }
        }
    }

    @Test func `tokens and sockets end where they must`() throws {
        let user = ManagedUser(World.user, tenant: World.tenant, roles: [])
        let all: [UserFollowUp] = [.raiseTokenEpoch, .revokeAllSessions, .closeSockets]
        for command in [UserCommand.suspend(reason: "r"), .delete, .resetPassword] {
            #expect(try UserMachine.decide(.active, command, by: .system, user).followUps == all)
        }
        #expect(try UserMachine.decide(.active, .changePassword, by: .system, user).followUps == [.revokeOtherSessions])
        #expect(UserMachine.obstacle(.suspended) == .userSuspended)
        #expect(UserMachine.obstacle(.deleted) == .unauthenticated)
    }

    private func other(_ role: Role, _ place: Place = World.place, tenant: TenantID? = World.tenant) -> ManagedUser {
        ManagedUser(UserID(raw: 0x99), tenant: tenant, roles: [.init(.builtIn(role), at: place)])
    }

    @Test func `users are managed by those who might have given them their roles`() {
        func may(_ role: Role, _ user: ManagedUser) -> Bool {
            UserMachine.mayManage(user, .userSuspend, by: World.actor(role))
        }
        #expect(may(.propertyManager, self.other(.roomAttendant)))
        #expect(!may(.propertyManager, self.other(.tenantOwner)))
        #expect(!may(.propertyManager, self.other(.roomAttendant, .property(World.south, of: World.tenant))))
        #expect(!may(.propertyManager, self.other(.roomAttendant, .tenant(World.tenant))))
        #expect(may(.tenantOwner, self.other(.tenantOwner)))
        #expect(!may(.roomAttendant, self.other(.roomAttendant)))
        let housekeeping = Place.department(World.housekeeping, at: World.north, of: World.tenant)
        #expect(may(.housekeepingSupervisor, self.other(.roomAttendant, housekeeping)))
        #expect(!may(.housekeepingSupervisor, self.other(.roomAttendant)))
        #expect(!may(.housekeepingSupervisor, self.other(.housekeepingSupervisor, housekeeping)))
        #expect(may(.superAdmin, self.other(.tenantOwner)))
        #expect(may(.platformAdmin, self.other(.platformSupport, .platform, tenant: nil)))
        #expect(!may(.platformAdmin, self.other(.superAdmin, .platform, tenant: nil)))
        #expect(!may(.platformSupport, self.other(.platformSupport, .platform, tenant: nil)))
        let myself = ManagedUser(
            World.user, tenant: World.tenant, roles: [.init(.builtIn(.tenantOwner), at: World.place)])
        #expect(!may(.tenantOwner, myself))
    }

    @Test func `another tenant's user is not there, an own one out of reach is forbidden`() {
        func code(_ user: ManagedUser) -> RefusalCode? {
            refusal { () throws(Refusal) in
                _ = try UserMachine.decide(.active, .delete, by: World.actor(.roomAttendant), user)
            }?.code
        }
        let foreign = Place.property(World.foreign, of: World.other)
        #expect(code(self.other(.roomAttendant, foreign, tenant: World.other)) == .notFound)
        #expect(code(self.other(.superAdmin, .platform, tenant: nil)) == .notFound)
        #expect(code(self.other(.roomAttendant)) == .forbidden)
    }

    @Test func `a password is changed by its owner only`() {
        let user = ManagedUser(World.user, tenant: World.tenant, roles: [])
        let stranger = ManagedUser(UserID(raw: 0x99), tenant: World.tenant, roles: [])
        func code(_ user: ManagedUser) -> RefusalCode? {
            refusal { () throws(Refusal) in
                _ = try UserMachine.decide(.active, .changePassword, by: World.actor(.tenantOwner), user)
            }?.code
        }
        #expect(code(user) == nil)
        #expect(code(stranger) == .forbidden)
    }
}
