internal import Hotel
package import Ports
package import Shared

/// Audit rows that need not be written with anything else, above all of what was refused: they are written soon, many at a
/// time, so that a flood of refusals takes a tenant's lock now and then and not once for each (architecture 1.1).
///
/// What waits is bounded, and lost with the node; what found no place is counted.
package final class PGAuditQueue: Sendable {
    /// Rows that may wait.
    package static let places = 2000

    private struct Entry {
        let origin: CommandOrigin
        let row: AuditRow
    }

    private struct State {
        var waiting: [Entry] = []
        var lost: UInt64 = 0
        var writer: Task<Void, Never>?
    }

    private let database: PGDatabase
    private let delay: Duration
    private let log: Logger
    private let state = Locked(State())

    /// - Parameter delay: how long rows are gathered.
    package init(_ database: PGDatabase, delay: Duration = .milliseconds(200), log: Logger = .silent) {
        self.database = database
        self.delay = delay
        self.log = log
    }

    /// Rows that were not written, because too many waited or the database was away.
    package var lost: UInt64 { self.state.withLock { $0.lost } }

    /// Writes the row soon. The chain that it names, or else its origin's tenant, decides where.
    package func note(_ row: AuditRow, of origin: CommandOrigin) {
        self.state.withLock { state in
            guard state.waiting.count < Self.places else {
                state.lost += 1
                return
            }
            state.waiting.append(Entry(origin: origin, row: row))
            if state.writer == nil { state.writer = Task { await self.write() } }
        }
    }

    /// Returns when what was noted before is written or lost.
    package func flush() async {
        while let writer = self.state.withLock({ $0.writer }) { await writer.value }
    }

    private func write() async {
        while true {
            try? await Task.sleep(for: self.delay)
            let batch = self.state.withLock { state in
                if state.waiting.isEmpty { state.writer = nil }
                defer { state.waiting = [] }
                return state.waiting
            }
            if batch.isEmpty { return }
            var chains: [EventStream: [Entry]] = [:]
            for entry in batch {
                chains[entry.row.chain ?? EventStream(of: entry.origin.tenant), default: []].append(entry)
            }
            for (chain, entries) in chains { await self.write(entries, to: chain) }
        }
    }

    private func write(_ entries: [Entry], to chain: EventStream) async {
        let append = AuditAppend.query(entries.map { ($0.origin, $0.row) }, to: chain)
        let tenant: TenantID? = if case .tenant(let id) = chain { id } else { nil }
        do throws(StoreError) {
            _ = try await self.database.transaction(preamble: [.tenant(tenant)]) { transaction throws(StoreError) in
                let rows = try await transaction.commit(with: [append])
                return rows
            }
        } catch {
            self.state.withLock { $0.lost += UInt64(entries.count) }
            self.log.warning("audit.lost", ["rows": .int(entries.count), "error": .error(error)])
        }
    }
}
