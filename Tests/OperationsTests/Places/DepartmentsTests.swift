import Hotel
import Shared
import StoreSupport
import Testing

@testable import Operations

@Suite(.timeLimit(.minutes(3))) struct DepartmentsTests {
    private func body(_ property: PropertyID, _ code: String = "F&B", _ more: String = "") -> String {
        #"{"property_id":"\#(property)","code":"\#(code)","name":"Food","kind":"food_beverage"\#(more)}"#
    }

    @Test func `a department is set up, changed and closed, and its property is told`() async throws {
        try await withHouse { house async throws in
            let hours =
                #","opening_hours":[{"day":"mon","from":"07:00","to":"23:00"}],"supervisor_user_id":"\#(house.hotel.user)""#
            let made = try await house.write(
                "POST", "/v1/departments", as: "manager", self.body(house.hotel.property, "F&B", hours))
            #expect(made.status == 201)
            let department = try #require(made.json?["department"])
            #expect(department["slug"] == "f-b" && department["active"] == true)
            #expect(department["opening_hours"] == [["day": "mon", "from": "07:00", "to": "23:00"]])
            let path = "/v1/departments/\(try #require(department["id"]?.text))"
            // The channels keep the name under which people listen.
            let changed = try await house.write(
                "PATCH", path, version: 1, #"{"code":"REST","active":false,"supervisor_user_id":null}"#)
            #expect(changed.json?["department"]?["code"] == "REST" && changed.json?["department"]?["slug"] == "f-b")
            #expect(changed.json?["department"]?["supervisor_user_id"] == .null)
            #expect(try await house.get(path, as: "desk").json == changed.json?["department"])
            #expect(try await house.get("/v1/departments").texts("code") == ["HK", "REST"])
            #expect(try await house.get("/v1/departments?kind=housekeeping").texts("code") == ["HK"])
            #expect(try await house.get("/v1/departments?property_id=\(house.annex)").texts("code") == [])
            #expect(try await house.write("DELETE", path, version: 2).status == 200)
            #expect(try await house.get(path).code == "not_found")
            #expect(try await house.write("PATCH", path, version: 3, "{}").code == "not_found")
            let events = try await house.column("SELECT name FROM bellhop.event ORDER BY seq")
            #expect(events == ["department:created", "department:updated", "department:retired"])
            // Both its code and its channels are free again.
            #expect(try await house.write("POST", "/v1/departments", self.body(house.hotel.property)).status == 201)
        }
    }

    @Test func `it stays while somebody works there or a property relies on it`() async throws {
        try await withHouse { house async throws in
            let made = try await house.write("POST", "/v1/departments", self.body(house.hotel.property))
            let id = try #require(made.json?["department"]?["id"]?.text)
            let own = "/v1/properties/\(house.hotel.property)"
            let linked = try await house.write("PATCH", own, version: 1, #"{"default_department_id":"\#(id)"}"#)
            #expect(linked.json?["property"]?["default_department_id"]?.text == id)
            try await house.database.run(
                """
                INSERT INTO bellhop.role_assignment (tenant_id, id, user_id, built_in_role, property_id, department_id)
                VALUES ('\(house.hotel.tenant)', gen_random_uuid(), '\(house.hotel.user)', 'department_staff',
                        '\(house.hotel.property)', '\(id)')
                """)
            let refused = try await house.write("DELETE", "/v1/departments/\(id)")
            #expect(
                refused.code == "transition_not_allowed" && refused.json?["error"]?["params"]?["reason"] == "in_use")
            #expect(refused.current?["role_assignments"] == 1 && refused.current?["properties"] == 1)
            try await house.database.run("DELETE FROM bellhop.role_assignment")
            _ = try await house.write("PATCH", own, version: 2, #"{"default_department_id":null}"#)
            #expect(try await house.write("DELETE", "/v1/departments/\(id)").status == 200)
            let lost = try await house.write("PATCH", own, version: 3, #"{"default_department_id":"\#(id)"}"#)
            #expect(lost.fieldErrors == ["default_department_id enum"])
            // Another property's department serves no guest here.
            let annex = try await house.write("POST", "/v1/departments", self.body(house.annex))
            let elsewhere = try #require(annex.json?["department"]?["id"]?.text)
            let foreign = try await house.write("PATCH", own, version: 3, #"{"default_department_id":"\#(elsewhere)"}"#)
            #expect(foreign.fieldErrors == ["default_department_id enum"])
        }
    }

    @Test func `what is taken, unknown or another's is refused`() async throws {
        try await withHouse { house async throws in
            let own = house.hotel.property
            #expect(try await house.write("POST", "/v1/departments", self.body(own)).status == 201)
            #expect(
                try await house.write("POST", "/v1/departments", self.body(own, "f&b")).fieldErrors == ["code taken"])
            // Another code, but the same channels.
            #expect(
                try await house.write("POST", "/v1/departments", self.body(own, "F+B")).fieldErrors == ["code taken"])
            #expect(try await house.write("POST", "/v1/departments", self.body(house.annex)).status == 201)
            let nobody = #","supervisor_user_id":"\#(house.northern.user)""#
            #expect(
                try await house.write("POST", "/v1/departments", self.body(own, "X", nobody)).fieldErrors
                    == ["supervisor_user_id enum"])
            let hours = #","opening_hours":[{"day":"someday","from":"7","to":"23:00"}]"#
            #expect(
                try await house.write("POST", "/v1/departments", self.body(own, "X", hours)).fieldErrors
                    == ["opening_hours[0].day enum", "opening_hours[0].from length"])
            #expect(
                try await house.write("POST", "/v1/departments", as: "annex", self.body(own, "X")).code == "not_found")
            #expect(
                try await house.write("POST", "/v1/departments", as: "desk", self.body(own, "X")).code == "forbidden")
            #expect(
                try await house.write("POST", "/v1/departments", as: "northern", self.body(own, "X")).code
                    == "not_found")
            let id = try #require(try await house.get("/v1/departments").json?["items"]?.elements?.first?["id"]?.text)
            #expect(try await house.get("/v1/departments/\(id)", as: "northern").code == "not_found")
            #expect(try await house.write("DELETE", "/v1/departments/\(id)", as: "northern").code == "not_found")
            #expect(
                try await house.write("PATCH", "/v1/departments/\(id)", as: "northern", version: 1, "{}").code
                    == "not_found")
            #expect(try await house.get("/v1/departments?property_id=\(own)", as: "northern").code == "not_found")
            let late = try await house.write("PATCH", "/v1/departments/\(id)", version: 9, "{}")
            #expect(late.code == "version_conflict" && late.current?["department"]?["id"]?.text == id)
        }
    }
}
