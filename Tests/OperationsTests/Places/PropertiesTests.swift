import Hotel
import Shared
import StoreSupport
import Testing

@testable import Operations

@Suite(.timeLimit(.minutes(3))) struct PropertiesTests {
    private let new = """
        {"code":"LIS","name":"Lisbon House","timezone":"Europe/Lisbon","currency":"EUR","address":{"city":"Lisboa"},
         "check_in_time":"14:30","settings":{"wifi":"blue door"},"dnd_welfare_hours":30}
        """

    @Test func `a property is opened, seen, changed and archived, and each is told and audited`() async throws {
        try await withHouse { house async throws in
            let made = try await house.write("POST", "/v1/properties", self.new)
            #expect(made.status == 201 && made.fields["etag"] == "\"1\"")
            let property = try #require(made.json?["property"])
            #expect(property["status"] == "draft" && property["roll_mode"] == "auto" && property["version"] == 1)
            #expect(property["check_in_time"] == "14:30" && property["day_roll_time"] == "03:00")
            #expect(property["dnd_welfare_hours"] == 30 && property["requires_inspection"] == true)
            let today = try await house.column(
                "SELECT ((now() AT TIME ZONE 'Europe/Lisbon') - time '03:00')::date::text")
            #expect(property["business_date"]?.text == today.first)
            let path = "/v1/properties/\(try #require(property["id"]?.text))"
            let seen = try await house.get(path)
            #expect(seen.json == property && seen.fields["etag"] == "\"1\"")

            let live = try await house.write(
                "PATCH", path, version: 1, #"{"status":"live","turndown_enabled":true,"settings":{"wifi":"crimson"}}"#)
            #expect(live.status == 200 && live.json?["property"]?["version"] == 2)
            #expect(live.json?["property"]?["status"] == "live")
            // What is so already is no change.
            let same = try await house.write("PATCH", path, version: 2, #"{"status":"live"}"#)
            #expect(same.status == 200 && same.json?["property"]?["version"] == 2)
            #expect(same.json?["seq"] == live.json?["seq"])
            let back = try await house.write("PATCH", path, version: 2, #"{"status":"draft"}"#)
            #expect(back.code == "transition_not_allowed" && back.current?["allowed"] == ["archived"])
            let gone = try await house.write("DELETE", path, version: 2)
            #expect(gone.status == 200 && gone.json?["property"]?["status"] == "archived")
            #expect(
                try await house.write("PATCH", path, version: 3, #"{"name":"Again"}"#).code == "transition_not_allowed")
            #expect(try await house.write("DELETE", path).code == "transition_not_allowed")
            #expect(try await house.get(path).json?["status"] == "archived")

            let events = try await house.column(
                """
                SELECT name || ' ' || (stream = tenant_id) FROM bellhop.event ORDER BY name, stream = tenant_id
                """)
            #expect(
                events == [
                    "property:archived true", "property:created false", "property:created true",
                    "property:updated true",
                ])
            #expect(house.bus.messages == 4)
            // What stands in free settings is told to nobody and not kept for ever.
            let told = try await house.column(
                "SELECT string_agg(convert_from(p, 'UTF8'), '') FROM bellhop.event, unnest(projections) p")
            #expect(!told[0].contains("blue") && !told[0].contains("crimson") && told[0].contains("Lisboa"))
            let audit = try await house.column(
                "SELECT concat_ws(' ', action, after->>'status', after->>'settings') FROM bellhop.audit_log WHERE outcome = 'applied' ORDER BY seq"
            )
            #expect(
                audit == [
                    "property:create draft", "property:update live …", "property:update", "property:archive archived",
                ])
        }
    }

    @Test func `what is wrong with a property is said field by field`() async throws {
        try await withHouse { house async throws in
            let wrong = try await house.write(
                "POST", "/v1/properties",
                #"{"code":"","name":"x","timezone":"Nowhere","currency":"EURO","check_in_time":"25:00","settings":[],"colour":1}"#
            )
            #expect(
                wrong.fieldErrors == [
                    "code length", "name length", "timezone format", "currency length", "check_in_time range",
                    "settings type", "colour unknown_field",
                ])
            for zone in ["Europe/Atlantis", "europe/lisbon", "Abc5/Def"] {
                let body = self.new.replacing("Europe/Lisbon", with: zone)
                let answer = try await house.write("POST", "/v1/properties", body)
                #expect(answer.fieldErrors == ["timezone enum"], "\(zone)")
            }
            // PostgreSQL takes no NUL, and nobody shall find out how it says so.
            let nul = self.new.replacing("blue door", with: #"\u0000"#)
            #expect(try await house.write("POST", "/v1/properties", nul).fieldErrors == ["settings format"])
            let huge = self.new.replacing("blue door", with: String(repeating: "x", count: 20_000))
            #expect(try await house.write("POST", "/v1/properties", huge).fieldErrors == ["settings length"])
            let taken = try await house.write("POST", "/v1/properties", self.new.replacing("LIS", with: "aeg"))
            #expect(taken.status == 422 && taken.fieldErrors == ["code taken"])
            let renamed = try await house.write(
                "PATCH", "/v1/properties/\(house.annex)", version: 1, #"{"code":"AEG"}"#)
            #expect(renamed.fieldErrors == ["code taken"])
            let zone = try await house.write(
                "PATCH", "/v1/properties/\(house.annex)", version: 1, #"{"timezone":"Europe/Atlantis"}"#)
            #expect(zone.fieldErrors == ["timezone enum"])
            let archived = try await house.write(
                "PATCH", "/v1/properties/\(house.annex)", version: 1, #"{"status":"archived"}"#)
            #expect(archived.fieldErrors == ["status enum"])
            #expect(try await house.column("SELECT count(*)::text FROM bellhop.event") == ["0"])
        }
    }

    @Test func `who may do what, and who sees what`() async throws {
        try await withHouse { house async throws in
            let (own, annex) = ("/v1/properties/\(house.hotel.property)", "/v1/properties/\(house.annex)")
            #expect(try await house.get("/v1/properties").texts("code") == ["AEG", "SEA"])
            #expect(try await house.get("/v1/properties?limit=1").texts("code") == ["AEG"])
            let next = try #require(try await house.get("/v1/properties?limit=1").json?["next"]?.text)
            #expect(try await house.get("/v1/properties?limit=1&after=\(next)").texts("code") == ["SEA"])
            #expect(try await house.get("/v1/properties?status=live").texts("code") == [])
            #expect(try await house.get("/v1/properties", as: "manager").texts("code") == ["AEG"])
            #expect(try await house.get(annex, as: "manager").status == 404)
            #expect(try await house.get(own, as: "desk").status == 200)
            // Whoever manages one opens no other; whoever sees it need not manage it; another's is not there.
            #expect(try await house.write("POST", "/v1/properties", as: "manager", self.new).code == "forbidden")
            #expect(try await house.write("PATCH", own, as: "desk", version: 1, "{}").code == "forbidden")
            #expect(try await house.write("PATCH", annex, as: "manager", version: 1, "{}").code == "not_found")
            let name = #"{"name":"Aegean Cove"}"#
            #expect(try await house.write("PATCH", own, as: "manager", version: 1, name).status == 200)
            for (method, body) in [("GET", nil), ("PATCH", name), ("DELETE", nil)] {
                let version: Int64? = method == "PATCH" ? 2 : nil
                let answer =
                    method == "GET"
                    ? try await house.get(own, as: "northern")
                    : try await house.write(method, own, as: "northern", version: version, body)
                #expect(answer.code == "not_found", "\(method)")
            }
            #expect(try await house.get("/v1/properties", as: "northern").json?["items"]?.elements?.count == 1)
            #expect(
                try await house.get("/v1/properties?tenant_id=\(house.hotel.tenant)", as: "northern").code
                    == "not_found")
        }
    }

    @Test func `the platform's staff say whose property it is`() async throws {
        try await withHouse { house async throws in
            let tenant = "?tenant_id=\(house.hotel.tenant)"
            #expect(try await house.get("/v1/properties", as: "admin").fieldErrors == ["tenant_id required"])
            #expect(try await house.get("/v1/properties" + tenant, as: "admin").texts("code") == ["AEG", "SEA"])
            #expect(try await house.get("/v1/properties?tenant_id=\(TenantID.new())", as: "admin").status == 404)
            // Support is let in by the owner or not at all.
            #expect(try await house.get("/v1/properties" + tenant, as: "support").texts("code") == [])
            let made = try await house.write("POST", "/v1/properties" + tenant, as: "admin", self.new)
            #expect(made.status == 201)
            let lost = try await house.write(
                "POST", "/v1/properties?tenant_id=\(TenantID.new())", as: "admin", self.new)
            #expect(lost.code == "not_found")
            let owner = try await house.column("SELECT tenant_id::text FROM bellhop.property WHERE code = 'LIS'")
            #expect(owner == [house.hotel.tenant.description])
        }
    }

    @Test func `an edit of what is no more is refused and shows what is`() async throws {
        try await withHouse(connections: 4) { house async throws in
            let path = "/v1/properties/\(house.hotel.property)"
            #expect(try await house.write("PATCH", path, "{}").fieldErrors == ["If-Match required"])
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for index in 0..<10 {
                    group.addTask {
                        try await house.write("PATCH", path, version: 1, #"{"name":"House \#(index)"}"#).status
                    }
                }
                return try await group.reduce(into: [Int]()) { $0.append($1) }
            }
            #expect(statuses.count { $0 == 200 } == 1 && statuses.count { $0 == 409 } == 9)
            let late = try await house.write("PATCH", path, version: 1, #"{"name":"Late"}"#)
            #expect(late.code == "version_conflict" && late.current?["version"] == 2)
            let present = try await house.get(path)
            #expect(late.current?["property"] == present.json)
            #expect(try await house.write("DELETE", path, version: 1).code == "version_conflict")
        }
    }

    @Test func `nobody is locked out of a house that is archived`() async throws {
        try await withHouse { house async throws in
            try await house.database.run(
                "UPDATE bellhop.room SET fo_occupancy = 'occupied' WHERE id = '\(house.hotel.rooms[1])'")
            let path = "/v1/properties/\(house.hotel.property)"
            let refused = try await house.write("DELETE", path)
            #expect(refused.code == "room_occupied" && refused.current?["rooms"] == ["102"])
            try await house.database.run("UPDATE bellhop.room SET fo_occupancy = 'vacant'")
            #expect(try await house.write("DELETE", path).status == 200)
            // Then nothing is configured there any more.
            let body = #"{"property_id":"\#(house.hotel.property)","code":"X","name":"Xx","kind":"spa"}"#
            let late = try await house.write("POST", "/v1/departments", body)
            #expect(
                late.code == "transition_not_allowed"
                    && late.json?["error"]?["params"]?["reason"] == "property_archived")
        }
    }

    @Test func `a repeat is answered what the first was`() async throws {
        try await withHouse { house async throws in
            let key = OperationID.new()
            let first = try await house.write("POST", "/v1/properties", self.new, key: key)
            let again = try await house.write("POST", "/v1/properties", self.new, key: key)
            #expect(again.status == 200 && again.json?["outcome"] == "duplicate")
            #expect(again.json?["property"]?["id"] == first.json?["property"]?["id"])
            #expect(try await house.column("SELECT count(*)::text FROM bellhop.property WHERE code = 'LIS'") == ["1"])
        }
    }
}

extension String {
    /// The standard library alone has no such function.
    func replacing(_ text: String, with other: String) -> String {
        var result: [UInt8] = []
        var rest = Array(self.utf8)[...]
        while !rest.isEmpty {
            if rest.starts(with: text.utf8) {
                result += other.utf8
                rest = rest.dropFirst(text.utf8.count)
            } else {
                result.append(rest.removeFirst())
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
