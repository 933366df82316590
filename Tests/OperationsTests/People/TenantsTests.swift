import Hotel
import PGStore
import Ports
import Shared
import StoreSupport
import Testing

@testable import Operations

/// Tenants over REST and the real store: for the platform all of them, for each its own.
@Suite(.timeLimit(.minutes(3))) struct TenantsTests {
    private static let opening =
        #"{"name":"Coral Cove Hotels","contact_email":"office@coral.example","plan_name":"Pro","plan_monthly_price":129.5,"#
        + #""owner":{"name":"Cora","email":"cora@coral.example"}}"#
    private static let aegean = "/v1/tenants/\(GroundWorld.tenant)"

    private func names(_ answer: Answer) -> [String] {
        (answer.json?["items"]?.elements ?? []).compactMap { $0["name"]?.text }
    }

    @Test func `the platform sees all tenants, and each tenant its own alone`() async throws {
        try await withPeople { people async throws in
            for name in [People.Name.root, .pat, .sam] {
                #expect(
                    self.names(try await people.get("/v1/tenants", as: name)) == ["Aegean Bay", "Northern Lights"])
            }
            #expect(self.names(try await people.get("/v1/tenants?q=LIGHTS", as: .pat)) == ["Northern Lights"])
            #expect(self.names(try await people.get("/v1/tenants?status=pending", as: .pat)).isEmpty)
            let first = try await people.get("/v1/tenants?limit=1", as: .pat)
            let next = try #require(first.json?["next"]?.text)
            #expect(
                self.names(try await people.get("/v1/tenants?limit=1&after=\(next)", as: .pat)) == ["Northern Lights"])
            #expect(try await people.get("/v1/tenants", as: .owen).code == "forbidden")
            let own = try await people.get(Self.aegean, as: .rita)
            #expect(own.json?["slug"]?.text == "aegean" && own.json?["users_count"]?.integer == 8)
            #expect(own.json?["properties_count"]?.integer == 2)
            #expect(try await people.get(Self.aegean, as: .nora).code == "not_found")
            #expect(try await people.get("/v1/tenants/\(TenantID.new())", as: .pat).code == "not_found")
            #expect(try await people.get("/v1/tenants/\(TenantID(raw: 0))", as: .root).code == "not_found")
        }
    }

    @Test func `a tenant is opened once, with an owner who comes in by a link`() async throws {
        try await withPeople { people async throws in
            let key = OperationID.new()
            let made = try await people.write("POST /v1/tenants", as: .pat, Self.opening, key: key)
            #expect(made.status == 201)
            let tenant = try #require(made.json?["tenant"])
            #expect(tenant["slug"]?.text == "coral-cove-hotels" && tenant["status"]?.text == "active")
            #expect(tenant["owner"]?["status"]?.text == "invited" && tenant["users_count"]?.integer == 1)
            #expect(tenant["plan_monthly_price"] == .number(try #require(JSONNumber("129.5"))))
            let id = try #require(tenant["id"]?.text.flatMap { TenantID($0) })
            let again = try await people.write("POST /v1/tenants", as: .pat, Self.opening, key: key)
            #expect(again.json?["outcome"]?.text == "duplicate" && again.json?["tenant"]?["id"]?.text == "\(id)")
            let other = Self.opening.replacing("Coral", with: "Koral")
            #expect(try await people.write("POST /v1/tenants", as: .pat, other, key: key).code == "operation_mismatch")
            #expect(try await people.logged(.system) == ["tenant:created", "tenant:approved"])
            #expect(try await people.logged(.tenant(id)) == ["tenant:approved", "user:created"])
            // Twins have one id.
            let twins = "SELECT count(DISTINCT id)::text FROM bellhop.event WHERE name = 'tenant:approved'"
            #expect(try await people.column(twins) == ["1"])

            let token = try #require(made.json?["invitation_token"]?.text)
            #expect(try await people.accept(token).status == 200)
            let cora = try await people.world.login("cora@coral.example", "another word 43")
            let shown = try await people.answer(Laundry.text("GET", "/v1/tenants/\(id)", token: cora.accessToken))
            #expect(shown.json?["owner"]?["status"]?.text == "active" && shown.json?["plan_name"]?.text == "Pro")
            let aegean = try await people.answer(Laundry.text("GET", Self.aegean, token: cora.accessToken))
            #expect(aegean.code == "not_found")
        }
    }

    private func errors(_ people: People, _ body: String) async throws -> [String] {
        try await people.write("POST /v1/tenants", as: .pat, body).fieldErrors
    }

    @Test func `what there is once is not given twice, and a form says all that is wrong`() async throws {
        try await withPeople { people async throws in
            #expect(
                try await self.errors(
                    people, Self.opening.replacing(#""plan_name""#, with: #""slug":"aegean","plan_name""#)) == [
                        "slug taken"
                    ])
            #expect(
                try await self.errors(people, Self.opening.replacing("cora@coral", with: "owen@aegean")) == [
                    "owner.email taken"
                ])
            #expect(
                try await self.errors(people, Self.opening.replacing("Coral Cove Hotels", with: "ΞΕΝΙΑ")) == [
                    "slug required"
                ])
            #expect(
                try await self.errors(people, #"{"name":"x","contact_email":"nobody","plan_monthly_price":-1}"#)
                    == ["name length", "contact_email format", "plan_monthly_price range", "owner required"])
            #expect(try await people.column("SELECT count(*)::text FROM bellhop.tenant") == ["3"])
            for name in [People.Name.sam, .owen] {
                #expect(try await people.write("POST /v1/tenants", as: name, Self.opening).code == "forbidden")
            }
            // Two at once under one name.
            async let one = people.write("POST /v1/tenants", as: .pat, Self.opening)
            async let two = people.write(
                "POST /v1/tenants", as: .root, Self.opening.replacing("cora@", with: "cara@"))
            #expect(try await [one.status, two.status].sorted() == [201, 422])
        }
    }

    @Test func `an owner edits what is theirs to edit, in the version that was seen`() async throws {
        try await withPeople { people async throws in
            let line = "PATCH \(Self.aegean)"
            let edited = try await people.write(line, as: .owen, #"{"name":"Aegean Bay Resorts"}"#, version: 1)
            #expect(edited.json?["tenant"]?["name"]?.text == "Aegean Bay Resorts" && edited.fields["etag"] == "\"2\"")
            #expect(try await people.write(line, as: .owen, #"{"name":"Old"}"#, version: 1).code == "version_conflict")
            #expect(try await people.logged(.system) == ["tenant:updated"])
            #expect(try await people.logged() == ["account:updated"])
            for body in [#"{"plan_monthly_price":0}"#, #"{"slug":"mine"}"#, #"{"plan_name":null}"#] {
                #expect(try await people.write(line, as: .owen, body).code == "forbidden")
            }
            #expect(try await people.write(line, as: .pat, #"{"plan_name":"Pro"}"#).status == 200)
            #expect(try await people.write(line, as: .pat, #"{"slug":"northern"}"#).fieldErrors == ["slug taken"])
            #expect(try await people.write(line, as: .gina, #"{"name":"Mine"}"#).code == "forbidden")
            #expect(try await people.write(line, as: .nora, #"{"name":"Mine"}"#).code == "not_found")
            #expect(try await people.write(line, as: .sam, #"{"name":"Mine"}"#).code == "forbidden")
            // Staff do not see what the owner pays.
            #expect(try await people.get(Self.aegean, as: .rita).json?["plan_name"] == .null)
            #expect(try await people.get(Self.aegean, as: .owen).json?["plan_name"]?.text == "Pro")
        }
    }

    @Test func `a suspended tenant is out at once, and comes back`() async throws {
        try await withPeople { people async throws in
            let rita = try await people.token(.rita)
            let suspend = "POST \(Self.aegean)/suspend"
            #expect(try await people.write(suspend, as: .owen, #"{"reason":"x"}"#).code == "forbidden")
            let answer = try await people.write(suspend, as: .pat, #"{"reason":"Unpaid"}"#)
            #expect(answer.json?["tenant"]?["suspend_reason"]?.text == "Unpaid")
            #expect(try await people.logged() == ["tenant:suspended"])
            #expect(try await people.logged(.system) == ["tenant:suspended"])
            #expect(try await people.world.refusal(bearing: rita) == .tenantSuspended)
            #expect(try await people.write(suspend, as: .pat, #"{"reason":"x"}"#).code == "transition_not_allowed")
            #expect(try await people.write("POST \(Self.aegean)/approve", as: .pat).code == "transition_not_allowed")
            #expect(try await people.write("POST \(Self.aegean)/reinstate", as: .pat).status == 200)
            #expect(try await people.world.refusal(bearing: rita) == nil)
        }
    }

    @Test func `an applicant is let in with a link for the owner, or turned away`() async throws {
        try await withPeople { people async throws in
            try await people.ground.database.run(
                """
                UPDATE bellhop.tenant SET status = 'pending', owner_user_id = '\(People.Name.nora.id)'
                    WHERE tenant_id = '\(People.northern)';
                UPDATE bellhop.app_user SET status = 'invited', password_hash = NULL WHERE id = '\(People.Name.nora.id)';
                UPDATE bellhop.tenant SET status = 'pending' WHERE tenant_id = '\(GroundWorld.tenant)';
                """)
            let north = "/v1/tenants/\(People.northern)"
            let approved = try await people.write("POST \(north)/approve", as: .pat, version: 1)
            let token = try #require(approved.json?["invitation_token"]?.text)
            #expect(try await people.accept(token).status == 200)
            _ = try await people.world.login("nora@northern.example", "another word 43")
            let rejected = try await people.write("POST \(Self.aegean)/reject", as: .pat, #"{"reason":"No"}"#)
            #expect(rejected.json?["tenant"]?["status"]?.text == "closed")
            #expect(try await people.logged(.system) == ["tenant:approved", "tenant:rejected"])
        }
    }

    @Test func `a closed tenant shows nowhere, and only who may closes it`() async throws {
        try await withPeople { people async throws in
            let rita = try await people.token(.rita)
            let line = "DELETE \(Self.aegean)"
            #expect(try await people.write(line, as: .pat).code == "forbidden")
            #expect(try await people.write(line, as: .owen).code == "forbidden")
            #expect(try await people.write(line, as: .nora).code == "not_found")
            #expect(try await people.write(line, as: .root, version: 7).code == "version_conflict")
            #expect(try await people.write(line, as: .root, version: 1).json?["tenant"]?["status"]?.text == "closed")
            #expect(self.names(try await people.get("/v1/tenants", as: .pat)) == ["Northern Lights"])
            #expect(try await people.get(Self.aegean, as: .pat).code == "not_found")
            #expect(try await people.get("/v1/users?tenant_id=\(GroundWorld.tenant)", as: .pat).code == "not_found")
            #expect(try await people.world.refusal(bearing: rita) == .unauthenticated)
            #expect(try await people.write(line, as: .root).code == "not_found")
            // What is closed is not the platform, whatever is missing of it.
            let body = People.invitation("x@y.example", People.role("super_admin"))
            let invited = try await people.write("POST /v1/users?tenant_id=\(GroundWorld.tenant)", as: .root, body)
            #expect(invited.code == "not_found")
            #expect(try await people.logged(.system) == ["tenant:deleted"])
        }
    }
}
