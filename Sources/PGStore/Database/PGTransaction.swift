package import Shared

/// A transaction that runs. Used by one task, within the body that it was given to.
///
/// After a statement was refused the transaction has failed: whatever is asked next throws the same error, and nothing stays.
package final class PGTransaction {
    private enum State {
        case fresh
        case begun
        case failed(PoolFailure)
        case committed
        case rolledBack
    }

    private let database: PGDatabase
    private let ticket = PGDatabase.newTicket()
    private let due: UInt64
    private let isolation: PGIsolation
    private let preamble: [PGQuery]
    private var state = State.fresh

    init(_ database: PGDatabase, due: UInt64, isolation: PGIsolation, preamble: [PGQuery]) {
        self.database = database
        self.due = due
        self.isolation = isolation
        self.preamble = preamble
    }

    /// Runs one statement.
    package func query(_ statement: PGStatement, _ values: PGValue...) async throws(StoreError) -> PGRows {
        try await self.run([PGQuery(statement, values: values)])[0]
    }

    /// Sends several statements in one go and waits once for all of them. The first that is refused fails them all.
    ///
    /// - Returns: the rows of each statement, in order.
    package func run(_ queries: [PGQuery]) async throws(StoreError) -> [PGRows] {
        try await self.send(queries, ending: .none)
    }

    /// Runs the last statements and commits, all in one go: locks that they take live for no more than the commit.
    ///
    /// Nothing can be asked afterwards. If one of them is refused, nothing is committed.
    @discardableResult
    package func commit(with queries: [PGQuery] = []) async throws(StoreError) -> [PGRows] {
        if case .fresh = self.state, queries.isEmpty {
            self.state = .committed
            return []
        }
        let rows = try await self.send(queries + [.commit], ending: .commit)
        guard rows.last?.command == "COMMIT" else {
            throw self.fail(.refused(PGServerError(code: "25P02", message: "the server rolled back instead")))
        }
        self.state = .committed
        return Array(rows.dropLast())
    }

    /// Decides that nothing of this transaction stays; the body may go on and give back its result.
    package func rollBack() {
        guard case .begun = self.state else {
            if case .fresh = self.state { self.state = .rolledBack }
            return
        }
        self.state = .rolledBack
        self.database.release(self.ticket)
    }

    // MARK: For the database

    /// The first failure, whatever the body made of it.
    var failure: PoolFailure? {
        if case .failed(let failure) = self.state { return failure }
        return nil
    }

    /// Commits what the body left open.
    func end() async throws(StoreError) {
        switch self.state {
        case .fresh, .committed, .rolledBack: break
        case .begun: try await self.commit()
        case .failed(let failure): throw failure.storeError
        }
    }

    /// Gives the connection back after a failure, or an error of the body's own.
    func release() {
        switch self.state {
        case .begun, .failed: self.database.release(self.ticket)
        case .fresh, .committed, .rolledBack: break
        }
    }

    private func send(_ queries: [PGQuery], ending: PoolRequest.Ending) async throws(StoreError) -> [PGRows] {
        let opening: [PGQuery]
        switch self.state {
        case .fresh: opening = [.begin(self.isolation)] + PGQuery.limits(self.database.options) + self.preamble
        case .begun: opening = []
        case .failed(let failure): throw failure.storeError
        // `no_active_sql_transaction`: the body asks after it has ended the transaction itself.
        case .committed, .rolledBack: throw .refused(code: "25P01", message: "the transaction has ended")
        }
        let isFirst = !opening.isEmpty
        self.state = .begun
        let outcome = await self.database.submit(
            opening + queries, of: self.ticket, isFirst: isFirst, ending: ending, deadline: self.due)
        switch outcome {
        case .success(let rows): return Array(rows.dropFirst(opening.count))
        case .failure(let failure): throw self.fail(failure)
        }
    }

    private func fail(_ failure: PoolFailure) -> StoreError {
        self.state = .failed(failure)
        return failure.storeError
    }
}
