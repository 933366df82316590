package import Hotel
package import Ports
package import Shared

/// Who acts, and where, from the rows of PostgreSQL: one round trip each.
package final class PGActors: ActorDirectory {
    private let database: PGDatabase

    package init(_ database: PGDatabase) { self.database = database }

    package func actor(in session: SessionID, of user: TenantUser) async throws(StoreError) -> SessionActor? {
        let isLive = PGQuery(
            """
            SELECT 1 FROM bellhop.user_session \
            WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL AND expires_at > clock_timestamp()
            """, .id(session), .id(user.id))
        let rows = try await self.database.read([.tenant(user.tenant), isLive] + StoredUser.queries(user.id))
        guard !rows[1].isEmpty, let stored = try StoredUser(rows[2...]) else { return nil }
        return SessionActor(standing: stored.standing, actor: stored.actor)
    }

    package func directory(of tenant: TenantID) async throws(StoreError) -> TenantDirectory? {
        let rows = try await self.database.read([.tenant(tenant)] + DirectoryRows.queries)
        return try DirectoryRows.read(rows[1...])
    }
}
