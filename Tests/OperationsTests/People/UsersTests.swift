import Hotel
import PGStore
import Ports
import Shared
import StoreSupport
import Testing

@testable import Operations

/// Accounts over REST and the real store: who sees whom, who may do what, and what is told of it.
@Suite(.timeLimit(.minutes(3))) struct UsersTests {
    private func names(_ answer: Answer) -> [String] {
        (answer.json?["items"]?.elements ?? []).compactMap { $0["name"]?.text }
    }

    @Test func `everybody sees whom they manage, and nobody of another tenant`() async throws {
        try await withPeople { people async throws in
            let all = ["Ada", "Ada", "bruno", "gina", "gus", "hanna", "owen", "rita"]
            #expect(self.names(try await people.get("/v1/users", as: .owen)) == all)
            #expect(self.names(try await people.get("/v1/users", as: .gina)) == ["gina", "hanna", "rita"])
            #expect(self.names(try await people.get("/v1/users", as: .gus)) == ["bruno", "gus"])
            #expect(self.names(try await people.get("/v1/users", as: .hanna)) == ["hanna", "rita"])
            #expect(self.names(try await people.get("/v1/users", as: .nora)) == ["Ada", "nora"])
            #expect(self.names(try await people.get("/v1/users", as: .root)) == ["Ada", "pat", "sam"])
            let there = try await people.get("/v1/users?tenant_id=\(People.northern)", as: .pat)
            #expect(self.names(there) == ["Ada", "nora"])
            // Who manages nobody has no list, and support none either; a tenant's own never say another.
            #expect(try await people.get("/v1/users", as: .rita).code == "forbidden")
            #expect(try await people.get("/v1/users?tenant_id=\(People.northern)", as: .sam).code == "forbidden")
            #expect(try await people.get("/v1/users?tenant_id=\(People.northern)", as: .owen).status == 404)
            #expect(try await people.get("/v1/users?tenant_id=\(TenantID.new())", as: .pat).status == 404)

            let rita = "/v1/users/\(People.Name.rita.id)"
            #expect(try await people.get(rita, as: .gina).json?["email"]?.text == "rita@aegean.example")
            #expect(try await people.get(rita, as: .rita).status == 200)
            for stranger in [People.Name.gus, .bruno, .nora] {
                #expect(try await people.get(rita, as: stranger).code == "not_found", "\(stranger)")
            }
            #expect(try await people.get(rita, as: .pat).code == "not_found")
            #expect(try await people.get("\(rita)?tenant_id=\(GroundWorld.tenant)", as: .pat).status == 200)
        }
    }

    @Test func `lists are filtered, and paged by name`() async throws {
        try await withPeople { people async throws in
            #expect(self.names(try await people.get("/v1/users?q=G", as: .owen)) == ["gina", "gus"])
            #expect(self.names(try await people.get("/v1/users?q=%25", as: .owen)).isEmpty)
            let attendants = try await people.get("/v1/users?role=room_attendant", as: .owen)
            #expect(self.names(attendants) == ["bruno", "rita"])
            // A role at all properties counts at each.
            let there = try await people.get("/v1/users?property_id=\(People.there)", as: .owen)
            #expect(self.names(there) == ["Ada", "Ada", "bruno", "gus", "owen"])
            #expect(self.names(try await people.get("/v1/users?status=suspended", as: .owen)).isEmpty)
            #expect(try await people.get("/v1/users?status=gone", as: .owen).fieldErrors == ["status enum"])
            var found: [String] = []
            var next: String? = "/v1/users?limit=3"
            while let target = next {
                let page = try await people.get(target, as: .owen)
                found += self.names(page)
                next = page.json?["next"]?.text.map { "/v1/users?limit=3&after=\($0)" }
            }
            #expect(found == ["Ada", "Ada", "bruno", "gina", "gus", "hanna", "owen", "rita"])
        }
    }

    @Test func `an invitation is told once, kept as a hash, and good once`() async throws {
        try await withPeople { people async throws in
            let key = OperationID.new()
            let body = People.invitation("Lena@Aegean.example", People.role("room_attendant", at: People.here))
            let answer = try await people.write("POST /v1/users", as: .gina, body, key: key)
            #expect(answer.status == 201 && answer.fields["etag"] == "\"1\"")
            let user = try #require(answer.json?["user"])
            #expect(user["status"]?.text == "invited" && user["invitation_expires_at"]?.text != nil)
            let token = try #require(answer.json?["invitation_token"]?.text)
            let again = try await people.write("POST /v1/users", as: .gina, body, key: key)
            #expect(again.json?["outcome"]?.text == "duplicate" && again.json?["invitation_token"] == .null)
            #expect(again.json?["user"] == user)
            for table in ["user_invitation", "operation", "event", "event_personal", "audit_log"] {
                let rows = try await people.column("SELECT t::text FROM bellhop.\(table) t")
                #expect(!rows.contains { $0.contains(token) }, "\(table)")
            }
            let audited = try await people.column("SELECT t::text FROM bellhop.audit_log t")
            #expect(!audited.contains { $0.lowercased().contains("lena@") })
            #expect(try await people.logged(of: "user:") == ["user:created"])
            #expect(people.told.count == 1)

            #expect(try await people.accept(token, "lena").fieldErrors == ["password length"])
            #expect(try await people.accept("x" + token.dropFirst()).code == "unauthenticated")
            #expect(try await people.accept("nonsense").code == "unauthenticated")
            let accepted = try await people.accept(token)
            #expect(accepted.status == 200 && accepted.json?["email"]?.text == "lena@aegean.example")
            #expect(try await people.accept(token).code == "unauthenticated")
            let signedIn = try await people.world.login("lena@aegean.example", "another word 43")
            #expect(signedIn.profile.roles == ["room_attendant"])
            #expect(
                try await people.logged().filter { !$0.hasPrefix("auth:login") }
                    == ["user:created", "user:updated", "auth:account_activated"])
        }
    }

    @Test func `a link is void when a newer one was made, and when its time is over`() async throws {
        try await withPeople { people async throws in
            let body = People.invitation("lena@aegean.example", People.role("room_attendant", at: People.here))
            let answer = try await people.write("POST /v1/users", as: .gina, body)
            let first = try #require(answer.json?["invitation_token"]?.text)
            let id = try #require(answer.json?["user"]?["id"]?.text)
            let again = try await people.write("POST /v1/users/\(id)/invite", as: .gina)
            let second = try #require(again.json?["invitation_token"]?.text)
            #expect(try await people.accept(first).code == "unauthenticated")
            try await people.ground.database.run("UPDATE bellhop.user_invitation SET expires_at = now()")
            #expect(try await people.accept(second).code == "unauthenticated")
            #expect(try await people.get("/v1/users/\(id)", as: .gina).json?["invitation_expires_at"] == .null)
            // Nobody is invited who is in already.
            let rita = try await people.write("POST /v1/users/\(People.Name.rita.id)/invite", as: .gina)
            #expect(rita.code == "transition_not_allowed")
        }
    }

    @Test func `of two who follow one link at once, one is let in`() async throws {
        try await withPeople { people async throws in
            let body = People.invitation("lena@aegean.example", People.role("room_attendant", at: People.here))
            let answer = try await people.write("POST /v1/users", as: .gina, body)
            let token = try #require(answer.json?["invitation_token"]?.text)
            async let one = people.accept(token, "another word 43")
            async let two = people.accept(token, "another word 44")
            #expect(try await [one.status, two.status].sorted() == [200, 401])
        }
    }

    @Test func `an address is one person's everywhere, and whose it is is not said`() async throws {
        try await withPeople { people async throws in
            let taken = People.invitation("NORA@northern.example", People.role("room_attendant", at: People.here))
            let answer = try await people.write("POST /v1/users", as: .owen, taken)
            #expect(answer.status == 422 && answer.fieldErrors == ["email taken"])
            #expect(!String(decoding: answer.body, as: UTF8.self).contains("orthern"))
            let edit = try await people.write(
                "PATCH /v1/users/\(People.Name.rita.id)", as: .owen, #"{"email":"root@bellhop.example"}"#)
            #expect(edit.fieldErrors == ["email taken"])
            // Two tenants at the same moment.
            async let one = people.write(
                "POST /v1/users", as: .owen,
                People.invitation("lena@lena.example", People.role("room_attendant", at: People.here)))
            async let two = people.write(
                "POST /v1/users", as: .nora, People.invitation("Lena@lena.example", People.role("accountant")))
            #expect(try await [one.status, two.status].sorted() == [201, 422])
            #expect(
                try await people.column(
                    "SELECT count(*)::text FROM bellhop.app_user WHERE email_key = 'lena@lena.example'") == ["1"])
            #expect(try await people.column("SELECT count(*)::text FROM bellhop.user_invitation") == ["1"])
        }
    }

    /// How an invitation with such roles is refused.
    private func refusal(_ people: People, _ roles: String, by name: People.Name) async throws -> String {
        let answer = try await people.write("POST /v1/users", as: name, People.invitation("x@y.example", roles))
        return answer.code == "validation_failed" ? answer.fieldErrors.joined() : answer.code ?? "none"
    }

    @Test func `nobody gives what is not theirs to give`() async throws {
        try await withPeople { people async throws in
            #expect(try await self.refusal(people, People.role("tenant_owner"), by: .gina) == "forbidden")
            #expect(
                try await self.refusal(people, People.role("room_attendant", at: People.there), by: .gina)
                    == "forbidden")
            #expect(try await self.refusal(people, People.role("room_attendant"), by: .gina) == "forbidden")
            #expect(
                try await self.refusal(people, People.role("front_desk_agent", at: People.here), by: .hanna)
                    == "forbidden")
            #expect(try await self.refusal(people, People.role("resident", at: People.here), by: .owen) == "forbidden")
            #expect(
                try await self.refusal(people, People.role("room_attendant", at: People.here), by: .rita) == "forbidden"
            )
            #expect(
                try await self.refusal(people, People.role("super_admin"), by: .owen) == "roles[0].role unknown_code")
            #expect(try await self.refusal(people, People.role("super_admin"), by: .pat) == "forbidden")
            #expect(
                try await self.refusal(people, People.role("tenant_owner"), by: .root) == "roles[0].role unknown_code")
            #expect(
                try await self.refusal(people, People.role("tenant_owner", at: People.here), by: .owen)
                    == "roles[0].property_id enum")
            #expect(
                try await self.refusal(people, People.role("room_attendant", at: PropertyID.new()), by: .owen)
                    == "roles[0].property_id unknown_code")
            #expect(
                try await self.refusal(
                    people, People.role("room_attendant", at: People.there, in: People.housekeeping), by: .owen)
                    == "roles[0].department_id unknown_code")
            #expect(try await self.refusal(people, "", by: .owen) == "roles length")
            // Another tenant's property is as unknown as none.
            #expect(
                try await self.refusal(people, People.role("room_attendant", at: People.here), by: .nora)
                    == "roles[0].property_id unknown_code")
            let supervised = People.role("room_attendant", at: People.here, in: People.housekeeping)
            #expect(try await self.refusal(people, supervised, by: .hanna) == "none")
        }
    }

    @Test func `a correction is told, and one that is based on what was is refused`() async throws {
        try await withPeople { people async throws in
            let line = "PATCH /v1/users/\(People.Name.rita.id)"
            let edited = try await people.write(
                line, as: .gina, #"{"name":"Rita R.","phone":"+30 210 1234567","job_title":"Attendant"}"#, version: 1)
            #expect(edited.json?["user"]?["phone"]?.text == "+302101234567" && edited.fields["etag"] == "\"2\"")
            let stale = try await people.write(line, as: .gina, #"{"name":"Rita S."}"#, version: 1)
            #expect(stale.code == "version_conflict")
            #expect(stale.json?["error"]?["current"]?["version"]?.integer == 2)
            let cleared = try await people.write(line, as: .gina, #"{"phone":null}"#)
            #expect(cleared.json?["user"]?["phone"] == .null && cleared.json?["user"]?["name"]?.text == "Rita R.")
            // Saying again what holds is no change.
            let same = try await people.write(line, as: .gina, #"{"name":"Rita R."}"#, version: 3)
            #expect(same.status == 200 && same.fields["etag"] == "\"3\"")
            #expect(try await people.logged(of: "user:") == ["user:updated", "user:updated"])
            #expect(try await people.write(line, as: .gus, #"{"name":"Mine"}"#).code == "not_found")
            #expect(try await people.write(line, as: .nora, #"{"name":"Mine"}"#).code == "not_found")
            #expect(try await people.write(line, as: .rita, #"{"name":"Me"}"#).code == "forbidden")
            #expect(
                try await people.write(line, as: .owen, #"{"status":"active"}"#).fieldErrors == ["status unknown_field"]
            )
            let log = try await people.column(
                "SELECT changes::text FROM bellhop.event WHERE name = 'user:updated' ORDER BY seq LIMIT 1")
            #expect(log.first?.contains("phone") == true && log.first?.contains("210") == false)
        }
    }

    @Test func `roles are replaced, and what that takes away is said`() async throws {
        try await withPeople { people async throws in
            let line = "PUT /v1/users/\(People.Name.hanna.id)/roles"
            let old = try await people.token(.hanna)
            let kept = People.role("housekeeping_supervisor", at: People.here, in: People.housekeeping)
            let more = #"{"roles":[\#(kept),\#(People.role("front_desk_agent", at: People.here))]}"#
            #expect(try await people.write(line, as: .gina, more).status == 200)
            let less = #"{"roles":[\#(People.role("front_desk_agent", at: People.here))]}"#
            let answer = try await people.write(line, as: .gina, less, version: 2)
            #expect(answer.json?["user"]?["roles"]?.elements?.count == 1)
            // The session goes on with what is left.
            #expect(try await people.world.caller(old).actor.assignments.map(\.role.code) == ["front_desk_agent"])
            let told = try await PGEventLog(people.ground.pools[0]).events(
                of: .tenant(GroundWorld.tenant), after: 0, through: 999, limit: 999, notBefore: nil)
            let changed = try #require(told.last { $0.name == "auth:permissions_changed" })
            #expect(changed.targets.map(\.audience) == [Audience(.user, subject: People.Name.hanna.id.raw)])
            let json = try JSONValue(parsing: changed.projections[0] + Array("}}".utf8))
            let lost = (json["channels_lost"]?.elements ?? []).compactMap(\.text)
            #expect(
                lost.contains { $0.contains("dept") && $0.contains("hk") }
                    && !lost.contains { $0.contains("frontdesk") })
            let names = try await people.logged(of: "user:")
            #expect(names == ["user:updated", "user:role_changed", "user:updated", "user:role_changed"])
            // To give somebody to another house takes somebody who has both.
            let away = #"{"roles":[\#(People.role("room_attendant", at: People.there))]}"#
            #expect(try await people.write(line, as: .gina, away).code == "forbidden")
            #expect(try await people.write(line, as: .gus, away).code == "not_found")
            #expect(try await people.write(line, as: .hanna, more).code == "forbidden")
            #expect(try await people.write(line, as: .owen, away).status == 200)
            #expect(try await people.get("/v1/users/\(People.Name.hanna.id)", as: .gina).status == 404)
        }
    }

    @Test func `a suspended user is out at once, and comes back when let in`() async throws {
        try await withPeople { people async throws in
            let token = try await people.token(.rita)
            let line = "POST /v1/users/\(People.Name.rita.id)"
            #expect(try await people.write("\(line)/suspend", as: .gina, "{}").fieldErrors == ["reason required"])
            let suspended = try await people.write("\(line)/suspend", as: .gina, #"{"reason":"Lost her key"}"#)
            #expect(suspended.json?["user"]?["status"]?.text == "suspended")
            #expect(try await people.world.refusal(bearing: token) == .unauthenticated)
            #expect(
                try await people.world.refusal("rita@aegean.example", GroundWorld.password) == .userSuspended)
            let sessions =
                "SELECT DISTINCT revoke_reason FROM bellhop.user_session WHERE user_id = '\(People.Name.rita.id)'"
            #expect(try await people.column(sessions) == ["epoch_raised"])
            #expect(
                try await people.logged()
                    == ["user:updated", "auth:account_suspended", "auth:session_revoked"])
            #expect(
                try await people.column("SELECT t::text FROM bellhop.audit_log t").allSatisfy { !$0.contains("key") })
            let again = try await people.write("\(line)/suspend", as: .gina, #"{"reason":"Again"}"#)
            #expect(again.code == "transition_not_allowed")
            #expect(try await people.write("\(line)/activate", as: .gina).status == 200)
            _ = try await people.token(.rita)
            #expect(try await people.write("\(line)/suspend", as: .gus, #"{"reason":"No"}"#).code == "not_found")
        }
    }

    @Test func `a reset voids the password, and only its link sets another`() async throws {
        try await withPeople { people async throws in
            let token = try await people.token(.rita)
            let answer = try await people.write("POST /v1/users/\(People.Name.rita.id)/reset-password", as: .gina)
            let link = try #require(answer.json?["invitation_token"]?.text)
            #expect(answer.json?["user"]?["status"]?.text == "active")
            #expect(try await people.world.refusal(bearing: token) == .unauthenticated)
            for password in [GroundWorld.password, "", "!"] {
                #expect(try await people.world.refusal("rita@aegean.example", password) == .unauthenticated)
            }
            #expect(try await people.accept(link).status == 200)
            _ = try await people.world.login("rita@aegean.example", "another word 43")
            #expect(
                try await people.logged(of: "auth:")
                    == ["auth:password_changed", "auth:session_revoked", "auth:password_changed"])
        }
    }

    @Test func `who is deleted is gone, and the address is free`() async throws {
        try await withPeople { people async throws in
            let line = "DELETE /v1/users/\(People.Name.rita.id)"
            #expect(try await people.write(line, as: .gina, version: 9).code == "version_conflict")
            #expect(try await people.write(line, as: .gus).code == "not_found")
            #expect(try await people.write(line, as: .gina, version: 1).json?["user"]?["status"]?.text == "deleted")
            #expect(try await people.get("/v1/users/\(People.Name.rita.id)", as: .gina).status == 404)
            #expect(try await people.write(line, as: .gina).code == "not_found")
            #expect(try await people.logged(of: "user:") == ["user:deleted"])
            let body = People.invitation("rita@aegean.example", People.role("room_attendant", at: People.here))
            #expect(try await people.write("POST /v1/users", as: .gina, body).status == 201)
            #expect(try await people.write("DELETE /v1/users/\(People.Name.gina.id)", as: .gina).code == "forbidden")
        }
    }

    @Test func `somebody always owns the tenant, whoever acts at the same time`() async throws {
        try await withPeople { people async throws in
            let owen = "/v1/users/\(People.Name.owen.id)"
            let within = "?tenant_id=\(GroundWorld.tenant)"
            for line in ["DELETE \(owen)\(within)", "POST \(owen)/suspend\(within)"] {
                let body = line.hasPrefix("POST") ? #"{"reason":"x"}"# : nil
                let answer = try await people.write(line, as: .root, body)
                #expect(answer.code == "transition_not_allowed")
                #expect(answer.json?["error"]?["params"]?["reason"]?.text == "last_tenant_owner")
            }
            let demoted = #"{"roles":[\#(People.role("auditor"))]}"#
            #expect(
                try await people.write("PUT \(owen)/roles\(within)", as: .root, demoted).code
                    == "transition_not_allowed")
            // Two owners who remove each other at once: one of them stays.
            let bob = "/v1/users/\(GroundWorld.bob.id)"
            let owner = #"{"roles":[\#(People.role("tenant_owner"))]}"#
            #expect(try await people.write("PUT \(bob)/roles", as: .owen, owner).status == 200)
            async let one = people.write("DELETE \(owen)\(within)", as: .root)
            async let two = people.write("DELETE \(bob)\(within)", as: .pat)
            #expect(try await [one.status, two.status].sorted() == [200, 409])
            // The same for the platform itself.
            let root = try await people.write("DELETE /v1/users/\(People.Name.root.id)", as: .pat)
            #expect(root.code == "forbidden")
        }
    }
}
