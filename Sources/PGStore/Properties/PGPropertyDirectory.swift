internal import Hotel
package import Ports
package import Shared

/// Properties and departments as they are read.
package struct PGPropertyDirectory: PropertyDirectory {
    private let database: PGDatabase

    package init(_ database: PGDatabase) { self.database = database }

    private static let oneProperty = PropertyRow.select + " WHERE p.id = $1 AND p.deleted_at IS NULL"
    private static let pageOfProperties =
        PropertyRow.select + """
             WHERE p.id = ANY ($1) AND p.deleted_at IS NULL AND ($2::text IS NULL OR p.status = $2) \
            AND ($3::uuid IS NULL OR (lower(p.code), p.id) > ($4, $3)) ORDER BY lower(p.code), p.id LIMIT $5
            """
    private static let oneDepartment = DepartmentRow.select + " WHERE d.id = $1 AND d.deleted_at IS NULL"
    private static let pageOfDepartments =
        DepartmentRow.select + """
             WHERE d.property_id = ANY ($1) AND d.deleted_at IS NULL AND ($2::text IS NULL OR d.kind = $2) \
            AND ($3::uuid IS NULL OR (d.property_id, lower(d.code), d.id) > ($3, $4, $5)) \
            ORDER BY d.property_id, lower(d.code), d.id LIMIT $6
            """

    package func property(
        _ id: PropertyID, of tenant: TenantID
    ) async throws(StoreError) -> Found<PropertyRecord>? {
        let rows = try await self.database.read([.tenant(tenant), PGQuery(Self.oneProperty, .id(id))])
        guard let row = rows[1].first else { return nil }
        return Found(try PropertyRow.read(row))
    }

    package func properties(
        _ wanted: CodeSelection, of tenant: TenantID
    ) async throws(StoreError) -> (StreamHead, [PropertyRecord]) {
        let rows = try await self.database.read([
            .tenant(tenant), .position(of: .tenant(tenant)),
            PGQuery(
                Self.pageOfProperties, .ids(wanted.properties), .text(wanted.status?.rawValue), .uuid(wanted.after?.id),
                .text(wanted.after?.sortKey), .int4(Int32(clamping: wanted.limit))),
        ])
        var properties: [PropertyRecord] = []
        for row in rows[2] { properties.append(try PropertyRow.read(row)) }
        return (try StreamHead(position: rows[1]), properties)
    }

    package func department(
        _ id: DepartmentID, of tenant: TenantID
    ) async throws(StoreError) -> Found<DepartmentRecord>? {
        let rows = try await self.database.read([.tenant(tenant), PGQuery(Self.oneDepartment, .id(id))])
        guard let row = rows[1].first else { return nil }
        return Found(try DepartmentRow.read(row))
    }

    package func departments(
        _ wanted: CodeSelection, of tenant: TenantID
    ) async throws(StoreError) -> (StreamHead, [DepartmentRecord]) {
        let rows = try await self.database.read([
            .tenant(tenant), .position(of: .tenant(tenant)),
            PGQuery(
                Self.pageOfDepartments, .ids(wanted.properties), .text(wanted.kind?.rawValue),
                .id(wanted.after?.property),
                .text(wanted.after?.sortKey), .uuid(wanted.after?.id), .int4(Int32(clamping: wanted.limit))),
        ])
        var departments: [DepartmentRecord] = []
        for row in rows[2] { departments.append(try DepartmentRow.read(row)) }
        return (try StreamHead(position: rows[1]), departments)
    }
}
