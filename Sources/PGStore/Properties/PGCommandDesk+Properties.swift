internal import Hotel
internal import Ports
internal import Shared

extension PGCommandDesk {
    private static let lockedProperty = PropertyRow.select + " WHERE p.id = $1 FOR UPDATE"

    func property(_ id: PropertyID) async throws(StoreError) -> Found<PropertyRecord>? {
        let rows = try await self.run([PGQuery(Self.lockedProperty, .id(id))])
        guard let row = rows[0].first else { return nil }
        return Found(try PropertyRow.read(row))
    }

    func site(_ id: PropertyID) async throws(StoreError) -> PropertySite? {
        try SiteRows.read(try await self.run(SiteRows.queries(id)))
    }

    func businessDay(by clock: PropertyClock) async throws(StoreError) -> [CalendarDate] {
        // The list, not AT TIME ZONE alone: that takes spellings of offsets too, which no daylight saving moves.
        let rows = try await self.run([
            PGQuery(
                """
                SELECT ((clock_timestamp() AT TIME ZONE z.name) - $2::text::time)::date \
                FROM pg_catalog.pg_timezone_names z WHERE z.name = $1
                """, .text(clock.zone.text), .text(clock.rollTime.text))
        ])
        var days: [CalendarDate] = []
        for row in rows[0] { days.append(try row.read(0, as: CalendarDate.self)) }
        return days
    }

    func occupiedRooms(of property: PropertyID) async throws(StoreError) -> [String] {
        let rows = try await self.run([
            PGQuery(
                """
                SELECT number FROM bellhop.room WHERE property_id = $1 AND deleted_at IS NULL \
                AND fo_occupancy = 'occupied' ORDER BY sort_key LIMIT 10
                """, .id(property))
        ])
        return try rows[0].texts()
    }

    func add(_ property: PropertyRecord) {
        self.write(
            PGQuery(PropertyRow.insert, values: PropertyRow.values(of: property, by: self.origin.actor.id)))
    }

    func keep(_ property: PropertyRecord) {
        self.write(
            PGQuery(PropertyRow.update, values: PropertyRow.values(of: property, by: self.origin.actor.id)))
    }
}

extension PGCommandDesk {
    private static let departmentByID = DepartmentRow.select + " WHERE d.id = $1"
    private static let propertyOfDepartment: PGStatement =
        "(SELECT property_id FROM bellhop.department WHERE id = $1)"

    func department(_ id: DepartmentID) async throws(StoreError) -> SiteFile<DepartmentRecord>? {
        // The property first, as everywhere: whoever locks in another order may wait for whoever waits for them.
        let rows = try await self.run(
            SiteRows.queries(of: Self.propertyOfDepartment, id.raw) + [
                PGQuery("SELECT 1 FROM bellhop.department WHERE id = $1 FOR UPDATE", .id(id)),
                PGQuery(Self.departmentByID, .id(id)),
            ])
        guard let site = try SiteRows.read(rows), let row = rows.last?.first else { return nil }
        return SiteFile(try DepartmentRow.read(row), at: site)
    }

    func uses(of department: DepartmentID) async throws(StoreError) -> [String: Int] {
        let rows = try await self.run([
            PGQuery(
                """
                SELECT 'role_assignments', count(*) FROM bellhop.role_assignment WHERE department_id = $1 \
                UNION ALL \
                SELECT 'properties', count(*) FROM bellhop.property \
                WHERE default_department_id = $1 AND deleted_at IS NULL
                """, .id(department))
        ])
        var uses: [String: Int] = [:]
        for row in rows[0] {
            let (kind, count) = try row.read(String.self, Int.self)
            if count > 0 { uses[kind] = count }
        }
        return uses
    }

    func staff(among users: [UserID]) async throws(StoreError) -> [UserID] {
        let rows = try await self.run([
            PGQuery("SELECT id FROM bellhop.app_user WHERE id = ANY ($1) AND deleted_at IS NULL", .ids(users))
        ])
        var staff: [UserID] = []
        for row in rows[0] { staff.append(try row.read(0, as: UserID.self)) }
        return staff
    }

    func add(_ department: DepartmentRecord) {
        self.write(
            PGQuery(DepartmentRow.insert, values: DepartmentRow.values(of: department, by: self.origin.actor.id)))
    }

    func keep(_ department: DepartmentRecord) {
        self.write(
            PGQuery(DepartmentRow.update, values: DepartmentRow.values(of: department, by: self.origin.actor.id)))
    }
}

/// A property as a place: locked against change, then read.
///
/// Two statements, because the one that waits for a lock may see, beside the row that it locked, what was before it waited.
enum SiteRows {
    private static let lock: PGStatement = "SELECT status FROM bellhop.property WHERE deleted_at IS NULL AND id = "
    private static let rules = PropertyRulesRow.select + " WHERE p.deleted_at IS NULL AND p.id = "
    private static let itself: PGStatement = "$1"

    static func queries(_ property: PropertyID) -> [PGQuery] { self.queries(of: self.itself, property.raw) }

    /// - Parameter property: which one, as SQL with one parameter.
    static func queries(of property: PGStatement, _ id: UInt128) -> [PGQuery] {
        [PGQuery(self.lock + property + " FOR SHARE", .uuid(id)), PGQuery(self.rules + property, .uuid(id))]
    }

    /// Reads the first two answers; `nil` if there is no such property.
    static func read(_ rows: [PGRows]) throws(StoreError) -> PropertySite? {
        guard let first = rows[0].first, let row = rows[1].first else { return nil }
        var cells = RowCells(first)
        let status = try cells.word(PropertyStatus.self)
        return PropertySite(try PropertyRulesRow.read(row), status: status)
    }
}

extension PGRows {
    /// The first column of all rows.
    func texts() throws(StoreError) -> [String] {
        var texts: [String] = []
        for row in self { texts.append(try row.read(0, as: String.self)) }
        return texts
    }
}
