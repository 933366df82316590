internal import Hotel
internal import Ports
internal import Shared

/// A room type in the columns of its table.
enum RoomTypeRow {
    /// The columns in the order in which ``read(_:)`` takes them; the type is `t`.
    static let select: PGStatement = """
        SELECT t.id, t.property_id, t.code, t.name, t.class, t.base_occupancy, t.max_occupancy, t.features, \
        t.default_clean_minutes, t.credits, t.version, t.created_at, t.updated_at, t.deleted_at IS NOT NULL, \
        lower(t.code) FROM bellhop.room_type t
        """

    /// What ``values(of:by:)`` are, from the second on.
    private static let columns: PGStatement = """
        property_id, code, name, class, base_occupancy, max_occupancy, features, default_clean_minutes, credits, \
        version, updated_at, updated_by, deleted_at
        """
    private static let parameters: PGStatement =
        "$2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, CASE WHEN $14 THEN $12 END"
    static let insert =
        "INSERT INTO bellhop.room_type (tenant_id, id, created_at, created_by, " + Self.columns
        + ") VALUES (bellhop.current_tenant(), $1, $12, $13, " + Self.parameters + ")"
    static let update =
        "UPDATE bellhop.room_type SET (" + Self.columns + ") = ROW(" + Self.parameters + ") WHERE id = $1"

    static func values(of type: RoomTypeRecord, by writer: UInt128?) -> [PGValue] {
        [
            .id(type.id), .id(type.property), .text(type.code.text), .text(type.name.text),
            .text(type.roomClass?.text), .int2(Int16(clamping: type.baseOccupancy)),
            .int2(Int16(clamping: type.maxOccupancy)), .texts(type.features),
            .jsonb(JSONValue.object(type.cleanMinutes).serialized), .jsonb(JSONValue.object(type.credits).serialized),
            .int8(type.version), .timestamptz(type.updatedAt), .uuid(writer), .bool(type.isDeleted),
        ]
    }

    static func read(_ row: PGRow) throws(StoreError) -> RoomTypeRecord {
        var cells = RowCells(row)
        let id = try cells.next(RoomTypeID.self)
        var type = RoomTypeRecord(id: id, property: try cells.next(PropertyID.self))
        type.code = try cells.field(Code.self)
        type.name = try cells.field(Name.self)
        type.roomClass = try cells.optionalField(Label.self)
        type.baseOccupancy = try cells.next(Int.self)
        type.maxOccupancy = try cells.next(Int.self)
        type.features = try cells.next([String].self)
        type.cleanMinutes = try cells.object()
        type.credits = try cells.object()
        type.version = try cells.next(Int64.self)
        type.createdAt = try cells.next(Timestamp.self)
        type.updatedAt = try cells.next(Timestamp.self)
        type.isDeleted = try cells.next(Bool.self)
        type.sortKey = try cells.next(String.self)
        return type
    }
}
