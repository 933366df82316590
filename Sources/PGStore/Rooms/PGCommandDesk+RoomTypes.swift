internal import Hotel
internal import Ports
internal import Shared

extension PGCommandDesk {
    private static let typeByID = RoomTypeRow.select + " WHERE t.id = $1"
    private static let propertyOfType: PGStatement = "(SELECT property_id FROM bellhop.room_type WHERE id = $1)"

    func roomType(_ id: RoomTypeID, isToChange: Bool) async throws(StoreError) -> SiteFile<RoomTypeRecord>? {
        let lock: PGStatement =
            isToChange
            ? "SELECT 1 FROM bellhop.room_type WHERE id = $1 FOR UPDATE"
            : "SELECT 1 FROM bellhop.room_type WHERE id = $1 FOR SHARE"
        let rows = try await self.run(
            SiteRows.queries(of: Self.propertyOfType, id.raw) + [
                PGQuery(lock, .id(id)), PGQuery(Self.typeByID, .id(id)),
            ])
        guard let site = try SiteRows.read(rows), let row = rows.last?.first else { return nil }
        return SiteFile(try RoomTypeRow.read(row), at: site)
    }

    func rooms(of type: RoomTypeID) async throws(StoreError) -> [String] {
        let rows = try await self.run([
            PGQuery(
                """
                SELECT number FROM bellhop.room WHERE room_type_id = $1 AND deleted_at IS NULL ORDER BY sort_key
                """, .id(type))
        ])
        return try rows[0].texts()
    }

    func add(_ type: RoomTypeRecord) {
        self.write(PGQuery(RoomTypeRow.insert, values: RoomTypeRow.values(of: type, by: self.origin.actor.id)))
    }

    func keep(_ type: RoomTypeRecord) {
        self.write(PGQuery(RoomTypeRow.update, values: RoomTypeRow.values(of: type, by: self.origin.actor.id)))
    }
}
