import Hotel
import Shared
import StoreSupport
import Testing

@testable import Operations

@Suite(.timeLimit(.minutes(3))) struct RoomTypesTests {
    private func body(_ property: PropertyID, _ code: String = "STE", _ more: String = "") -> String {
        """
        {"property_id":"\(property)","code":"\(code)","name":"Suite","base_occupancy":2,"max_occupancy":4\(more)}
        """
    }

    @Test func `a type is set up, changed and given up`() async throws {
        try await withHouse { house async throws in
            let more =
                #","class":"lux","features":["sea_view"],"default_clean_minutes":{"departure":45},"credits":{"departure":2}"#
            let made = try await house.write(
                "POST", "/v1/room-types", as: "manager", self.body(house.hotel.property, "STE", more))
            let type = try #require(made.json?["room_type"])
            #expect(made.status == 201 && type["default_clean_minutes"] == ["departure": 45] && type["class"] == "lux")
            let path = "/v1/room-types/\(try #require(type["id"]?.text))"
            let changed = try await house.write("PATCH", path, version: 1, #"{"max_occupancy":5,"class":null}"#)
            #expect(changed.json?["room_type"]?["max_occupancy"] == 5 && changed.json?["room_type"]?["class"] == .null)
            #expect(try await house.get(path, as: "attendant").json == changed.json?["room_type"])
            #expect(try await house.get("/v1/room-types").texts("code") == ["DBL", "STE"])
            let below = try await house.write("PATCH", path, version: 2, #"{"max_occupancy":1}"#)
            #expect(below.fieldErrors == ["max_occupancy range"])
            #expect(try await house.write("DELETE", path).status == 200)
            #expect(try await house.get(path).code == "not_found")
            let events = try await house.column("SELECT name FROM bellhop.event ORDER BY seq")
            #expect(events == ["room_type:created", "room_type:updated", "room_type:retired"])
        }
    }

    @Test func `a type stays while rooms are of it`() async throws {
        try await withHouse(rooms: 12) { house async throws in
            let path = "/v1/room-types/\(house.hotel.roomType)"
            let refused = try await house.write("DELETE", path)
            #expect(refused.code == "transition_not_allowed" && refused.current?["rooms"] == 12)
            #expect(refused.current?["numbers"]?.elements?.count == 10)
            try await house.database.run("UPDATE bellhop.room SET deleted_at = now()")
            #expect(try await house.write("DELETE", path).status == 200)
        }
    }

    @Test func `a room and the end of its type do not pass each other`() async throws {
        try await withHouse(connections: 4) { house async throws in
            for round in 0..<8 {
                let made = try await house.write("POST", "/v1/room-types", self.body(house.hotel.property, "T\(round)"))
                let type = try #require(made.json?["room_type"]?["id"]?.text)
                let body =
                    #"{"property_id":"\#(house.hotel.property)","number":"9\#(round)","room_type_id":"\#(type)"}"#
                async let room = house.write("POST", "/v1/rooms", body)
                async let end = house.write("DELETE", "/v1/room-types/\(type)")
                let (roomStatus, endStatus) = (try await room.status, try await end.status)
                #expect((roomStatus == 201) != (endStatus == 200), "\(roomStatus) \(endStatus)")
            }
        }
    }

    @Test func `what is taken, wrong or another's is refused`() async throws {
        try await withHouse { house async throws in
            let own = house.hotel.property
            #expect(
                try await house.write("POST", "/v1/room-types", self.body(own, "dbl")).fieldErrors == ["code taken"])
            let wrong = #","features":["a","a"],"credits":{"dancing":1},"default_clean_minutes":{"linen":0}"#
            #expect(
                try await house.write("POST", "/v1/room-types", self.body(own, "X", wrong)).fieldErrors
                    == ["features repeated", "default_clean_minutes.linen range", "credits.dancing unknown_field"])
            #expect(try await house.write("POST", "/v1/room-types", as: "desk", self.body(own)).code == "forbidden")
            #expect(try await house.write("POST", "/v1/room-types", as: "annex", self.body(own)).code == "not_found")
            #expect(try await house.write("POST", "/v1/room-types", as: "northern", self.body(own)).code == "not_found")
            let path = "/v1/room-types/\(house.hotel.roomType)"
            for token in ["northern", "annex"] {
                #expect(try await house.get(path, as: token).code == "not_found")
                #expect(try await house.write("PATCH", path, as: token, version: 1, "{}").code == "not_found")
                #expect(try await house.write("DELETE", path, as: token).code == "not_found")
            }
            #expect(try await house.write("PATCH", path, version: 7, "{}").code == "version_conflict")
            #expect(try await house.get("/v1/room-types?property_id=\(own)", as: "northern").code == "not_found")
        }
    }
}
