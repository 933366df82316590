package import Ports
package import Shared

/// Failed logins, counted in PostgreSQL for the whole cluster and by its clock.
package final class PGThrottle: ThrottleStore {
    private let database: PGDatabase

    package init(_ database: PGDatabase) { self.database = database }

    package func count(_ keys: [ThrottleKey], window: Duration) async throws(StoreError) -> [ThrottleCount] {
        let query = PGQuery(
            """
            SELECT span, present, before, (extract(epoch FROM elapsed) * 1000)::bigint \
            FROM bellhop.count_attempt($1, $2, $3 * interval '1 millisecond') ORDER BY ordinal
            """,
            .texts(keys.map(\.kind.rawValue)), .byteas(keys.map(\.bytes)),
            .float8(Double(window.components.seconds) * 1000))
        let rows = try await self.database.transaction { transaction throws(StoreError) in
            let rows = try await transaction.commit(with: [query])
            return rows
        }
        var counts: [ThrottleCount] = []
        for row in rows[0] {
            let (span, present, before, elapsed) = try row.read(Int64.self, Int.self, Int.self, Int64.self)
            counts.append(
                ThrottleCount(window: span, present: present, before: before, elapsed: .milliseconds(elapsed)))
        }
        return counts
    }

    package func takeBack(
        _ keys: [ThrottleKey], counted: [ThrottleCount], window: Duration
    ) async throws(StoreError) {
        let query = PGQuery(
            "SELECT bellhop.take_back_attempt($1, $2, $3)", .texts(keys.map(\.kind.rawValue)),
            .byteas(keys.map(\.bytes)), .int8s(counted.map(\.window)))
        _ = try await self.database.transaction { transaction throws(StoreError) in
            let rows = try await transaction.commit(with: [query])
            return rows
        }
    }
}

extension ThrottleKey {
    fileprivate var bytes: [UInt8] { Array(self.digest.utf8) }
}
