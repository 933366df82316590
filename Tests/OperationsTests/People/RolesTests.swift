import Hotel
import PGStore
import Ports
import Shared
import StoreSupport
import Testing

@testable import Operations

/// A tenant's own roles over REST and the real store.
@Suite(.timeLimit(.minutes(3))) struct RolesTests {
    private static let porter = #"{"code":"porter","name":"Night porter","permissions":["room.read","audit.read"]}"#

    private func codes(_ answer: Answer) -> [String] {
        (answer.json?["items"]?.elements ?? []).compactMap { $0["code"]?.text }
    }

    private func make(_ people: People, _ body: String = RolesTests.porter) async throws -> String {
        let made = try await people.write("POST /v1/roles", as: .owen, body)
        return try #require(made.json?["role"]?["id"]?.text)
    }

    @Test func `built-in roles come first, then the tenant's own, and no other's`() async throws {
        try await withPeople { people async throws in
            _ = try await self.make(people)
            _ = try await self.make(people, Self.porter.replacing("porter", with: "Butler"))
            let builtIn = Role.allCases.filter { $0.scope == .tenant }.map(\.rawValue).sorted()
            #expect(self.codes(try await people.get("/v1/roles", as: .rita)) == builtIn + ["Butler", "porter"])
            #expect(self.codes(try await people.get("/v1/roles", as: .nora)) == builtIn)
            #expect(
                self.codes(try await people.get("/v1/roles", as: .sam))
                    == ["platform_admin", "platform_support", "super_admin"])
            var found: [String] = []
            var next: String? = "/v1/roles?limit=5"
            while let target = next {
                let page = try await people.get(target, as: .owen)
                found += self.codes(page)
                next = page.json?["next"]?.text.map { "/v1/roles?limit=5&after=\($0)" }
            }
            #expect(found == builtIn + ["Butler", "porter"])
            #expect(try await people.get("/v1/roles?tenant_id=\(People.northern)", as: .owen).code == "not_found")
            #expect(try await people.get("/v1/roles?tenant_id=\(GroundWorld.tenant)", as: .sam).code == "forbidden")
        }
    }

    private func errors(_ people: People, _ body: String) async throws -> [String] {
        try await people.write("POST /v1/roles", as: .owen, body).fieldErrors
    }

    @Test func `nobody makes a role that gives more than they have`() async throws {
        try await withPeople { people async throws in
            #expect(try await people.write("POST /v1/roles", as: .gina, Self.porter).code == "forbidden")
            #expect(
                try await people.write("POST /v1/roles", as: .root, Self.porter).fieldErrors == ["tenant_id required"])
            #expect(
                try await self.errors(people, Self.porter.replacing("room.read", with: "tenant.delete")) == [
                    "permissions enum"
                ])
            #expect(
                try await self.errors(people, Self.porter.replacing("room.read", with: "room.fly")) == [
                    "permissions[0] enum"
                ])
            #expect(
                try await self.errors(people, Self.porter.replacing("\"porter", with: "\"Auditor")) == [
                    "code unknown_code"
                ])
            let id = try await self.make(people)
            #expect(
                try await self.errors(people, Self.porter.replacing("\"porter", with: "\"PORTER")) == ["code taken"])
            // Who may make roles, but no more than that, cannot make himself mightier.
            let maker = #"{"code":"maker","name":"Maker","permissions":["role.manage","user.update"]}"#
            _ = try await self.make(people, maker)
            let roles = #"{"roles":[\#(People.role("maker"))]}"#
            #expect(
                try await people.write("PUT /v1/users/\(People.Name.bruno.id)/roles", as: .owen, roles).status == 200)
            #expect(try await people.write("POST /v1/roles", as: .bruno, Self.porter).code == "forbidden")
            let edit = #"{"permissions":["user.update","role.manage"]}"#
            #expect(try await people.write("PATCH /v1/roles/\(id)", as: .bruno, edit).code == "forbidden")
        }
    }

    @Test func `a changed role changes what its holders may do, and they are told`() async throws {
        try await withPeople { people async throws in
            let id = try await self.make(people)
            let given = #"{"roles":[\#(People.role("porter", at: People.here))]}"#
            let bruno = "/v1/users/\(People.Name.bruno.id)"
            #expect(try await people.write("PUT \(bruno)/roles", as: .owen, given).status == 200)
            let line = "PATCH /v1/roles/\(id)"
            let edited = try await people.write(line, as: .owen, #"{"permissions":["kpi.revenue"]}"#, version: 1)
            #expect(edited.fields["etag"] == "\"2\"")
            #expect(
                try await people.write(line, as: .owen, #"{"name":"Porter"}"#, version: 1).code == "version_conflict")
            let events = try await PGEventLog(people.ground.pools[0]).events(
                of: .tenant(GroundWorld.tenant), after: 0, through: 999, limit: 999, notBefore: nil)
            let changed = try #require(events.last { $0.name == "auth:permissions_changed" })
            #expect(changed.targets.map(\.audience) == [Audience(.user, subject: People.Name.bruno.id.raw)])
            let json = try JSONValue(parsing: changed.projections[0] + Array("}}".utf8))
            #expect(json["permissions"] == ["kpi.revenue"])
            let gained = (json["channels_gained"]?.elements ?? []).compactMap(\.text)
            #expect(gained.contains { $0.contains("kpi") })
            let actor = try await people.world.caller(try await people.token(.bruno)).actor
            #expect(
                actor.may(.kpiRevenue, at: People.here) == .full && actor.may(.auditRead, at: People.here) == .refused)
            #expect(try await people.write(line, as: .nora, #"{"name":"Mine"}"#).code == "not_found")
            #expect(try await people.get("/v1/roles/\(id)", as: .nora).code == "not_found")
        }
    }

    @Test func `a role that is given up is nobody's any more`() async throws {
        try await withPeople { people async throws in
            let id = try await self.make(people)
            let bruno = "/v1/users/\(People.Name.bruno.id)"
            let given = #"{"roles":[\#(People.role("porter", at: People.here)),\#(People.role("auditor"))]}"#
            #expect(try await people.write("PUT \(bruno)/roles", as: .owen, given).status == 200)
            #expect(try await people.write("DELETE /v1/roles/\(id)", as: .nora).code == "not_found")
            #expect(try await people.write("DELETE /v1/roles/\(id)", as: .gina).code == "forbidden")
            #expect(try await people.write("DELETE /v1/roles/\(id)", as: .owen, version: 1).status == 200)
            #expect(try await people.write("DELETE /v1/roles/\(id)", as: .owen).code == "not_found")
            let roles = try await people.get(bruno, as: .owen).json?["roles"]?.elements ?? []
            #expect(roles.compactMap { $0["role"]?.text } == ["auditor"])
            #expect(
                try await people.logged().suffix(4)
                    == ["role:deleted", "user:updated", "user:role_changed", "auth:permissions_changed"])
            // The code may be used again.
            _ = try await self.make(people)
        }
    }
}
