internal import Hotel
internal import Ports
internal import Shared

/// What requests about properties say.
enum PropertyInput {
    typealias One = SubjectInput.One<Subject.Property>
    typealias Create = SubjectInput.New<New>
    typealias Change = SubjectInput.Edit<Subject.Property, Edit>
    typealias Archive = SubjectInput.Act<Subject.Property>

    struct List: RESTInput {
        typealias Order = RESTCursorPair<String, PropertyID>

        let tenant: TenantID?
        let status: PropertyStatus?
        let page: RESTPageRequest<Order>

        init(reading request: inout RESTReader) {
            self.tenant = request.tenant()
            self.status = request.query("status", .oneOf())
            self.page = request.page()
        }
    }

    struct New: JSONDecodable, Sendable {
        static let schemaName = "NewProperty"

        let fields: Edits<PropertyRecord>
        /// On which day it begins; by the clock unless said.
        let businessDate: CalendarDate?

        init(fields: inout JSONFields) {
            self.businessDate = fields.optional("business_date", .date)
            self.fields = PropertyInput.read(&fields, isNew: true)
        }
    }

    struct Edit: JSONDecodable, Sendable {
        static let schemaName = "PropertyChange"

        let fields: Edits<PropertyRecord>

        init(fields: inout JSONFields) {
            var edits = PropertyInput.read(&fields, isNew: false)
            fields.edit("default_department_id", .id(), orNull: \.defaultDepartment, into: &edits)
            self.fields = edits
        }
    }

    private static func read(_ fields: inout JSONFields, isNew: Bool) -> Edits<PropertyRecord> {
        var edits = Edits<PropertyRecord>()
        fields.edit("code", .text(Code.self), \.code, into: &edits, isRequired: isNew)
        fields.edit("name", .text(Name.self), \.name, into: &edits, isRequired: isNew)
        fields.edit("timezone", .text(TimeZoneName.self), \.timeZone, into: &edits, isRequired: isNew)
        fields.edit("currency", .text(CurrencyCode.self), \.currency, into: &edits, isRequired: isNew)
        fields.edit("address", .document(bytes: 4_096), \.address, into: &edits)
        fields.edit("status", .oneOf(PropertyStatus.self), \.status, into: &edits)
        fields.edit("day_roll_time", .text(LocalTime.self), \.dayRollTime, into: &edits)
        fields.edit("roll_mode", .oneOf(RollMode.self), \.rollMode, into: &edits)
        fields.edit("check_in_time", .text(LocalTime.self), \.checkInTime, into: &edits)
        fields.edit("check_out_time", .text(LocalTime.self), \.checkOutTime, into: &edits)
        fields.edit("requires_inspection", .bool, \.requiresInspection, into: &edits)
        fields.edit("allow_pickup_status", .bool, \.allowsPickup, into: &edits)
        fields.edit("turndown_enabled", .bool, \.turndownEnabled, into: &edits)
        fields.edit("dirty_on_roll", .bool, \.dirtyOnRoll, into: &edits)
        fields.edit("auto_no_show", .bool, \.autoNoShow, into: &edits)
        fields.edit("dnd_welfare_hours", .int(1...168), \.dndWelfareHours, into: &edits)
        fields.edit("offline_window_hours", .int(0...168), \.offlineWindowHours, into: &edits)
        fields.edit("skew_limit_seconds", .int(0...86_400), \.skewLimitSeconds, into: &edits)
        fields.edit("ooo_authority", .oneOf(OutOfOrderAuthority.self), \.outOfOrderAuthority, into: &edits)
        fields.edit("checkin_guard", .oneOf(CheckInGuard.self), \.checkInGuard, into: &edits)
        fields.edit("settings", .document(bytes: 16_384), \.settings, into: &edits)
        return edits
    }
}
