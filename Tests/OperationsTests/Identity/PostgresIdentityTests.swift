import Crypto
import Hotel
import PGStore
import Ports
import Shared
import StoreSupport
import Testing

@testable import Operations

/// What identity leaves in the log and the audit, and what the store keeps from whom.
@Suite(.timeLimit(.minutes(3))) struct PostgresIdentityTests {
    private let stream = EventStream.tenant(GroundWorld.tenant)

    /// A column of one row, as text.
    private func text(_ sql: String, _ ground: PostgresGround) async throws -> [String] {
        try await ground.database.run(sql).map { try $0.read(0, as: String?.self) ?? "" }
    }

    @Test func `what happens to sessions is logged for the user, audited, and told after the commit`() async throws {
        try await withPostgresWorld { world, ground in
            let here = try await world.login(device: DeviceID(raw: 3))
            let elsewhere = try await world.login()
            let again = try await world.login(device: DeviceID(raw: 3))
            let client = try world.client(device: DeviceID(raw: 3))
            try await world.nodes[0].logout(again.refreshToken, from: client)
            let access = try await world.caller(here.accessToken).token
            _ = try await world.nodes[1].changePassword(
                from: GroundWorld.password, to: "another word 43", as: access, from: client)
            _ = try await world.refusal()
            await ground.attempts.settle()

            let names = [
                "auth:login_succeeded", "auth:login_succeeded", "auth:login_succeeded", "auth:session_revoked",
                "auth:password_changed", "auth:session_revoked",
            ]
            #expect(ground.events.map(\.name) == names)
            let logged = try await PGEventLog(ground.pools[0]).events(
                of: self.stream, after: 0, through: 99, limit: 99, notBefore: nil)
            #expect(logged == ground.events)
            let own = EventTarget(Audience(.user, subject: GroundWorld.ada.id.raw), projection: 0)
            #expect(logged.allSatisfy { $0.targets == [own] })
            let told = logged.map { String(decoding: $0.projections[0], as: UTF8.self) }
            #expect(told[0].contains(#""is_new_device":true"#) && told[0].contains(#""ip":"192.0.2.1""#))
            #expect(told[2].contains(#""is_new_device":false"#))
            #expect(told[3].contains(#""reason":"signed_out""#))
            let revoked = try world.callers.token(elsewhere.accessToken).session
            #expect(told[5].contains(revoked.description) && told[5].contains(#""reason":"password_changed""#))
            #expect(told[4].contains(#""actor":{"type":"user","id":"\#(GroundWorld.ada.id)","name":"Ada""#))

            let audited = try await self.text(
                "SELECT concat_ws(' ', action, outcome, host(ip)) FROM bellhop.audit_log ORDER BY seq", ground)
            #expect(
                audited == names.map { "\($0) applied 192.0.2.1" } + ["auth:login_failed rejected 192.0.2.1"])
            let seen = "SELECT id::text FROM bellhop.app_user WHERE last_login_at IS NOT NULL"
            #expect(try await self.text(seen, ground) == [GroundWorld.ada.id.description])
        }
    }

    @Test func `nothing of a secret, and of whoever is not there not even the address, is kept`() async throws {
        try await withPostgresWorld { world, ground in
            let signedIn = try await world.login()
            _ = try await world.refusal("nobody@aegean.example", "my other password")
            await ground.attempts.settle()
            let tables = ["user_session", "audit_log", "event", "event_personal", "login_throttle", "operation"]
            for table in tables {
                let rows = try await self.text("SELECT t::text FROM bellhop.\(table) t", ground)
                for secret in [
                    GroundWorld.password, "my other password", "nobody@", signedIn.refreshToken.text,
                    signedIn.accessToken,
                ] {
                    #expect(!rows.contains { $0.contains(secret) }, "\(table)")
                }
            }
            let failed = "SELECT tenant_id::text FROM bellhop.audit_log WHERE action = 'auth:login_failed'"
            #expect(try await self.text(failed, ground) == ["00000000-0000-0000-0000-000000000000"])
        }
    }

    @Test func `an account is found in its own tenant only`() async throws {
        try await withPostgresWorld { world, ground in
            let signedIn = try await world.login()
            let access = try world.callers.token(signedIn.accessToken)
            let stores = world.stores[0]
            for tenant in [GroundWorld.eve.tenant, nil, TenantID.new()] {
                let stranger = TenantUser(GroundWorld.ada.id, of: tenant)
                #expect(try await stores.accounts.account(of: stranger) == nil)
                #expect(try await stores.accounts.profile(of: stranger) == nil)
                #expect(try await stores.sessions.sessions(of: stranger).isEmpty)
                #expect(try await stores.directory.actor(in: access.session, of: stranger) == nil)
                let client = ClientTrace(address: "192.0.2.1", device: nil)
                #expect(
                    try await !stores.sessions.revoke(
                        access.session, of: stranger, because: .signedOut, from: client))
            }
            _ = try await world.caller(signedIn.accessToken)
        }
    }

    @Test func `a caller is who the rows say at this moment, with custom roles and departments`() async throws {
        try await withPostgresWorld { world, ground in
            let tenant = GroundWorld.tenant
            let (department, role) = (DepartmentID.new(), RoleID.new())
            try await ground.database.run(
                """
                INSERT INTO bellhop.department (tenant_id, id, property_id, code, slug, name, kind)
                VALUES ('\(tenant)', '\(department)', '\(GroundWorld.property)', 'HK', 'hk', 'Keeping', 'housekeeping');
                INSERT INTO bellhop.role (tenant_id, id, code, name, permissions)
                VALUES ('\(tenant)', '\(role)', 'night', 'Night porter', '{room.read,from.the.future}');
                DELETE FROM bellhop.role_assignment WHERE user_id = '\(GroundWorld.ada.id)';
                INSERT INTO bellhop.role_assignment (tenant_id, id, user_id, role_id, property_id)
                VALUES ('\(tenant)', gen_random_uuid(), '\(GroundWorld.ada.id)', '\(role)', '\(GroundWorld.property)');
                """)
            let signedIn = try await world.login()
            let night = try await world.caller(signedIn.accessToken).actor
            #expect(night.roleCode == "night" && night.may(.roomRead, at: GroundWorld.property) == .full)
            #expect(night.may(.stayCheckIn, at: GroundWorld.property).isRefused)
            try await ground.database.run(
                """
                UPDATE bellhop.role SET deleted_at = now();
                INSERT INTO bellhop.role_assignment (tenant_id, id, user_id, built_in_role, property_id, department_id)
                VALUES ('\(tenant)', gen_random_uuid(), '\(GroundWorld.ada.id)', 'housekeeping_supervisor',
                    '\(GroundWorld.property)', '\(department)');
                """)
            let caller = try await world.caller(signedIn.accessToken)
            #expect(
                caller.actor.assignments == [
                    RoleAssignment(.housekeepingSupervisor, property: GroundWorld.property, department: department)
                ])
            let directory = try #require(try await world.stores[0].directory.directory(of: tenant))
            #expect(directory.status == .active && directory.sortedProperties == [GroundWorld.property])
            #expect(directory.properties[GroundWorld.property]?.map(\.id) == [department])
            let channels = ChannelEntitlement(caller.actor, in: directory).automatic.map(\.name)
            #expect(channels.contains { $0.contains("hk") })
            #expect(try await world.stores[0].directory.directory(of: .new()) == nil)
        }
    }

    @Test func `a guest's account is a guest's, whatever else it was given`() async throws {
        try await withPostgresWorld { world, ground in
            try await ground.database.run(
                """
                INSERT INTO bellhop.role_assignment (tenant_id, id, user_id, built_in_role, property_id)
                VALUES ('\(GroundWorld.tenant)', gen_random_uuid(), '\(GroundWorld.bob.id)', 'resident',
                    '\(GroundWorld.property)');
                """)
            let actor = try await world.caller(world.login("bob@aegean.example").accessToken).actor
            #expect(actor.kind == .resident && actor.assignments.map(\.role.code) == ["resident"])
            #expect(actor.may(.roomInspect, at: GroundWorld.property).isRefused)
        }
    }

    @Test func `a window of failures slides by the database's clock`() async throws {
        try await withPostgresWorld { world, ground in
            let key = ThrottleKey(.pair, "a", "b")
            let other = ThrottleKey(.account, "a")
            let throttle = world.stores[0].throttle
            let window = Duration.seconds(1_000_000)
            for expected in 1...3 {
                let counts = try await throttle.count([key, other], window: window)
                #expect(counts.map(\.present) == [expected, expected] && counts.map(\.before) == [0, 0])
                #expect(counts.allSatisfy { $0.elapsed >= .zero && $0.elapsed < window })
            }
            let counts = try await world.stores[1].throttle.count([other, key], window: window)
            #expect(counts.map(\.present) == [4, 4])
            try await throttle.takeBack([key], counted: [counts[1]], window: window)
            try await ground.database.run("UPDATE bellhop.login_throttle SET span = span - 1")
            let later = try await throttle.count([key, other], window: window)
            #expect(later.map(\.present) == [1, 1] && later.map(\.before) == [3, 4])
            // From the window in which it was counted, though that is over.
            let old = ThrottleCount(window: later[1].window - 1, present: 4, before: 0, elapsed: .zero)
            try await throttle.takeBack([other], counted: [old], window: window)
            let last = try await throttle.count([key, other], window: window)
            #expect(last.map(\.present) == [2, 2] && last.map(\.before) == [3, 3])
        }
    }

    @Test func `a store that is away lets nobody in`() async throws {
        try await withPostgresWorld { world, ground in
            let signedIn = try await world.login()
            for pool in ground.pools { await pool.close() }
            #expect(try await world.refusal(bearing: signedIn.accessToken) == .unavailable)
            #expect(try await world.refusal("ada@aegean.example", GroundWorld.password) == .unavailable)
            let client = try world.client(device: signedIn.device)
            #expect(
                try await IdentityWorld.refusal {
                    try await world.nodes[0].refresh(signedIn.refreshToken, from: client)
                } == .unavailable)
        }
    }
}
