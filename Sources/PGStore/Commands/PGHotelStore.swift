internal import Hotel
package import Ports
package import Shared

/// Carries commands out in PostgreSQL.
///
/// A command that loads once costs two round trips: `BEGIN`, tenant, operation and loading in one, writing, appending and
/// `COMMIT` in the other. So the heads of the streams are locked for no longer than the commit takes.
package struct PGHotelStore: HotelStore {
    private let database: PGDatabase

    package init(_ database: PGDatabase) { self.database = database }

    package func execute(_ order: CommandOrder) async throws -> Execution {
        do throws(StoreError) {
            return try await Self.execute(order, in: self.database)
        } catch {
            // Somebody else was faster with a name that there is once.
            guard case .refused("23505", let message) = error, let refusal = Self.refusal(order.command, message) else {
                throw error
            }
            return Execution(.refused(refusal))
        }
    }

    private static func execute(
        _ order: CommandOrder, in database: PGDatabase
    ) async throws(StoreError) -> Execution {
        let left = order.deadline - .now
        guard left > .zero else { throw .timedOut }
        let done = try await database.transaction(
            deadline: left, preamble: [.tenant(order.origin.tenant)], settlesItself: order.origin.operation != nil
        ) { transaction throws(StoreError) in
            let done = try await PGCommandDesk(transaction, order.origin).carryOut(order.command)
            return done
        }
        return done
    }

    package func note(_ attempts: [AuditedAttempt]) async throws(StoreError) {
        var byChain: [EventStream: [AuditedAttempt]] = [:]
        for attempt in attempts {
            let home = attempt.origin.tenant.map { EventStream.tenant($0) } ?? .system
            byChain[attempt.row.chain ?? home, default: []].append(attempt)
        }
        for (chain, attempts) in byChain.sorted(by: { $0.key.raw < $1.key.raw }) {
            let append = PGQuery.appendAudit(attempts, to: chain)
            let tenant: TenantID? = if case .tenant(let tenant) = chain { tenant } else { nil }
            _ = try await self.database.transaction(preamble: [.tenant(tenant)]) { transaction throws(StoreError) in
                try await transaction.commit(with: [append])
            }
        }
    }

    /// What a command says of a constraint that the server names in its message, in quotes.
    private static func refusal(_ command: any HotelCommand, _ message: String) -> Refusal? {
        let parts = message.split(separator: "\"", omittingEmptySubsequences: false)
        return parts.count >= 2 ? command.refusal(ofTaken: String(parts[1])) : nil
    }
}
