import Hotel
import Shared
import StoreSupport
import Testing

@testable import Operations

@Suite(.timeLimit(.minutes(3))) struct RoomConfigurationTests {
    private func body(_ house: House, _ number: String = "501", _ more: String = "") -> String {
        """
        {"property_id":"\(house.hotel.property)","number":"\(number)","room_type_id":"\(house.hotel.roomType)"\(more)}
        """
    }

    private func configuration(_ house: House, _ number: String = "101", _ more: String = "") -> String {
        #"{"number":"\#(number)","room_type_id":"\#(house.hotel.roomType)"\#(more)}"#
    }

    @Test func `a room is made, configured and taken away, and its status lives beside that`() async throws {
        try await withHouse { house async throws in
            let more = #","floor":"5","features":["balcony"],"connecting_room_ids":["\#(house.hotel.rooms[0])"]"#
            let made = try await house.write("POST", "/v1/rooms", as: "manager", self.body(house, "501", more))
            let room = try #require(made.json?["room"])
            #expect(made.status == 201 && room["hk_status"] == "dirty" && room["display_status"] == "dirty")
            #expect(
                room["active_from"] == "2026-03-08" && room["room_type"] == "DBL" && room["counts_in_inventory"] == true
            )
            let path = "/v1/rooms/\(try #require(room["id"]?.text))"
            #expect(try await house.get(path).json == room)
            _ = try await house.write("PATCH", path, as: "housekeeper", #"{"hk_status":"clean"}"#)
            // All that is not said is as it usually is, but the first day stays.
            let configured = try await house.write(
                "PUT", path + "/configuration", version: 2, self.configuration(house, "502", #","accessible":true"#))
            let after = try #require(configured.json?["room"])
            #expect(configured.status == 200 && after["number"] == "502" && after["floor"] == .null)
            #expect(after["features"] == [] && after["connecting_room_ids"] == [] && after["accessible"] == true)
            #expect(after["hk_status"] == "clean" && after["active_from"] == "2026-03-08" && after["version"] == 3)
            let gone = try await house.write("DELETE", path, version: 3)
            #expect(gone.status == 200)
            #expect(try await house.get(path).code == "not_found")
            #expect(try await house.write("PATCH", path, #"{"hk_status":"dirty"}"#).code == "not_found")
            #expect(try await house.get("/v1/rooms").texts("number") == ["101", "102", "103"])
            #expect(
                try await house.column("SELECT name FROM bellhop.event ORDER BY seq")
                    == ["room:created", "room:status_changed", "room:updated", "room:retired"])
            let changes = try await house.column(
                "SELECT string_agg(c->>'field', ' ') FROM bellhop.event, jsonb_array_elements(changes) c WHERE name = 'room:updated'"
            )
            #expect(changes == ["number floor features connecting_room_ids accessible"])
            // The number is free again.
            #expect(try await house.write("POST", "/v1/rooms", self.body(house, "502")).status == 201)
        }
    }

    @Test func `what does not fit together is refused`() async throws {
        try await withHouse { house async throws in
            let rooms = house.hotel.rooms
            for (more, error) in [
                (#","active_from":"2026-05-01","active_to":"2026-05-01""#, "active_to date_order"),
                (#","is_pseudo":true,"counts_in_inventory":true"#, "counts_in_inventory enum"),
                (#","connecting_room_ids":["\#(house.northern.rooms[0])"]"#, "connecting_room_ids enum"),
                (#","connecting_room_ids":["\#(rooms[0])","\#(rooms[0])"]"#, "connecting_room_ids repeated"),
                (#","parent_room_id":"\#(RoomID.new())""#, "parent_room_id enum"),
                (#","floor":"123456789012345678901""#, "floor length"),
                (#","hk_status":"clean""#, "hk_status unknown_field"),
            ] {
                #expect(
                    try await house.write("POST", "/v1/rooms", self.body(house, "501", more)).fieldErrors == [error])
            }
            let foreign = self.body(house).replacing(
                house.hotel.roomType.description, with: house.northern.roomType.description)
            #expect(try await house.write("POST", "/v1/rooms", foreign).fieldErrors == ["room_type_id enum"])
            #expect(
                try await house.write("POST", "/v1/rooms", self.body(house, "5 1")).fieldErrors == ["number format"])
            #expect(try await house.write("POST", "/v1/rooms", self.body(house, "102")).fieldErrors == ["number taken"])
            let path = "/v1/rooms/\(rooms[0])/configuration"
            #expect(
                try await house.write("PUT", path, version: 1, self.configuration(house, "102")).fieldErrors
                    == ["number taken"])
            let itself = #","connecting_room_ids":["\#(rooms[0])"]"#
            #expect(
                try await house.write("PUT", path, version: 1, self.configuration(house, "101", itself)).fieldErrors
                    == ["connecting_room_ids enum"])
            #expect(
                try await house.write("PUT", path, self.configuration(house)).fieldErrors == ["If-Match required"])
            let late = try await house.write("PUT", path, version: 9, self.configuration(house))
            #expect(late.code == "version_conflict" && late.current?["room"]?["number"] == "101")
            let pseudo = try await house.write("POST", "/v1/rooms", self.body(house, "9000", #","is_pseudo":true"#))
            #expect(pseudo.status == 201 && pseudo.json?["room"]?["counts_in_inventory"] == false)
        }
    }

    @Test func `a suite has parts, and no part has parts`() async throws {
        try await withHouse(rooms: 4, connections: 4) { house async throws in
            let rooms = house.hotel.rooms
            func part(_ index: Int, of parent: RoomID) async throws -> Answer {
                try await house.write(
                    "PUT", "/v1/rooms/\(rooms[index])/configuration", version: 1,
                    self.configuration(house, "10\(index + 1)", #","parent_room_id":"\#(parent)""#))
            }
            #expect(try await part(0, of: rooms[1]).status == 200)
            #expect(try await part(1, of: rooms[2]).fieldErrors == ["parent_room_id enum"])
            #expect(try await part(3, of: rooms[0]).fieldErrors == ["parent_room_id enum"])
            #expect(try await part(2, of: rooms[2]).fieldErrors == ["parent_room_id enum"])
            // Each wants the other as its suite, at once: one gets its wish.
            for round in 0..<5 {
                try await house.database.run("UPDATE bellhop.room SET parent_room_id = NULL, version = 1")
                async let one = part(2, of: rooms[3])
                async let other = part(3, of: rooms[2])
                let statuses = [try await one.status, try await other.status]
                #expect(statuses.sorted() == [200, 422], "\(round)")
            }
            try await house.database.run(
                """
                UPDATE bellhop.room SET parent_room_id = NULL;
                UPDATE bellhop.room SET parent_room_id = '\(rooms[1])', connecting_room_ids = ARRAY['\(rooms[1])'::uuid]
                WHERE id = '\(rooms[0])'
                """)
            let refused = try await house.write("DELETE", "/v1/rooms/\(rooms[1])")
            #expect(refused.code == "transition_not_allowed" && refused.current?["state"] == "in_use")
            #expect(refused.current?["parts"] == ["101"] && refused.current?["connecting"] == ["101"])
            #expect(try await house.write("DELETE", "/v1/rooms/\(rooms[0])").status == 200)
            #expect(try await house.write("DELETE", "/v1/rooms/\(rooms[1])").status == 200)
        }
    }

    @Test func `who may not configure is refused, and who may not look finds nothing`() async throws {
        try await withHouse { house async throws in
            let path = "/v1/rooms/\(house.hotel.rooms[0])"
            let configuration = self.configuration(house)
            for (token, code) in [("desk", "forbidden"), ("annex", "not_found"), ("northern", "not_found")] {
                #expect(try await house.write("POST", "/v1/rooms", as: token, self.body(house)).code == code)
                #expect(
                    try await house.write("PUT", path + "/configuration", as: token, version: 1, configuration).code
                        == code)
                #expect(try await house.write("DELETE", path, as: token).code == code)
            }
            try await house.database.run("UPDATE bellhop.room SET fo_occupancy = 'occupied'")
            #expect(try await house.write("DELETE", path).code == "room_occupied")
        }
    }

    @Test func `a change of type does not hide the room from who waits for it`() async throws {
        try await withHouse(connections: 4) { house async throws in
            let type = try await house.write(
                "POST", "/v1/room-types",
                #"{"property_id":"\#(house.hotel.property)","code":"TWN","name":"Twin","base_occupancy":2,"max_occupancy":2}"#
            )
            let other = try #require(type.json?["room_type"]?["id"]?.text)
            let path = "/v1/rooms/\(house.hotel.rooms[0])"
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for index in 0..<20 {
                    group.addTask {
                        let status = index.isMultiple(of: 2) ? "clean" : "dirty"
                        return try await house.write(
                            "PATCH", path, as: "housekeeper", #"{"hk_status":"\#(status)"}"#
                        ).status
                    }
                }
                for index in 0..<10 {
                    group.addTask {
                        let version = try await house.get(path).json?["version"]?.integer
                        let id = index.isMultiple(of: 2) ? other : house.hotel.roomType.description
                        let body = #"{"number":"101","room_type_id":"\#(id)"}"#
                        return try await house.write("PUT", path + "/configuration", version: version, body).status
                    }
                }
                return try await group.reduce(into: [Int]()) { $0.append($1) }
            }
            #expect(statuses.allSatisfy { $0 == 200 || $0 == 409 })
        }
    }
}
