internal import Hotel
package import Ports
package import Shared

/// Rooms as they are read.
package struct PGRoomDirectory: RoomDirectory {
    private let database: PGDatabase

    package init(_ database: PGDatabase) { self.database = database }

    private static let one = RoomRow.select + " WHERE r.id = $1 AND r.deleted_at IS NULL"
    private static let rulesOfOne =
        PropertyRulesRow.select + " WHERE p.id = (SELECT property_id FROM bellhop.room WHERE id = $1)"
    private static let rules = PropertyRulesRow.select + " WHERE p.id = ANY ($1)"
    private static let page =
        RoomRow.select + """
             WHERE r.property_id = ANY ($1) AND r.deleted_at IS NULL \
            AND ($2::text IS NULL OR r.floor = $2) AND ($3::text IS NULL OR r.hk_status = $3) \
            AND ($4::uuid IS NULL OR r.room_type_id = $4) \
            AND ($5::uuid IS NULL OR (r.property_id, r.sort_key, r.id) > ($5, $6, $7)) \
            ORDER BY r.property_id, r.sort_key, r.id LIMIT $8
            """

    package func room(_ id: RoomID, of tenant: TenantID) async throws(StoreError) -> ShownRoom? {
        let queries: [PGQuery] = [
            .tenant(tenant), PGQuery(Self.one, .id(id)), PGQuery(Self.rulesOfOne, .id(id)), .now,
        ]
        let rows = try await self.database.read(queries)
        return try Self.shown(rows)
    }

    private static func shown(_ rows: [PGRows]) throws(StoreError) -> ShownRoom? {
        guard let row = rows[1].first, let property = rows[2].first, let moment = rows[3].first else { return nil }
        return ShownRoom(
            try RoomRow.read(row, now: try moment.read(0, as: Timestamp.self)), try PropertyRulesRow.read(property))
    }

    package func rooms(
        _ wanted: RoomSelection, of tenant: TenantID
    ) async throws(StoreError) -> (StreamHead, [ShownRoom]) {
        let rows = try await self.database.read([
            .tenant(tenant), .position(of: .tenant(tenant)),
            PGQuery(
                Self.page, .ids(wanted.properties), .text(wanted.floor?.text), .text(wanted.hkStatus?.rawValue),
                .id(wanted.roomType), .id(wanted.after?.property), .text(wanted.after?.sortKey),
                .id(wanted.after?.room),
                .int4(Int32(clamping: wanted.limit))),
            PGQuery(Self.rules, .ids(wanted.properties)), .now,
        ])
        let now = try rows[4][0].read(0, as: Timestamp.self)
        var properties: [PropertyID: PropertyRules] = [:]
        for row in rows[3] {
            let rules = try PropertyRulesRow.read(row)
            properties[rules.id] = rules
        }
        var rooms: [ShownRoom] = []
        rooms.reserveCapacity(rows[2].count)
        for row in rows[2] {
            let room = try RoomRow.read(row, now: now)
            // Statements of one transaction may see different moments: a property that came in between has no rules here.
            guard let rules = properties[room.property] else { continue }
            rooms.append(ShownRoom(room, rules))
        }
        return (try StreamHead(position: rows[1]), rooms)
    }

    package func history(
        of room: RoomID, after: RoomHistoryEntry.Position?, limit: Int, of tenant: TenantID
    ) async throws(StoreError) -> (StreamHead, [RoomHistoryEntry]) {
        let rows = try await self.database.read([
            .tenant(tenant), .position(of: .tenant(tenant)),
            PGQuery(
                """
                SELECT h.recorded_at, h.event_id, h.axis, h.from_value, h.to_value, h.occurred_at, h.actor, h.source \
                FROM bellhop.room_status_history h WHERE h.room_id = $1 \
                AND ($2::timestamptz IS NULL OR (h.recorded_at, h.event_id, h.axis) < ($2, $3, $4)) \
                ORDER BY h.recorded_at DESC, h.event_id DESC, h.axis DESC LIMIT $5
                """, .id(room), .timestamptz(after?.recordedAt), .id(after?.event), .text(after?.axis),
                .int4(Int32(clamping: limit))),
        ])
        var entries: [RoomHistoryEntry] = []
        for row in rows[2] { entries.append(try Self.entry(row)) }
        return (try StreamHead(position: rows[1]), entries)
    }

    private static func entry(_ row: PGRow) throws(StoreError) -> RoomHistoryEntry {
        var cells = RowCells(row)
        let position = RoomHistoryEntry.Position(
            recordedAt: try cells.next(Timestamp.self), event: try cells.next(EventID.self),
            axis: try cells.next(String.self))
        return RoomHistoryEntry(
            at: position, from: try cells.next(String?.self), to: try cells.next(String?.self),
            occurredAt: try cells.next(Timestamp.self), actor: try cells.next([UInt8].self),
            source: try cells.word(CommandOrigin.Source.self))
    }
}
