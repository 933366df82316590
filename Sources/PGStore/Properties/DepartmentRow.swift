internal import Hotel
internal import Ports
internal import Shared

/// A department in the columns of its table.
enum DepartmentRow {
    /// The columns in the order in which ``read(_:)`` takes them; the department is `d`.
    static let select: PGStatement = """
        SELECT d.id, d.property_id, d.code, d.slug, d.name, d.kind, d.supervisor_user_id, d.opening_hours, d.active, \
        d.version, d.created_at, d.updated_at, d.deleted_at IS NOT NULL, lower(d.code) FROM bellhop.department d
        """

    /// What ``values(of:by:)`` are, from the second on.
    private static let columns: PGStatement = """
        property_id, code, slug, name, kind, supervisor_user_id, opening_hours, active, version, updated_at, \
        updated_by, deleted_at
        """
    private static let parameters: PGStatement =
        "$2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, CASE WHEN $13 THEN $11 END"
    static let insert =
        "INSERT INTO bellhop.department (tenant_id, id, created_at, created_by, " + Self.columns
        + ") VALUES (bellhop.current_tenant(), $1, $11, $12, " + Self.parameters + ")"
    static let update =
        "UPDATE bellhop.department SET (" + Self.columns + ") = ROW(" + Self.parameters + ") WHERE id = $1"

    static func values(of department: DepartmentRecord, by writer: UInt128?) -> [PGValue] {
        [
            .id(department.id), .id(department.property), .text(department.code.text), .text(department.slug.text),
            .text(department.name.text), .text(department.kind.rawValue), .id(department.supervisor),
            .jsonb(department.openingHours.serialized), .bool(department.isActive), .int8(department.version),
            .timestamptz(department.updatedAt), .uuid(writer), .bool(department.isDeleted),
        ]
    }

    static func read(_ row: PGRow) throws(StoreError) -> DepartmentRecord {
        var cells = RowCells(row)
        let id = try cells.next(DepartmentID.self)
        var department = DepartmentRecord(id: id, property: try cells.next(PropertyID.self))
        department.code = try cells.field(Code.self)
        department.slug = try cells.field(ChannelSlug.self)
        department.name = try cells.field(Name.self)
        department.kind = try cells.word(DepartmentKind.self)
        department.supervisor = try cells.next(UserID?.self)
        department.openingHours = try cells.json()
        department.isActive = try cells.next(Bool.self)
        department.version = try cells.next(Int64.self)
        department.createdAt = try cells.next(Timestamp.self)
        department.updatedAt = try cells.next(Timestamp.self)
        department.isDeleted = try cells.next(Bool.self)
        department.sortKey = try cells.next(String.self)
        return department
    }
}
