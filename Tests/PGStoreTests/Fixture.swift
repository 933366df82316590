import Reactor
import Shared
import StoreSupport

@testable import PGStore

/// A database on a loop of its own, closed in the right order.
func withPool<Result>(
    _ address: DatabaseAddress, _ options: PGOptions = PGOptions(),
    _ body: (PGDatabase) async throws -> Result
) async throws -> Result {
    let group = try LoopGroup(count: 1, options: LoopOptions(), places: 10) { _ throws(SystemError) in }
    let database = PGDatabase(address, options: options, loop: group.handles[0])
    do {
        let result = try await body(database)
        await database.close()
        group.stop()
        return result
    } catch {
        await database.close()
        group.stop()
        throw error
    }
}

/// A database of its own and connections to it.
func withStore<Result>(
    _ change: (inout PGOptions) -> Void = { _ in }, _ body: (PGDatabase, TestDatabase) async throws -> Result
) async throws -> Result {
    var options = PGOptions()
    options.connections = 4
    change(&options)
    return try await withDatabase { database in
        try await withPool(database.address, options) { pool in try await body(pool, database) }
    }
}

/// A statement that waits so many seconds on the server.
let sleeping: PGStatement = "SELECT pg_sleep($1)"

/// Runs `body` and gives its error; `nil` if it went well.
func failure(_ body: () async throws(StoreError) -> Void) async -> StoreError? {
    do throws(StoreError) {
        try await body()
        return nil
    } catch {
        return error
    }
}

extension StoreError {
    /// SQLSTATE, if the server refused.
    var code: String? {
        guard case .refused(let code, _) = self else { return nil }
        return code
    }
}

/// Keeps a connection busy until it is told to let go.
struct Holder {
    private let isDone = Locked(false)
    private let task: Task<Void, any Error>

    /// Returns when it has the connection.
    init(_ pool: PGDatabase) async {
        let (isDone, hasBegun) = (self.isDone, Locked(false))
        self.task = Task {
            try await pool.transaction(deadline: .seconds(60)) { transaction throws(StoreError) in
                _ = try await transaction.query("SELECT 1")
                hasBegun.withLock { $0 = true }
                _ = await eventually(within: .seconds(50)) { isDone.withLock { $0 } }
            }
        }
        _ = await eventually(within: .seconds(30)) { hasBegun.withLock { $0 } }
    }

    func letGo() async throws {
        self.isDone.withLock { $0 = true }
        try await self.task.value
    }
}
