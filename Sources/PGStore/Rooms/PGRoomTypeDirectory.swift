package import Ports
package import Shared

/// Room types as they are read.
package struct PGRoomTypeDirectory: RoomTypeDirectory {
    private let database: PGDatabase

    package init(_ database: PGDatabase) { self.database = database }

    private static let one = RoomTypeRow.select + " WHERE t.id = $1 AND t.deleted_at IS NULL"
    private static let page =
        RoomTypeRow.select + """
             WHERE t.property_id = ANY ($1) AND t.deleted_at IS NULL \
            AND ($2::uuid IS NULL OR (t.property_id, lower(t.code), t.id) > ($2, $3, $4)) \
            ORDER BY t.property_id, lower(t.code), t.id LIMIT $5
            """

    package func roomType(
        _ id: RoomTypeID, of tenant: TenantID
    ) async throws(StoreError) -> Found<RoomTypeRecord>? {
        let rows = try await self.database.read([.tenant(tenant), PGQuery(Self.one, .id(id))])
        guard let row = rows[1].first else { return nil }
        return Found(try RoomTypeRow.read(row))
    }

    package func roomTypes(
        _ wanted: CodeSelection, of tenant: TenantID
    ) async throws(StoreError) -> (StreamHead, [RoomTypeRecord]) {
        let rows = try await self.database.read([
            .tenant(tenant), .position(of: .tenant(tenant)),
            PGQuery(
                Self.page, .ids(wanted.properties), .id(wanted.after?.property), .text(wanted.after?.sortKey),
                .uuid(wanted.after?.id), .int4(Int32(clamping: wanted.limit))),
        ])
        var types: [RoomTypeRecord] = []
        for row in rows[2] { types.append(try RoomTypeRow.read(row)) }
        return (try StreamHead(position: rows[1]), types)
    }
}
