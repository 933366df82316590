package import Hotel
package import Shared

/// A department as it is kept (`domain.md` 2.1).
package struct DepartmentRecord: ConfiguredRecord {
    package let id: DepartmentID
    package let property: PropertyID
    package var code = Code.placeholder
    /// What its channels are called. It outlives the code of which it was made: who listens there goes on listening.
    package var slug = ChannelSlug.placeholder
    package var name = Name.placeholder
    package var kind = DepartmentKind.other
    package var supervisor: UserID?
    /// Weekly intervals in local time; empty: always.
    package var openingHours = JSONValue.array([])
    package var isActive = true
    package var version: Int64 = 1
    package var createdAt = Timestamp(milliseconds: 0)
    package var updatedAt = Timestamp(milliseconds: 0)
    package var isDeleted = false
    /// By which the store sorts. Empty until it has it.
    package var sortKey = ""

    package init(id: DepartmentID, property: PropertyID) {
        self.id = id
        self.property = property
    }
}
