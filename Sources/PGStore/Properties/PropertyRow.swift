internal import Hotel
internal import Ports
internal import Shared

/// A property in the columns of its table.
enum PropertyRow {
    /// The columns in the order in which ``read(_:)`` takes them; the property is `p`.
    static let select: PGStatement = """
        SELECT p.id, p.code, p.name, p.timezone, p.currency, p.address, p.status, p.business_date, \
        to_char(p.day_roll_time, 'HH24:MI'), p.roll_mode, to_char(p.check_in_time, 'HH24:MI'), \
        to_char(p.check_out_time, 'HH24:MI'), p.requires_inspection, p.allow_pickup_status, p.turndown_enabled, \
        p.dirty_on_roll, p.auto_no_show, p.dnd_welfare_hours, p.offline_window_hours, p.skew_limit_seconds, \
        p.ooo_authority, p.checkin_guard, p.default_department_id, p.settings, p.version, p.created_at, p.updated_at, \
        p.deleted_at IS NOT NULL, lower(p.code) FROM bellhop.property p
        """

    /// What ``values(of:by:)`` are, from the second on.
    private static let columns: PGStatement = """
        code, name, timezone, currency, address, status, business_date, day_roll_time, roll_mode, check_in_time, \
        check_out_time, requires_inspection, allow_pickup_status, turndown_enabled, dirty_on_roll, auto_no_show, \
        dnd_welfare_hours, offline_window_hours, skew_limit_seconds, ooo_authority, checkin_guard, \
        default_department_id, settings, version, updated_at, updated_by
        """
    private static let parameters: PGStatement = """
        $2, $3, $4, $5, $6, $7, $8, $9::text::time, $10, $11::text::time, $12::text::time, $13, $14, $15, $16, $17, \
        $18, $19, $20, $21, $22, $23, $24, $25, $26, $27
        """
    static let insert =
        "INSERT INTO bellhop.property (tenant_id, id, created_at, created_by, " + Self.columns
        + ") VALUES (bellhop.current_tenant(), $1, $26, $27, " + Self.parameters + ")"
    static let update =
        "UPDATE bellhop.property SET (" + Self.columns + ") = ROW(" + Self.parameters + ") WHERE id = $1"

    static func values(of property: PropertyRecord, by writer: UInt128?) -> [PGValue] {
        [
            .id(property.id), .text(property.code.text), .text(property.name.text), .text(property.timeZone.text),
            .text(property.currency.text), .jsonb(JSONValue.object(property.address).serialized),
            .text(property.status.rawValue), .date(property.businessDate), .text(property.dayRollTime.text),
            .text(property.rollMode.rawValue), .text(property.checkInTime.text), .text(property.checkOutTime.text),
            .bool(property.requiresInspection), .bool(property.allowsPickup), .bool(property.turndownEnabled),
            .bool(property.dirtyOnRoll), .bool(property.autoNoShow), .int4(Int32(clamping: property.dndWelfareHours)),
            .int4(Int32(clamping: property.offlineWindowHours)), .int4(Int32(clamping: property.skewLimitSeconds)),
            .text(property.outOfOrderAuthority.rawValue), .text(property.checkInGuard.rawValue),
            .id(property.defaultDepartment), .jsonb(JSONValue.object(property.settings).serialized),
            .int8(property.version), .timestamptz(property.updatedAt), .uuid(writer),
        ]
    }

    static func read(_ row: PGRow) throws(StoreError) -> PropertyRecord {
        var cells = RowCells(row)
        var property = PropertyRecord(id: try cells.next(PropertyID.self))
        property.code = try cells.field(Code.self)
        property.name = try cells.field(Name.self)
        property.timeZone = try cells.field(TimeZoneName.self)
        property.currency = try cells.field(CurrencyCode.self)
        property.address = try cells.object()
        property.status = try cells.word(PropertyStatus.self)
        property.businessDate = try cells.next(CalendarDate.self)
        property.dayRollTime = try cells.field(LocalTime.self)
        property.rollMode = try cells.word(RollMode.self)
        property.checkInTime = try cells.field(LocalTime.self)
        property.checkOutTime = try cells.field(LocalTime.self)
        property.requiresInspection = try cells.next(Bool.self)
        property.allowsPickup = try cells.next(Bool.self)
        property.turndownEnabled = try cells.next(Bool.self)
        property.dirtyOnRoll = try cells.next(Bool.self)
        property.autoNoShow = try cells.next(Bool.self)
        property.dndWelfareHours = try cells.next(Int.self)
        property.offlineWindowHours = try cells.next(Int.self)
        property.skewLimitSeconds = try cells.next(Int.self)
        property.outOfOrderAuthority = try cells.word(OutOfOrderAuthority.self)
        property.checkInGuard = try cells.word(CheckInGuard.self)
        property.defaultDepartment = try cells.next(DepartmentID?.self)
        property.settings = try cells.object()
        property.version = try cells.next(Int64.self)
        property.createdAt = try cells.next(Timestamp.self)
        property.updatedAt = try cells.next(Timestamp.self)
        property.isDeleted = try cells.next(Bool.self)
        property.sortKey = try cells.next(String.self)
        return property
    }
}
