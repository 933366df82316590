internal import Ports
package import Shared

/// Deletes what has expired, of all tenants at once.
package struct PGCleaning: Cleaning {
    private let database: PGDatabase

    package init(_ database: PGDatabase) { self.database = database }

    package func deleteExpired(_ limit: Int) async throws(StoreError) -> Int {
        let query = PGQuery(
            "SELECT greatest(operations, sessions, throttles) FROM bellhop.delete_expired($1)",
            .int4(Int32(clamping: limit)))
        let rows = try await self.database.transaction { transaction throws(StoreError) in
            let rows = try await transaction.commit(with: [query])
            return rows
        }
        return try rows[0].first?.read(0, as: Int.self) ?? 0
    }
}
