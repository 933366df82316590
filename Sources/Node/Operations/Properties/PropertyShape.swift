internal import Hotel
internal import Ports
internal import Shared

/// A property as REST shows it.
enum PropertyShape {
    static let shape = JSONShape<PropertyRecord>.object("Property") { members in
        members.member("id", .id(), \.id)
        members.member("version", .count, \.version)
        members.member("code", .text, \.code.text)
        members.member("name", .text, \.name.text)
        members.member("timezone", .text, \.timeZone.text)
        members.member("currency", .text, \.currency.text)
        members.member("address", .document, \.address)
        members.member("status", .oneOf(PropertyStatus.self), \.status)
        members.member("business_date", .date, \.businessDate)
        members.member("day_roll_time", .text, \.dayRollTime.text)
        members.member("roll_mode", .oneOf(RollMode.self), \.rollMode)
        members.member("check_in_time", .text, \.checkInTime.text)
        members.member("check_out_time", .text, \.checkOutTime.text)
        members.member("requires_inspection", .bool, \.requiresInspection)
        members.member("allow_pickup_status", .bool, \.allowsPickup)
        members.member("turndown_enabled", .bool, \.turndownEnabled)
        members.member("dirty_on_roll", .bool, \.dirtyOnRoll)
        members.member("auto_no_show", .bool, \.autoNoShow)
        members.member("dnd_welfare_hours", .int(0 ... .max), \.dndWelfareHours)
        members.member("offline_window_hours", .int(0 ... .max), \.offlineWindowHours)
        members.member("skew_limit_seconds", .int(0 ... .max), \.skewLimitSeconds)
        members.member("ooo_authority", .oneOf(OutOfOrderAuthority.self), \.outOfOrderAuthority)
        members.member("checkin_guard", .oneOf(CheckInGuard.self), \.checkInGuard)
        members.nullable("default_department_id", .id(), \.defaultDepartment)
        members.member("settings", .document, \.settings)
        members.member("created_at", .timestamp, \.createdAt)
        members.member("updated_at", .timestamp, \.updatedAt)
    }

    static let kind = ConfiguredKind<PropertyRecord>(
        name: "property", shape: Self.shape,
        reference: { EntityReference("property", $0.id, version: $0.version) }, untold: ["settings"])
}

extension JSONShape where Value == JSONObject {
    /// An object with whatever members.
    static var document: Self { Self(.anyObject) { $1.value(.object($0)) } }
}
