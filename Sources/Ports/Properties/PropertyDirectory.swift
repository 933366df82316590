package import Hotel
package import Shared

/// Where properties and their departments are read, by whoever shows them. Nothing is locked.
package protocol PropertyDirectory: Sendable {
    /// A property of the tenant; `nil` if there is none.
    func property(_ id: PropertyID, of tenant: TenantID) async throws(StoreError) -> Found<PropertyRecord>?

    /// Properties in the order of their codes, with the position of the tenant's stream, which is read before them.
    func properties(
        _ wanted: CodeSelection, of tenant: TenantID
    ) async throws(StoreError) -> (StreamHead, [PropertyRecord])

    /// A department of the tenant; `nil` if there is none, or none any more.
    func department(_ id: DepartmentID, of tenant: TenantID) async throws(StoreError) -> Found<DepartmentRecord>?

    /// Departments by property and code, with the position of the tenant's stream, which is read before them.
    func departments(
        _ wanted: CodeSelection, of tenant: TenantID
    ) async throws(StoreError) -> (StreamHead, [DepartmentRecord])
}

/// Which of a tenant's properties, departments or room types a list shows.
///
/// One object, because of the fault of Swift 6.3.1 that README.md describes.
package final class CodeSelection: Sendable {
    /// Where the page before ended.
    package struct Position: Equatable, Sendable {
        package let property: PropertyID
        package let sortKey: String
        package let id: UInt128

        package init(property: PropertyID, sortKey: String, id: UInt128) {
            self.property = property
            self.sortKey = sortKey
            self.id = id
        }
    }

    /// Only of these, or these.
    package let properties: [PropertyID]
    package let after: Position?
    package let limit: Int
    /// Of properties.
    package let status: PropertyStatus?
    /// Of departments.
    package let kind: DepartmentKind?

    package init(
        properties: [PropertyID], after: Position? = nil, limit: Int, status: PropertyStatus? = nil,
        kind: DepartmentKind? = nil
    ) {
        self.properties = properties
        self.after = after
        self.limit = limit
        self.status = status
        self.kind = kind
    }
}
