import Hotel
import Shared
import StoreSupport
import Testing

@testable import Operations

@Suite(.timeLimit(.minutes(3))) struct AuditAPITests {
    /// Some of everything: at the property, at the annex, refused, of the tenant, and about money.
    private func act(_ house: House) async throws {
        let room = "/v1/rooms/\(house.hotel.rooms[0])"
        _ = try await house.write("PATCH", room, as: "housekeeper", #"{"hk_status":"clean"}"#)
        _ = try await house.write("PATCH", room, as: "desk", #"{"hk_status":"clean"}"#)
        _ = try await house.write("PATCH", "/v1/properties/\(house.annex)", version: 1, #"{"name":"Sea House"}"#)
        await house.attempts.settle()
        let chain = house.hotel.tenant
        let row = { (property: PropertyID?) in
            let place = property.map { #""property_id":"\#($0)","# } ?? ""
            return """
                {"action":"invoice:issue","entity_type":"invoice","outcome":"applied",\(place)
                 "actor":{"type":"user","id":null},"correlation_id":"\(CorrelationID.new())"}
                """
        }
        try await house.database.run(
            """
            SET bellhop.tenant = '\(chain)';
            SELECT bellhop.append_audit('\(chain)', '[\(row(house.hotel.property)),\(row(nil))]')
            """)
    }

    @Test func `each sees of the audit what the role lets see`() async throws {
        try await withHouse { house async throws in
            try await self.act(house)
            func actions(_ token: String, _ query: String = "") async throws -> [String] {
                let page = try await house.get("/v1/audit" + query, as: token)
                #expect(page.status == 200)
                return page.texts("action")
            }
            let all = ["invoice:issue", "invoice:issue", "room:update", "property:update", "room:update"]
            #expect(try await actions("owner").sorted() == all.sorted())
            #expect(try await actions("manager").sorted() == ["invoice:issue", "room:update"])
            #expect(try await actions("auditor").sorted() == ["invoice:issue", "room:update"])
            #expect(try await actions("annex") == ["property:update"])
            #expect(try await actions("accountant") == ["invoice:issue", "invoice:issue"])
            #expect(try await house.get("/v1/audit", as: "desk").code == "forbidden")
            #expect(try await actions("northern") == [])
            #expect(
                try await house.get("/v1/audit?tenant_id=\(house.hotel.tenant)", as: "northern").code == "not_found")
            #expect(try await actions("admin") == [])
            #expect(try await actions("admin", "?tenant_id=\(house.hotel.tenant)").count == 5)
            #expect(try await house.get("/v1/audit", as: "support").code == "forbidden")
        }
    }

    @Test func `rows are found by what they are about, page by page`() async throws {
        try await withHouse { house async throws in
            let before = SystemClock.now
            try await self.act(house)
            func count(_ query: String) async throws -> Int {
                try await house.get("/v1/audit?" + query).json?["items"]?.elements?.count ?? -1
            }
            #expect(try await count("entity_type=room") == 2)
            #expect(try await count("entity_id=\(house.hotel.rooms[0])") == 2)
            #expect(try await count("action=room:update&entity_type=invoice") == 0)
            #expect(try await count("property_id=\(house.annex)") == 1)
            let early = Timestamp(milliseconds: before.milliseconds - 60_000)
            let late = Timestamp(milliseconds: before.milliseconds + 600_000)
            #expect(try await count("from=\(early)&to=\(late)") == 5)
            #expect(try await count("from=\(late)") == 0)
            #expect(try await count("to=\(early)") == 0)
            #expect(try await house.get("/v1/audit?from=\(late)&to=\(early)").fieldErrors == ["to date_order"])
            let first = try await house.get("/v1/audit?limit=2")
            let actor = try #require(
                try await house.get("/v1/audit?action=property:update").json?["items"]?.elements?.first?["actor"]?[
                    "id"]?.text)
            #expect(try await count("actor_id=\(actor)") == 1)
            var seqs = (first.json?["items"]?.elements ?? []).compactMap { $0["seq"]?.integer }
            var next = first.json?["next"]?.text
            while let cursor = next {
                let page = try await house.get("/v1/audit?limit=2&after=\(cursor)")
                seqs += (page.json?["items"]?.elements ?? []).compactMap { $0["seq"]?.integer }
                next = page.json?["next"]?.text
            }
            #expect(seqs == [5, 4, 3, 2, 1])
            let row = try #require(
                try await house.get("/v1/audit?action=property:update").json?["items"]?.elements?.first)
            #expect(row["before"] == ["name": "Sea Annex"] && row["after"] == ["name": "Sea House"])
            #expect(row["hash"]?.text?.utf8.count == 64 && row["outcome"] == "applied")
        }
    }

    @Test func `the chain is recomputed, and says where it was touched`() async throws {
        try await withHouse { house async throws in
            try await self.act(house)
            let whole = try await house.get("/v1/audit/verify")
            #expect(whole.json?["intact"] == true && whole.json?["through"] == 5 && whole.json?["next"] == .null)
            let part = try await house.get("/v1/audit/verify?from=2&through=3")
            #expect(part.json?["intact"] == true && part.json?["through"] == 3 && part.json?["next"] == 4)
            #expect(try await house.get("/v1/audit/verify?from=3&through=2").fieldErrors == ["through range"])
            #expect(try await house.get("/v1/audit/verify?from=9").fieldErrors == ["from range"])
            #expect(try await house.get("/v1/audit/verify", as: "northern").json?["through"] == 0)
            // Who sees a part cannot judge the whole.
            for token in ["manager", "auditor", "accountant", "desk"] {
                #expect(try await house.get("/v1/audit/verify", as: token).code == "forbidden")
            }
            try await house.database.run("UPDATE bellhop.audit_log SET reason = 'nothing happened' WHERE seq = 3")
            let touched = try await house.get("/v1/audit/verify")
            #expect(touched.json?["intact"] == false && touched.json?["broken_at"] == 3)
            #expect(try await house.get("/v1/audit/verify?from=4").json?["intact"] == true)
        }
    }
}
