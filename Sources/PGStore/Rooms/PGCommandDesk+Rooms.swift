internal import Hotel
internal import Ports
internal import Shared

extension PGCommandDesk {
    private static let theseRooms = RoomRow.select + " WHERE r.id = ANY ($1) ORDER BY r.id"
    private static let rulesOfRooms =
        PropertyRulesRow.select
        + " WHERE p.id IN (SELECT property_id FROM bellhop.room WHERE id = ANY ($1))"

    func room(_ id: RoomID) async throws(StoreError) -> RoomFile? {
        let files = try await self.rooms([id])
        return files.first
    }

    func rooms(_ ids: [RoomID]) async throws(StoreError) -> [RoomFile] {
        // Locked by a statement of its own: one that joins and has to wait may find the room of after its waiting, beside
        // which the type of before does not fit, and so no room at all.
        let rows = try await self.run([
            PGQuery("SELECT 1 FROM bellhop.room WHERE id = ANY ($1) ORDER BY id FOR UPDATE", .ids(ids)),
            PGQuery(Self.theseRooms, .ids(ids)), PGQuery(Self.rulesOfRooms, .ids(ids)),
            PGQuery("SELECT nextval('bellhop.recv_seq')"),
        ])
        guard let number = try rows[3].first?.read(0, as: Int64.self) else { return [] }
        var properties: [PropertyID: PropertyRules] = [:]
        for row in rows[2] {
            let rules = try PropertyRulesRow.read(row)
            properties[rules.id] = rules
        }
        var files: [RoomFile] = []
        for row in rows[1] {
            let room = try RoomRow.read(row, now: self.now)
            guard let rules = properties[room.property] else { continue }
            files.append(RoomFile(room: room, property: rules, receivedSeq: number))
        }
        return files
    }

    func ties(of room: RoomID) async throws(StoreError) -> RoomTies {
        let rows = try await self.run([
            PGQuery(
                """
                SELECT number FROM bellhop.room WHERE parent_room_id = $1 AND deleted_at IS NULL \
                ORDER BY sort_key LIMIT 10
                """, .id(room)),
            PGQuery(
                """
                SELECT number FROM bellhop.room WHERE $1 = ANY (connecting_room_ids) AND deleted_at IS NULL \
                ORDER BY sort_key LIMIT 10
                """, .id(room)),
        ])
        return RoomTies(parts: try rows[0].texts(), neighbours: try rows[1].texts())
    }

    func add(_ room: RoomRecord) {
        self.write(PGQuery(RoomRow.insert, values: RoomRow.configuration(of: room, by: self.origin.actor.id)))
    }

    func configure(_ room: RoomRecord) {
        self.write(PGQuery(RoomRow.update, values: RoomRow.configuration(of: room, by: self.origin.actor.id)))
    }

    func keep(_ room: RoomRecord, history: [RoomAxisChange]) {
        let state = room.state
        self.write(
            PGQuery(
                """
                UPDATE bellhop.room SET fo_occupancy = $2, fo_persons = $3, hk_status = $4, hk_occupancy = $5, \
                hk_persons = $6, service_flag = $7, service_flag_since = $8, dnd_consecutive_days = $9, \
                turndown_status = $10, availability = $11, discrepancy = $12, rush = $13, occupancy_cycle = $14, \
                hold_until = $15, hold_by = $16, last_cleaned_at = $17, last_inspected_at = $18, registers = $19, \
                version = $20, updated_at = $21, updated_by = $22 WHERE id = $1
                """,
                .id(room.id), .text(state.foOccupancy.rawValue), .int4(Int32(clamping: state.foPersons)),
                .text(state.hkStatus.rawValue), .text(state.hkOccupancy.rawValue),
                .int4(state.hkPersons.map { Int32(clamping: $0) }), .text(state.serviceFlag.rawValue),
                .timestamptz(room.serviceFlagSince), .int4(Int32(clamping: state.dndConsecutiveDays)),
                .text(state.turndown.rawValue), .text(state.availability.rawValue), .text(state.discrepancy.rawValue),
                .bool(state.rush), .int4(Int32(clamping: state.occupancyCycle)), .timestamptz(room.holdUntil),
                .id(room.holdBy), .timestamptz(room.lastCleanedAt), .timestamptz(room.lastInspectedAt),
                .jsonb(RoomRow.registers(of: room)), .int8(room.version), .timestamptz(room.updatedAt),
                .uuid(self.origin.actor.id)))
        let kept = history.filter { RoomRow.remembered.contains($0.axis) }
        guard !kept.isEmpty else { return }
        self.write(
            PGQuery(
                """
                INSERT INTO bellhop.room_status_history \
                (tenant_id, room_id, event_id, axis, from_value, to_value, occurred_at, actor, source) \
                SELECT $1, $2, h.event_id, h.axis, h.from_value, h.to_value, h.occurred_at, $3, $4 \
                FROM unnest($5::uuid[], $6::text[], $7::text[], $8::text[], $9::timestamptz[]) \
                AS h (event_id, axis, from_value, to_value, occurred_at)
                """,
                .id(self.origin.tenant), .id(room.id), .jsonb(OriginColumns(self.origin).actor.serialized),
                .text(self.origin.source.rawValue), .ids(kept.map(\.event)), .texts(kept.map(\.axis.rawValue)),
                .texts(kept.map(\.from)), .texts(kept.map(\.to)), .timestamptzs(kept.map(\.occurredAt))))
    }
}
