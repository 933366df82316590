package import Shared

/// A small hotel in a database of its own: one tenant, one property, a department, some rooms.
package struct TestHotel: Sendable {
    package let tenant = TenantID.new()
    package let property = PropertyID.new()
    package let roomType = RoomTypeID.new()
    package let user = UserID.new()
    package let rooms: [RoomID]
    private let slug: String

    /// - Parameter slug: tells this tenant from others of the same database.
    package init(rooms: Int = 3, slug: String = "aegean") {
        self.rooms = (0..<rooms).map { _ in RoomID.new() }
        self.slug = slug
    }

    /// Writes it, as the owner of everything.
    package func open(in database: TestDatabase) async throws {
        let rooms = self.rooms.enumerated().map { index, id in
            "('\(self.tenant)', '\(id)', '\(self.property)', '\(101 + index)', '\(self.roomType)', '2026-01-01')"
        }
        try await database.run(
            """
            BEGIN;
            SET LOCAL bellhop.tenant = '\(self.tenant)';
            INSERT INTO bellhop.tenant (tenant_id, name, slug, status, contact_email, currency)
            VALUES ('\(self.tenant)', 'Test Hotel', '\(self.slug)', 'active', 'owner@\(self.slug).example', 'EUR');
            INSERT INTO bellhop.property
                (tenant_id, id, code, name, timezone, currency, business_date, turndown_enabled)
            VALUES ('\(self.tenant)', '\(self.property)', 'AEG', 'Aegean Bay', 'Europe/Athens', 'EUR', '2026-03-08', true);
            INSERT INTO bellhop.app_user (tenant_id, id, email, name, password_hash, status)
            VALUES ('\(self.tenant)', '\(self.user)', 'ana@\(self.slug).example', 'Ana P.', 'scrypt', 'active');
            INSERT INTO bellhop.department (tenant_id, id, property_id, code, slug, name, kind)
            VALUES ('\(self.tenant)', gen_random_uuid(), '\(self.property)', 'HK', 'hk', 'Housekeeping',
                    'housekeeping');
            INSERT INTO bellhop.room_type (tenant_id, id, property_id, code, name, base_occupancy, max_occupancy)
            VALUES ('\(self.tenant)', '\(self.roomType)', '\(self.property)', 'DBL', 'Double', 2, 3);
            INSERT INTO bellhop.room (tenant_id, id, property_id, number, room_type_id, active_from)
            VALUES \(rooms.joined(separator: ", "));
            COMMIT;
            """)
    }
}

extension TestDatabase {
    /// The database as a node's login sees it: it owns nothing, and row-level security holds for it.
    package func nodeAddress() async throws -> DatabaseAddress {
        // Roles belong to the whole server, locks of ours to one database: other tests make this one at the same moment, and
        // whoever comes second finds it made.
        try await self.run(
            """
            DO $$ BEGIN
                IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'test_node') THEN
                    CREATE ROLE test_node LOGIN IN ROLE bellhop_node;
                END IF;
            EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
            END $$;
            """)
        return try self.address(role: "test_node")
    }
}
