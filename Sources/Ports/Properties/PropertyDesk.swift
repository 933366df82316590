package import Hotel
package import Shared

/// Properties at the desk.
package protocol PropertyDesk: AnyObject {
    /// A property, locked; `nil` if there is none.
    func property(_ id: PropertyID) async throws(StoreError) -> Found<PropertyRecord>?

    /// A property as the place of something else: others may use it at the same time, nobody may change it.
    func site(_ id: PropertyID) async throws(StoreError) -> PropertySite?

    /// The business day that it is by the clock (`domain.md` 1.3); none if the store does not know the zone.
    func businessDay(by clock: PropertyClock) async throws(StoreError) -> [CalendarDate]

    /// The numbers of rooms in which somebody is, the first of them.
    func occupiedRooms(of property: PropertyID) async throws(StoreError) -> [String]

    /// Keeps a new property.
    func add(_ property: PropertyRecord)

    /// Keeps a property that was loaded.
    func keep(_ property: PropertyRecord)
}

/// Departments at the desk.
package protocol DepartmentDesk: AnyObject {
    /// A department, locked, at a property that stays; `nil` if there is none.
    func department(_ id: DepartmentID) async throws(StoreError) -> SiteFile<DepartmentRecord>?

    /// How many of each kind name a department, by the name of the kind; only those that are not zero.
    func uses(of department: DepartmentID) async throws(StoreError) -> [String: Int]

    /// Those of these users who are of the tenant's staff.
    func staff(among users: [UserID]) async throws(StoreError) -> [UserID]

    func add(_ department: DepartmentRecord)
    func keep(_ department: DepartmentRecord)
}

/// By what a property's business day is told. One object for the reason that ``CodeSelection`` is one.
package final class PropertyClock: Sendable {
    package let zone: TimeZoneName
    /// When its day ends.
    package let rollTime: LocalTime

    package init(in zone: TimeZoneName, rollingAt time: LocalTime) {
        self.zone = zone
        self.rollTime = time
    }
}
