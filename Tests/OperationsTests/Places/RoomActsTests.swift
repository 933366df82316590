import Hotel
import Shared
import StoreSupport
import Testing

@testable import Operations

@Suite(.timeLimit(.minutes(3))) struct RoomActsTests {
    private func moment(in milliseconds: Int64) -> String {
        Timestamp(milliseconds: SystemClock.now.milliseconds + milliseconds).description
    }

    @Test func `a room is held for a time and released`() async throws {
        try await withHouse { house async throws in
            let path = "/v1/rooms/\(house.hotel.rooms[0])"
            _ = try await house.write("PATCH", path, as: "housekeeper", #"{"hk_status":"inspected"}"#)
            let until = self.moment(in: 3_600_000)
            let held = try await house.write("POST", path + "/hold", as: "desk", #"{"until":"\#(until)"}"#)
            #expect(held.status == 200 && held.json?["room"]?["hold_until"]?.text == until)
            #expect(held.json?["room"]?["display_status"] == "awaiting_inspection")
            let later = self.moment(in: 7_200_000)
            let longer = try await house.write("POST", path + "/hold", as: "desk", #"{"until":"\#(later)"}"#)
            #expect(longer.json?["room"]?["hold_until"]?.text == later && longer.json?["room"]?["version"] == 4)
            let free = try await house.write("POST", path + "/release", as: "desk")
            #expect(free.json?["room"]?["hold_until"] == .null && free.json?["room"]?["display_status"] == "ready")
            let again = try await house.write("POST", path + "/release", as: "desk")
            #expect(again.status == 200 && again.json?["room"]?["version"] == free.json?["room"]?["version"])
            for wrong in [self.moment(in: -1_000), self.moment(in: 8 * 86_400_000)] {
                let answer = try await house.write("POST", path + "/hold", as: "desk", #"{"until":"\#(wrong)"}"#)
                #expect(answer.fieldErrors == ["until range"])
            }
            #expect(
                try await house.write("POST", path + "/hold", as: "housekeeper", #"{"until":"\#(until)"}"#).code
                    == "forbidden")
            #expect(
                try await house.write("POST", path + "/hold", as: "northern", #"{"until":"\#(until)"}"#).code
                    == "not_found")
            let audit = try await house.column(
                "SELECT action FROM bellhop.audit_log WHERE outcome = 'applied' AND action <> 'room:update' ORDER BY seq"
            )
            #expect(audit == ["room:hold", "room:hold", "room:release", "room:release"])
        }
    }

    @Test func `a discrepancy is resolved by who may, once`() async throws {
        try await withHouse { house async throws in
            let path = "/v1/rooms/\(house.hotel.rooms[0])"
            let seen = try await house.write(
                "PATCH", path, as: "attendant", #"{"hk_occupancy":"occupied","hk_persons":2}"#)
            #expect(seen.json?["room"]?["discrepancy"] == "sleep")
            let resolve = path + "/resolve-discrepancy"
            #expect(try await house.write("POST", resolve, as: "attendant").code == "forbidden")
            let done = try await house.write("POST", resolve, as: "desk")
            #expect(done.json?["room"]?["discrepancy"] == "none" && done.json?["room"]?["hk_occupancy"] == "unknown")
            #expect(done.json?["registers"]?["hk_occupancy"] == "applied")
            #expect(try await house.write("POST", resolve, as: "desk").code == "transition_not_allowed")
            let events = try await house.column(
                "SELECT name FROM bellhop.event WHERE name LIKE 'room:discrepancy%' ORDER BY seq")
            #expect(events == ["room:discrepancy_opened", "room:discrepancy_resolved"])
        }
    }

    @Test func `many rooms at once: each its own fate, all in one go`() async throws {
        try await withHouse(rooms: 40) { house async throws in
            let rooms = house.hotel.rooms
            let pseudo = rooms[1]
            try await house.database.run(
                "UPDATE bellhop.room SET is_pseudo = true, counts_in_inventory = false WHERE id = '\(pseudo)'")
            let named = rooms.reversed().map { "\"\($0)\"" } + ["\"\(house.northern.rooms[0])\""]
            let body = #"{"room_ids":[\#(named.joined(separator: ","))],"hk_status":"clean"}"#
            let key = OperationID.new()
            let answer = try await house.write("POST", "/v1/rooms/bulk-status", as: "housekeeper", body, key: key)
            let results = try #require(answer.json?["results"]?.elements)
            #expect(answer.status == 200 && results.count == 41 && answer.json?["outcome"] == "applied")
            #expect(results.count { $0["result"] == "applied" && $0["registers"]?["hk_status"] == "applied" } == 39)
            #expect(results.first?["room_id"]?.text == rooms.last?.description && results.first?["version"] == 2)
            #expect(results[38]["error"] == "transition_not_allowed" && results[38]["version"] == .null)
            #expect(results.last?["error"] == "not_found")
            #expect(try await house.column("SELECT count(*)::text FROM bellhop.event") == ["39"])
            #expect(try await house.column("SELECT count(DISTINCT correlation_id)::text FROM bellhop.event") == ["1"])
            let audit = try await house.column(
                "SELECT outcome || ' ' || count(*) FROM bellhop.audit_log GROUP BY outcome ORDER BY 1")
            #expect(audit == ["applied 39", "rejected 2"])
            let again = try await house.write("POST", "/v1/rooms/bulk-status", as: "housekeeper", body, key: key)
            #expect(again.json?["outcome"] == "duplicate" && again.json?["results"] == answer.json?["results"])
        }
    }

    @Test func `crossing crowds of rooms do not block each other for ever`() async throws {
        try await withHouse(rooms: 60, connections: 4) { house async throws in
            let rooms = house.hotel.rooms.map { "\"\($0)\"" }
            try await withThrowingTaskGroup(of: Int.self) { group in
                for index in 0..<12 {
                    group.addTask {
                        let order = index.isMultiple(of: 2) ? rooms : rooms.reversed()
                        let status = index.isMultiple(of: 3) ? "clean" : "dirty"
                        let body = #"{"room_ids":[\#(order.joined(separator: ","))],"hk_status":"\#(status)"}"#
                        return try await house.write("POST", "/v1/rooms/bulk-status", as: "housekeeper", body).status
                    }
                }
                for try await status in group { #expect(status == 200) }
            }
            let broken = try await house.column(
                "SET bellhop.tenant = '\(house.hotel.tenant)'; SELECT bellhop.verify_audit('\(house.hotel.tenant)')::text"
            )
            #expect(broken == ["null"])
        }
    }

    @Test func `a crowd has its bounds`() async throws {
        try await withHouse(rooms: 1) { house async throws in
            let many = (0..<201).map { _ in "\"\(RoomID.new())\"" }.joined(separator: ",")
            for (rooms, error) in [
                ("", "room_ids length"), (many, "room_ids length"),
                ("\"\(house.hotel.rooms[0])\",\"\(house.hotel.rooms[0])\"", "room_ids repeated"),
            ] {
                let body = #"{"room_ids":[\#(rooms)],"hk_status":"clean"}"#
                #expect(try await house.write("POST", "/v1/rooms/bulk-status", body).fieldErrors == [error])
            }
        }
    }

    @Test func `a room's history is told from its end, page by page`() async throws {
        try await withHouse { house async throws in
            let path = "/v1/rooms/\(house.hotel.rooms[0])"
            for status in ["clean", "inspected", "dirty"] {
                _ = try await house.write("PATCH", path, as: "housekeeper", #"{"hk_status":"\#(status)"}"#)
            }
            var axes: [String] = []
            var next: String? = ""
            while let cursor = next {
                let page = try await house.get(path + "/history?limit=2" + (cursor.isEmpty ? "" : "&after=" + cursor))
                #expect(page.status == 200 && page.json?["seq"] == 3)
                for entry in page.json?["items"]?.elements ?? [] {
                    #expect(entry["actor"]?["name"] == "housekeeping_supervisor" && entry["source"] == "api")
                    axes.append("\(entry["axis"]?.text ?? "") \(entry["to"]?.text ?? "")")
                }
                next = page.json?["next"]?.text
            }
            #expect(axes.count == 6 && Set(axes[0..<2]) == ["hk_status dirty", "display_status dirty"])
            #expect(Set(axes[4..<6]) == ["hk_status clean", "display_status awaiting_inspection"])
            #expect(try await house.get(path + "/history", as: "northern").code == "not_found")
            #expect(try await house.get(path + "/history", as: "annex").code == "not_found")
        }
    }
}
