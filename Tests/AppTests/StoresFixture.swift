import Operations
import PGStore
import Reactor
import RedisBridge
import Shared
import StoreSupport
import Testing

@testable import App

/// The stores of one node on a loop that turns, and what their watch has decided.
final class StoresFixture: Sendable {
    let stores: Stores
    let registry = MetricsRegistry()
    private let decided = Locked<[SchemaWatch.Verdict]>([])
    private let group: LoopGroup

    init(_ database: DatabaseAddress, redis: [RedisServer] = []) throws {
        var configuration = try NodeConfiguration(
            environment: [
                "DATABASE_URL": "postgresql://h/d", "BELLHOP_APPS": "1:key:\(String(repeating: "s", count: 16))",
                "BELLHOP_JWT_SECRETS": "k1:\(String(repeating: "A", count: 43))=",
            ], surroundings: .machine)
        configuration.database = database
        configuration.databaseConnections = 2
        configuration.redisServers = redis
        self.group = try LoopGroup(count: 1)
        self.stores = Stores(
            configuration, on: self.group.handles[0], migrations: try Migration.embedded(), in: self.registry,
            log: .silent)
        try self.group.start(LoopOptions(), places: RedisConnections.places) { _ throws(SystemError) in }
        let decided = self.decided
        self.stores.watch.start { verdict in decided.withLock { $0.append(verdict) } }
    }

    var verdicts: [SchemaWatch.Verdict] { self.decided.withLock { $0 } }

    /// Name, word and detail of what is not well.
    var ills: [String] {
        self.stores.dependencies.filter { !$0.isHealthy }.map { "\($0.name): \($0.detail ?? "")" }
    }

    func stop() async {
        await self.stores.stop()
        self.group.stop()
    }

    /// Hands the stores of a node to `body`, and stops them however it ends.
    static func with(
        _ database: DatabaseAddress, redis: [RedisServer] = [], _ body: (StoresFixture) async throws -> Void
    ) async throws {
        let fixture = try StoresFixture(database, redis: redis)
        do {
            try await body(fixture)
            await fixture.stop()
        } catch {
            await fixture.stop()
            throw error
        }
    }
}
