package import Crypto
internal import Hotel
package import Shared

/// Writes the demo into a database, for those who want to see Bellhop work.
package struct PGDemo: Sendable {
    private let database: PGDatabase

    package init(_ database: PGDatabase) { self.database = database }

    /// Writes the tenants that are not there yet; each whole or not at all.
    ///
    /// The log stays empty: nobody was listening. Guests and reservations come with the version that has them.
    ///
    /// - Parameter password: of all users.
    /// - Returns: the names of the tenants that were written.
    package func write(password: PasswordHash) async throws(StoreError) -> [String] {
        var written: [String] = []
        try await self.writePlatform(password)
        for tenant in DemoHotel.tenants {
            let there = try await self.database.read([
                .tenant(tenant.id), PGQuery("SELECT 1 FROM bellhop.tenant WHERE tenant_id = $1", .id(tenant.id)),
            ])
            guard there[1].isEmpty else { continue }
            try await self.commit(Self.queries(tenant, password), for: tenant.id)
            written.append(tenant.name)
        }
        return written
    }

    private func commit(_ queries: [PGQuery], for tenant: TenantID?) async throws(StoreError) {
        _ = try await self.database.transaction(preamble: [.tenant(tenant)]) { transaction throws(StoreError) in
            let rows = try await transaction.commit(with: queries)
            return rows.count
        }
    }

    /// The platform's own staff, at the addresses of the first tenant.
    private func writePlatform(_ password: PasswordHash) async throws(StoreError) {
        let roles = Role.allCases.filter { $0.scope == .platform }
        let staff = Staff(roles, domain: DemoHotel.tenants[0].domain, of: nil, property: nil, department: nil)
        try await self.commit(staff.queries(password), for: nil)
    }

    private static func queries(_ tenant: DemoHotel.Tenant, _ password: PasswordHash) -> [PGQuery] {
        var queries = [
            PGQuery(
                """
                INSERT INTO bellhop.tenant \
                (tenant_id, name, slug, status, contact_email, currency, approved_at) \
                VALUES ($1, $2, $3, 'active', $4, 'EUR', clock_timestamp())
                """, .id(tenant.id), .text(tenant.name), .text(tenant.slug),
                .text("tenant_owner@\(tenant.domain)"))
        ]
        for property in tenant.properties { queries += self.queries(property, tenant) }
        let first: PropertyID = DemoHotel.id(tenant.slug, tenant.properties[0].code)
        let concierge: DepartmentID = DemoHotel.id(tenant.slug, tenant.properties[0].code, "CON")
        let staff = Staff(
            Role.allCases.filter { $0.scope == .tenant }, domain: tenant.domain, of: tenant, property: first,
            department: concierge)
        return queries + staff.queries(password) + [
            PGQuery(
                "UPDATE bellhop.tenant SET owner_user_id = $2 WHERE tenant_id = $1", .id(tenant.id),
                .id(staff.id(of: .tenantOwner)))
        ]
    }

    private static func queries(_ property: DemoHotel.Property, _ tenant: DemoHotel.Tenant) -> [PGQuery] {
        let id: PropertyID = DemoHotel.id(tenant.slug, property.code)
        let types = DemoHotel.roomTypes
        let departments = DemoHotel.departments
        let typeIDs: [RoomTypeID] = types.map { DemoHotel.id(tenant.slug, property.code, "type", $0.code) }
        let departmentIDs: [DepartmentID] = departments.map { DemoHotel.id(tenant.slug, property.code, $0.code) }
        let slugs = departments.map { department in
            Code(department.code).map { ChannelSlug($0).text } ?? department.code.lowercased()
        }
        return [
            PGQuery(
                """
                INSERT INTO bellhop.property \
                (tenant_id, id, code, name, timezone, currency, status, business_date, turndown_enabled) \
                VALUES ($1, $2, $3, $4, $5, $6, 'live', (clock_timestamp() AT TIME ZONE $5)::date, true)
                """, .id(tenant.id), .id(id), .text(property.code), .text(property.name), .text(property.timeZone),
                .text(property.currency)),
            PGQuery(
                """
                INSERT INTO bellhop.department (tenant_id, id, property_id, code, slug, name, kind) \
                SELECT $1, d.id, $2, d.code, d.slug, d.name, d.kind \
                FROM unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[]) \
                AS d (id, code, slug, name, kind)
                """, .id(tenant.id), .id(id), .ids(departmentIDs), .texts(departments.map(\.code)),
                .texts(slugs), .texts(departments.map(\.name)), .texts(departments.map(\.kind.rawValue))),
            PGQuery(
                """
                INSERT INTO bellhop.room_type \
                (tenant_id, id, property_id, code, name, base_occupancy, max_occupancy) \
                SELECT $1, t.id, $2, t.code, t.name, t.base, t.most \
                FROM unnest($3::uuid[], $4::text[], $5::text[], $6::int4[], $7::int4[]) \
                AS t (id, code, name, base, most)
                """, .id(tenant.id), .id(id), .ids(typeIDs), .texts(types.map(\.code)), .texts(types.map(\.name)),
                .int4s(types.map { Int32($0.base) }), .int4s(types.map { Int32($0.most) })),
            self.rooms(property, tenant, typeIDs),
        ]
    }

    /// Numbers are the floor and two digits; types and states follow from them, so that boards have something to show.
    private static func rooms(
        _ property: DemoHotel.Property, _ tenant: DemoHotel.Tenant, _ types: [RoomTypeID]
    ) -> PGQuery {
        var (ids, numbers, floors): ([RoomID?], [String?], [String?]) = ([], [], [])
        var (typeIDs, statuses, occupied): ([RoomTypeID?], [String?], [Bool?]) = ([], [], [])
        let states = HKStatus.allCases.filter { $0 != .pickup }
        for floor in 1...property.floors {
            for place in 1...property.roomsPerFloor {
                let number = "\(floor)\(place < 10 ? "0" : "")\(place)"
                ids.append(DemoHotel.id(tenant.slug, property.code, "room", number))
                numbers.append(number)
                floors.append("\(floor)")
                typeIDs.append(types[place % types.count])
                statuses.append(states[(floor * 7 + place) % states.count].rawValue)
                occupied.append((floor + place) % 3 == 0)
            }
        }
        return PGQuery(
            """
            INSERT INTO bellhop.room (tenant_id, id, property_id, number, floor, room_type_id, hk_status, \
            fo_occupancy, fo_persons, active_from) \
            SELECT $1, r.id, $2, r.number, r.floor, r.type, r.status, \
            CASE WHEN r.occupied THEN 'occupied' ELSE 'vacant' END, CASE WHEN r.occupied THEN 2 ELSE 0 END, '2026-01-01' \
            FROM unnest($3::uuid[], $4::text[], $5::text[], $6::uuid[], $7::text[], $8::bool[]) \
            AS r (id, number, floor, type, status, occupied)
            """, .id(tenant.id), .id(DemoHotel.id(tenant.slug, property.code) as PropertyID), .ids(ids),
            .texts(numbers), .texts(floors), .ids(typeIDs), .texts(statuses), .bools(occupied))
    }
}

/// One user for each of some roles, `<role>@<domain>`.
private struct Staff {
    private let roles: [Role]
    private let domain: String
    private let tenant: DemoHotel.Tenant?
    private let property: PropertyID?
    private let department: DepartmentID?

    init(
        _ roles: [Role], domain: String, of tenant: DemoHotel.Tenant?, property: PropertyID?,
        department: DepartmentID?
    ) {
        self.roles = roles
        self.domain = domain
        self.tenant = tenant
        self.property = property
        self.department = department
    }

    func id(of role: Role) -> UserID { DemoHotel.id("user", self.email(of: role)) }

    private func email(of role: Role) -> String { "\(role.rawValue)@\(self.domain)" }

    func queries(_ password: PasswordHash) -> [PGQuery] {
        let tenant = self.tenant?.id ?? TenantID(raw: 0)
        let assignments: [RoleID] = self.roles.map { DemoHotel.id("role", self.email(of: $0)) }
        let properties = self.roles.map { DemoHotel.everywhere.contains($0) ? nil : self.property }
        let departments = self.roles.map { role in
            [.departmentStaff, .departmentSupervisor].contains(role) ? self.department : nil
        }
        return [
            PGQuery(
                """
                INSERT INTO bellhop.app_user (tenant_id, id, email, name, status, password_hash) \
                SELECT $1, u.id, u.email, u.name, 'active', $2 \
                FROM unnest($3::uuid[], $4::text[], $5::text[]) AS u (id, email, name) ON CONFLICT DO NOTHING
                """, .id(tenant), .text(password.stored), .ids(self.roles.map { self.id(of: $0) }),
                .texts(self.roles.map { self.email(of: $0) }),
                .texts(self.roles.map { DemoHotel.people[$0] ?? $0.rawValue })),
            PGQuery(
                """
                INSERT INTO bellhop.role_assignment \
                (tenant_id, id, user_id, built_in_role, property_id, department_id) \
                SELECT $1, a.id, a.user_id, a.role, a.property, a.department \
                FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::uuid[], $6::uuid[]) \
                AS a (id, user_id, role, property, department) ON CONFLICT DO NOTHING
                """, .id(tenant), .ids(assignments), .ids(self.roles.map { self.id(of: $0) }),
                .texts(self.roles.map(\.rawValue)), .ids(properties), .ids(departments)),
        ]
    }
}
