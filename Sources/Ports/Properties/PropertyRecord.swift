package import Hotel
package import Shared

/// A property as it is kept (`domain.md` 2.1).
package struct PropertyRecord: ConfiguredRecord {
    package let id: PropertyID
    package var code = Code.placeholder
    package var name = Name.placeholder
    package var timeZone = TimeZoneName.placeholder
    package var currency = CurrencyCode.placeholder
    package var address = JSONObject()
    package var status = PropertyStatus.draft
    /// Stored and rolled, never computed from a clock; only a new property takes its first one from there.
    package var businessDate = CalendarDate(daysSince1970: 0)
    package var dayRollTime = LocalTime(hour: 3)
    package var rollMode = RollMode.auto
    package var checkInTime = LocalTime(hour: 15)
    package var checkOutTime = LocalTime(hour: 11)
    package var requiresInspection = true
    package var allowsPickup = false
    package var turndownEnabled = false
    package var dirtyOnRoll = true
    package var autoNoShow = false
    package var dndWelfareHours = 24
    package var offlineWindowHours = 12
    package var skewLimitSeconds = 300
    package var outOfOrderAuthority = OutOfOrderAuthority.local
    package var checkInGuard = CheckInGuard.block
    package var defaultDepartment: DepartmentID?
    package var settings = JSONObject()
    package var version: Int64 = 1
    package var createdAt = Timestamp(milliseconds: 0)
    package var updatedAt = Timestamp(milliseconds: 0)
    package var isDeleted = false
    /// By which the store sorts. Empty until it has it.
    package var sortKey = ""

    /// With the defaults of the specification; what it does not default stands for nothing yet.
    package init(id: PropertyID) { self.id = id }
}

/// A property as the place where something else is configured: it is not archived before that is done.
package final class PropertySite: Sendable {
    package let rules: PropertyRules
    package let status: PropertyStatus

    package init(_ rules: PropertyRules, status: PropertyStatus) {
        self.rules = rules
        self.status = status
    }

    package var id: PropertyID { self.rules.id }
}
