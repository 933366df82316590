import Hotel
import Operations
import Ports
import Shared
import StoreSupport
import Testing

@testable import PGStore

/// Commands over the real schema, with a node's rights: what architecture 1.1 promises of the one transaction.
@Suite(.timeLimit(.minutes(5))) struct CommandTests {
    private func clean(_ room: RoomID) -> ChangeRoom { ChangeRoom(room, [.setStatus(.clean)], claim: .online) }

    @Test func `a change is in the row, the log, the audit and the history, once`() async throws {
        try await withHotel { hotel in
            let origin = hotel.origin()
            let room = hotel.hotel.rooms[0]
            let execution = try await hotel.execute(self.clean(room), origin)
            let (answer, seq) = try #require(execution.outcome.done)
            #expect(seq == 1 && answer.kind == .applied && answer.version == 2)
            #expect(answer.registers == ["hk_status": .applied])
            #expect(answer.json?["hk_status"] == "clean" && answer.json?["display_status"] == "awaiting_inspection")
            let news = try #require(execution.news.first)
            #expect(execution.news.count == 1 && news.stream == .tenant(hotel.hotel.tenant))
            let event = try #require(news.events.first)
            #expect(news.events.count == 1 && event.name == "room:status_changed" && event.seq == 1)
            var payload: [UInt8] = []
            event.appendPayload(0, to: &payload)
            let json = try JSONValue(parsing: payload)
            #expect(json["after"]?["hk_status"] == "clean" && json["before"]?["hk_status"] == "dirty")
            #expect(json["meta"]?["op_id"]?.text == origin.operation?.id.description)
            // What followers read is what was told.
            let read = try await PGEventLog(hotel.pool).events(
                of: .tenant(hotel.hotel.tenant), after: 0, through: 9, limit: 9, notBefore: nil)
            #expect(read == news.events)
            let audit = try await hotel.column(
                "SELECT concat_ws(' ', action, outcome, ip, before->>'hk_status', after->>'hk_status') FROM bellhop.audit_log"
            )
            #expect(audit == ["room:update applied 192.0.2.7 dirty clean"])
            let history = try await hotel.column(
                """
                SELECT concat_ws(' ', axis, from_value, to_value) FROM bellhop.room_status_history
                WHERE event_id = '\(event.id)' ORDER BY axis
                """)
            #expect(history == ["display_status dirty awaiting_inspection", "hk_status dirty clean"])
            #expect(try await hotel.column("SELECT changes->0->>'to' FROM bellhop.event") == ["clean"])
        }
    }

    @Test func `a repeat is answered what the first was, and changes nothing`() async throws {
        try await withHotel { hotel in
            let origin = hotel.origin()
            let room = hotel.hotel.rooms[0]
            let first = try await hotel.execute(self.clean(room), origin).outcome.done
            // What happens in between does not change the answer to the repeat.
            _ = try await hotel.execute(ChangeRoom(room, [.setStatus(.dirty)], claim: .online))
            let again = try await hotel.execute(self.clean(room), origin)
            let repeated = try #require(again.outcome.repeated)
            #expect(repeated.answer == first?.answer && repeated.seq == first?.seq && again.news.isEmpty)
            #expect(try await hotel.column("SELECT count(*)::text FROM bellhop.event") == ["2"])
            #expect(try await hotel.column("SELECT hk_status FROM bellhop.room WHERE id = '\(room)'") == ["dirty"])
        }
    }

    @Test func `another request under the same key is refused`() async throws {
        try await withHotel { hotel in
            let id = OperationID.new()
            _ = try await hotel.execute(
                self.clean(hotel.hotel.rooms[0]), hotel.origin(OperationStamp(id: id, requestHash: [1])))
            let other = try await hotel.execute(
                self.clean(hotel.hotel.rooms[1]), hotel.origin(OperationStamp(id: id, requestHash: [2])))
            #expect(other.outcome.refusal?.code == .operationMismatch)
            #expect(try await hotel.column("SELECT count(*)::text FROM bellhop.event") == ["1"])
        }
    }

    @Test func `what is refused leaves nothing, not even its key`() async throws {
        try await withHotel { hotel in
            let origin = hotel.origin()
            let flag = ChangeRoom(hotel.hotel.rooms[0], [.setServiceFlag(.doNotDisturb)], claim: .online)
            let refused = try await hotel.execute(flag, origin)
            #expect(refused.outcome.refusal?.code == .roomFlagRequiresOccupied && refused.news.isEmpty)
            #expect(try await hotel.column("SELECT 1::text FROM bellhop.operation").isEmpty)
            try await hotel.database.run(
                "UPDATE bellhop.room SET fo_occupancy = 'occupied' WHERE id = '\(hotel.hotel.rooms[0])'")
            #expect(try await hotel.execute(flag, origin).outcome.done?.answer.kind == .applied)
        }
    }

    @Test func `fifty at once on one room are fifty in a row`() async throws {
        try await withHotel(rooms: 1) { hotel in
            let room = hotel.hotel.rooms[0]
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<50 {
                    group.addTask {
                        let status: HKStatus = index.isMultiple(of: 2) ? .clean : .dirty
                        _ = try await hotel.execute(ChangeRoom(room, [.setStatus(status)], claim: .online))
                    }
                }
                try await group.waitForAll()
            }
            let events = try await PGEventLog(hotel.pool).events(
                of: .tenant(hotel.hotel.tenant), after: 0, through: 99, limit: 99, notBefore: nil)
            #expect(events.map(\.seq) == Array(1...Int64(events.count)))
            let version = try await hotel.column("SELECT version::text FROM bellhop.room")
            #expect(version == ["\(events.count + 1)"])
            #expect(
                try await hotel.column(
                    """
                    SET bellhop.tenant = '\(hotel.hotel.tenant)';
                    SELECT coalesce(bellhop.verify_audit('\(hotel.hotel.tenant)')::text, 'whole')
                    """) == ["whole"])
        }
    }

    @Test func `one key sent ten times at once is done once`() async throws {
        try await withHotel(connections: 8) { hotel in
            let origin = hotel.origin()
            let outcomes = try await withThrowingTaskGroup(of: CommandOutcome.self) { group in
                for _ in 0..<10 {
                    group.addTask { try await hotel.execute(self.clean(hotel.hotel.rooms[0]), origin).outcome }
                }
                return try await group.reduce(into: [CommandOutcome]()) { $0.append($1) }
            }
            #expect(outcomes.compactMap(\.done).count == 1 && outcomes.compactMap(\.repeated).count == 9)
            #expect(try await hotel.column("SELECT count(*)::text FROM bellhop.event") == ["1"])
        }
    }

    @Test func `an offline write that comes too late is told so, and its author of what stands`() async throws {
        try await withHotel { hotel in
            let room = hotel.hotel.rooms[0]
            // Long ago for the room, within the window for the property.
            let earlier = Timestamp(milliseconds: SystemClock.now.milliseconds - 600_000)
            _ = try await hotel.execute(self.clean(room))
            let late = ChangeRoom(
                room, [.setStatus(.dirty)], claim: .offline(deviceTime: earlier, offsetMilliseconds: 0))
            let execution = try await hotel.execute(late)
            let (answer, _) = try #require(execution.outcome.done)
            #expect(answer.kind == .superseded && answer.registers == ["hk_status": .superseded])
            #expect(answer.json?["hk_status"] == "clean" && answer.version == 2)
            let event = try #require(execution.news.first?.events.first)
            #expect(event.name == "sync:conflict_resolved")
            #expect(event.targets.contains { $0.audience == Audience(.user, subject: hotel.hotel.user.raw) })
            #expect(
                try await hotel.column("SELECT outcome FROM bellhop.audit_log ORDER BY seq")
                    == ["applied", "superseded"])
            let ancient = Timestamp(milliseconds: SystemClock.now.milliseconds - 13 * 3_600_000)
            let tooOld = ChangeRoom(
                room, [.setStatus(.dirty)], claim: .offline(deviceTime: ancient, offsetMilliseconds: 0))
            #expect(try await hotel.execute(tooOld).outcome.refusal?.code == .offlineTooOld)
        }
    }

    @Test func `saying what holds already moves the key, and tells nobody`() async throws {
        try await withHotel { hotel in
            let room = hotel.hotel.rooms[0]
            let same = try await hotel.execute(ChangeRoom(room, [.setStatus(.dirty)], claim: .online))
            #expect(same.outcome.done?.answer.kind == .applied && same.outcome.done?.answer.version == 1)
            #expect(same.news.isEmpty && same.outcome.done?.seq == 0)
            let by = try await hotel.column(
                "SELECT registers->'hk_status'->>'by' FROM bellhop.room WHERE id = '\(room)'")
            #expect(by == [hotel.hotel.user.description])
        }
    }

    @Test func `another tenant's room is not there`() async throws {
        try await withHotel { hotel in
            let other = TestHotel(slug: "northern")
            try await other.open(in: hotel.database)
            let outcome = try await hotel.execute(self.clean(other.rooms[0])).outcome
            #expect(outcome.refusal?.code == .notFound)
            let directory = PGRoomDirectory(hotel.pool)
            #expect(try await hotel.number(of: other.rooms[0]) == nil)
            #expect(try await hotel.number(of: hotel.hotel.rooms[0]) == "101")
            // Even a question that names all of its properties gets nothing of it.
            let (_, rooms) = try await directory.rooms(
                RoomSelection(properties: [other.property], limit: 10), of: hotel.hotel.tenant)
            #expect(rooms.isEmpty)
        }
    }

    @Test func `attempts are audited in batches, chain by chain`() async throws {
        try await withHotel { hotel in
            let attempt = AuditedAttempt(
                hotel.origin(), AuditRow("room:update", .rejected, reason: "forbidden"))
            try await hotel.store.note([attempt, attempt])
            #expect(
                try await hotel.column("SELECT outcome || ' ' || reason FROM bellhop.audit_log")
                    == ["rejected forbidden", "rejected forbidden"])
        }
    }

    @Test func `lists are paged in the order in which people count`() async throws {
        try await withHotel(rooms: 25) { hotel in
            try await hotel.database.run(
                "UPDATE bellhop.room SET number = CASE number WHEN '101' THEN '9' ELSE '10' END WHERE number IN ('101', '102')"
            )
            let directory = PGRoomDirectory(hotel.pool)
            var numbers: [String] = []
            var wanted = RoomSelection(properties: [hotel.hotel.property], limit: 7)
            while true {
                let (position, page) = try await directory.rooms(wanted, of: hotel.hotel.tenant)
                #expect(position.seq == 0)
                numbers += page.map(\.room.configuration.number.text)
                guard let last = page.last, page.count == 7 else { break }
                wanted.after = RoomSelection.Position(
                    property: last.room.property, sortKey: last.room.sortKey, room: last.room.id)
            }
            #expect(numbers == ["9", "10"] + (103...125).map { "\($0)" })
        }
    }
}
