package import Hotel
package import Shared

/// A type of room as it is kept (`domain.md` 2.2).
package struct RoomTypeRecord: ConfiguredRecord {
    package let id: RoomTypeID
    package let property: PropertyID
    package var code = Code.placeholder
    package var name = Name.placeholder
    package var roomClass: Label?
    package var baseOccupancy = 1
    package var maxOccupancy = 1
    package var features: [String] = []
    /// By kind of task.
    package var cleanMinutes = JSONObject()
    /// By kind of task.
    package var credits = JSONObject()
    package var version: Int64 = 1
    package var createdAt = Timestamp(milliseconds: 0)
    package var updatedAt = Timestamp(milliseconds: 0)
    package var isDeleted = false
    /// By which the store sorts. Empty until it has it.
    package var sortKey = ""

    package init(id: RoomTypeID, property: PropertyID) {
        self.id = id
        self.property = property
    }
}

/// Room types at the desk.
package protocol RoomTypeDesk: AnyObject {
    /// A type, at a property that stays; `nil` if there is none.
    ///
    /// - Parameter isToChange: nobody else loads it until the transaction ends; else only nobody changes it.
    func roomType(_ id: RoomTypeID, isToChange: Bool) async throws(StoreError) -> SiteFile<RoomTypeRecord>?

    /// The numbers of the rooms that are of a type.
    func rooms(of type: RoomTypeID) async throws(StoreError) -> [String]

    func add(_ type: RoomTypeRecord)
    func keep(_ type: RoomTypeRecord)
}

/// Where room types are read, by whoever shows them. Nothing is locked.
package protocol RoomTypeDirectory: Sendable {
    /// A type of the tenant; `nil` if there is none, or none any more.
    func roomType(_ id: RoomTypeID, of tenant: TenantID) async throws(StoreError) -> Found<RoomTypeRecord>?

    /// Types by property and code, with the position of the tenant's stream, which is read before them.
    func roomTypes(
        _ wanted: CodeSelection, of tenant: TenantID
    ) async throws(StoreError) -> (StreamHead, [RoomTypeRecord])
}
