import Operations
import PGStore
import Reactor
import Realtime
import RedisBridge
import Shared
import StoreSupport
import Testing
import Wire

@testable import App

/// The stores of one node, loops that turn and serve what a test wants, and what the watch has decided.
final class StoresFixture: Sendable {
    let stores: Stores
    let registry = MetricsRegistry()
    private let decided = Locked<[SchemaWatch.Verdict]>([])
    private let server: ClientServer

    /// Paths, and what is behind them.
    typealias Served = (part: any FrontPart, endpoint: Front.MakeEndpoint)

    /// - Parameter ownLoop: whether the stores are on a loop behind the two that serve clients, or on the first of these.
    init(
        _ database: DatabaseAddress, redis: [RedisServer] = [], serving served: Served? = nil, ownLoop: Bool = false
    ) throws {
        var configuration = try NodeConfiguration(
            environment: [
                "DATABASE_URL": "postgresql://h/d", "BELLHOP_APPS": "1:key:\(String(repeating: "s", count: 16))",
                "BELLHOP_JWT_SECRETS": "k1:\(String(repeating: "A", count: 43))=",
            ], surroundings: .machine)
        configuration.database = database
        configuration.databaseConnections = 2
        configuration.redisServers = redis
        let group = try LoopGroup(count: ownLoop ? 3 : 2)
        let stores = Stores(
            configuration, on: group.handles[ownLoop ? 2 : 0], migrations: try Migration.embedded(), in: self.registry,
            log: .silent)
        self.stores = stores
        let health = HealthEndpoints(health: NodeState(nodeID: "n"), metrics: self.registry, hasAdminPort: true)
        let site = try Site(port: .client, health: health, cors: CORSPolicy(allowed: []))
        var front = Front(pages: SitePart(site: site, proxies: TrustedProxies([]), workbench: try Workbench()))
        if let served {
            _ = front.add(served.endpoint)
            front.add(served.part)
        }
        self.server = try ClientServer(
            on: group, clientLoops: 2, otherPlaces: RedisConnections.places, connectionLimit: 10,
            clients: front.port(
                at: try #require(SocketAddress("127.0.0.1", port: 0)), doors: stores.doors, metrics: stores.fanout),
            metrics: NodeMetrics(in: MetricsRegistry(), loops: { [] }))
        let decided = self.decided
        self.stores.watch.start { verdict in decided.withLock { $0.append(verdict) } }
    }

    var port: UInt16 { self.server.address?.port ?? 0 }

    var verdicts: [SchemaWatch.Verdict] { self.decided.withLock { $0 } }

    /// Name, word and detail of what is not well.
    var ills: [String] {
        self.stores.dependencies.filter { !$0.isHealthy }.map { "\($0.name): \($0.detail ?? "")" }
    }

    func stop() async {
        await self.stores.stop()
        self.server.stop()
    }

    /// Hands the stores of a node to `body`, and stops them however it ends.
    static func with(
        _ database: DatabaseAddress, redis: [RedisServer] = [], serving served: Served? = nil, ownLoop: Bool = false,
        _ body: (StoresFixture) async throws -> Void
    ) async throws {
        let fixture = try StoresFixture(database, redis: redis, serving: served, ownLoop: ownLoop)
        do {
            try await body(fixture)
            await fixture.stop()
        } catch {
            await fixture.stop()
            throw error
        }
    }
}
