import Shared
import TestSupport
import Testing

@testable import Hotel

/// What the catalogue says that events tell, held against what they do tell.
@Suite struct EventDataTests {
    /// With a price that is one: other tests mark it to look for it.
    private static let tenant: TenantView = {
        var view = EventTests.tenantView
        view.planMonthlyPrice = "99.00"
        return view
    }()

    /// What is wrong with what the samples of the catalogue tell each of their listeners.
    private func violations(_ samples: [DomainEvent], by actor: Actor) throws -> [String] {
        var violations: [String] = []
        for sample in samples {
            let kind = sample.kind
            for projection in Projection.allCases where kind.listeners.contains(where: { $0.projection == projection })
            {
                var names = JSONSchemaNames(prefix: "#/components/schemas/")
                let schema = kind.data.schema(projection, isLogged: kind.isLogged, records: [:]).text(&names)
                var schemas = JSONObject()
                for (name, text) in names.descriptions { schemas[name] = text }
                let text = sample.text(projection, EventTests.meta(actor))
                let logged = #","seq":7,"recorded_at":"2026-03-08T14:05:09.123Z"}}"#
                let told = try JSONValue(parsing: text + Array((kind.isLogged ? logged : "}}").utf8))
                violations += DocumentCheck(schemas: .object(schemas))
                    .violations(told, schema, at: "\(kind.name) \(projection) ")
            }
        }
        return violations
    }

    @Test(arguments: [Role.roomAttendant, .resident, .integration])
    func `every event tells every listener what the catalogue says`(role: Role) throws {
        let actor = World.actor(role)
        let samples = try EventTests.samples(by: actor, tenant: Self.tenant)
        #expect(samples.count > 40)
        #expect(try self.violations(samples, by: actor) == [])
    }

    @Test func `what only some of a kind tell is described as well`() throws {
        let actor = World.actor(.frontDeskAgent)
        let change = RoomStatusChange(
            before: RoomSnapshot(RoomState(), RoomRules()), after: RoomSnapshot(RoomState(), RoomRules()),
            axes: [.hkStatus], reason: .taskCompleted)
        let decision = RoomDecision(
            after: RoomState(), outcomes: [:], changedAxes: [.hkStatus], events: [.statusChanged(change)], followUps: []
        )
        var samples = DomainEvent.of(
            decision, try EventTests.room(), by: actor, for: EventTests.addressees, cause: RoomCause(task: 1, ticket: 2)
        )
        samples.append(.configured("room:created", [.open("id", "x")], for: EventTests.addressees))
        var user = EventTests.userView
        user.permissions = nil
        samples.append(.userCreated(user, tenant: nil))
        #expect(try self.violations(samples, by: actor) == [])
    }

    @Test func `a member that the catalogue does not know is found`() throws {
        let actor = World.actor(.frontDeskAgent)
        let odd = DomainEvent(
            "room:rush_cleared", [.open("room_id", "no id"), .open("extra", 1)], for: EventTests.addressees)
        let violations = try self.violations([odd], by: actor)
        for part in ["undocumented extra", "lacks number", "lacks by", "room_id is no UUID"] {
            #expect(violations.contains { $0.contains(part) }, "\(part) in \(violations.joined(separator: "; "))")
        }
    }
}

@Suite struct ChannelPatternTests {
    @Test(arguments: ChannelPattern.allCases) func `an example has the name of its kind`(pattern: ChannelPattern) {
        #expect(ChannelPattern(pattern.example) == pattern)
        #expect(DomainChannel(name: pattern.example.name) == pattern.example)
        let filled = pattern.parameters.reduce(pattern.address) { address, parameter in
            address.replacing("{\(parameter.rawValue)}", with: parameter.example, maxReplacements: 1)
        }
        #expect(filled == pattern.example.name)
        #expect(!pattern.audience.isEmpty)
        for alias in pattern.aliases {
            let name = pattern.parameters.reduce(alias) { alias, parameter in
                alias.replacing("{\(parameter.rawValue)}", with: parameter.example)
            }
            #expect(ChannelRequest(name: name, on: .pusher) == .alias(pattern.example), "\(name)")
        }
    }

    @Test func `addresses and roles are those of the specification`() {
        #expect(ChannelPattern.property.address == "private-tenant.{tenant_id}.property.{property_id}")
        #expect(
            ChannelPattern.departmentPresence.address
                == "presence-tenant.{tenant_id}.property.{property_id}.dept.{department_slug}")
        #expect(ChannelPattern.thread.address == "presence-thread.{subject_kind}.{subject_id}")
        #expect(Set(ChannelPattern.allCases.map(\.address)).count == ChannelPattern.allCases.count)
        #expect(ChannelPattern.announcements.roles == Role.allCases)
        #expect(ChannelPattern.systemAdmin.roles == [.superAdmin, .platformAdmin, .platformSupport])
        #expect(ChannelPattern.owners.roles == [.tenantOwner])
        #expect(Set(ChannelPattern.frontDesk.roles) == [.FD, .FM, .GM, .OW])
        #expect(Set(ChannelPattern.finance.roles) == [.AC, .GM, .OW, .FM])
        #expect(ChannelPattern.stay.roles == [.resident])
        #expect(ChannelPattern.department.roles.contains(.departmentStaff))
        #expect(!ChannelPattern.property.roles.contains(.resident))
        #expect(ChannelPattern.property.roles.contains(.platformSupport))
    }
}
