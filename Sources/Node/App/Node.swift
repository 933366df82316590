import Crypto
import Glibc
import Operations
import PGStore
import Reactor
import Realtime
import RedisBridge
import Shared
import Wire

/// One node from its start to its end: opens in order, waits for a signal, leaves in the reverse order.
struct Node {
    private let configuration: NodeConfiguration
    private let log: Logger
    private let state: NodeState
    private let stores: Stores
    private let services: Services
    private let front: Front
    private let server: ClientServer
    private let signals: StopSignals

    /// What must be had for a start, and is not.
    struct Unavailable: Error, CustomStringConvertible {
        let description: String
    }

    /// Opens the ports. Stores are reached when they can be: a start does not wait for them.
    init(_ configuration: NodeConfiguration, log: Logger, writer: LogWriter, signals: StopSignals) throws {
        self.configuration = configuration
        self.log = log
        self.signals = signals
        self.state = NodeState(nodeID: configuration.nodeID)
        let registry = MetricsRegistry()
        registry.collectProcess()
        registry.collectBuild(version: BuildInfo.version)
        registry.collectLog(writer)
        let metrics = NodeMetrics(in: registry, loops: { [state] in state.loopFigures })
        let group = try LoopGroup(count: configuration.loops + (configuration.hasStoreLoop ? 1 : 0))
        // The first loop, or the one behind those of the clients.
        let storeLoop = group.handles[configuration.hasStoreLoop ? configuration.loops : 0]
        self.stores = Stores(
            configuration, on: storeLoop, migrations: try Migration.embedded(), in: registry, log: log)
        self.state.uses(self.stores)
        let cors = CORSPolicy(allowed: configuration.allowedOrigins.compactMap { HTTPOrigin($0) })
        self.services = try Services(configuration, over: self.stores, cors: cors, in: registry, log: log)
        let (clients, admin, front) = try Self.ports(
            configuration, self.state, self.stores, self.services, cors, registry)
        self.front = front
        do throws(SystemError) {
            self.server = try ClientServer(
                on: group, clientLoops: configuration.loops, otherPlaces: RedisConnections.places,
                options: configuration.loopOptions, connectionLimit: configuration.connectionLimit, clients: clients,
                admin: admin, metrics: metrics, log: log)
        } catch {
            throw Unavailable(description: "cannot listen on \(clients.address): \(error)")
        }
        self.state.serves(self.server)
    }

    /// Serves until a signal asks to stop, then drains.
    ///
    /// - Returns: why it ended.
    func run() -> ExitCode {
        self.log.notice(
            "node.started",
            [
                "version": .string(BuildInfo.version), "clients": .id(self.server.address?.description ?? ""),
                "admin": .id(self.server.adminAddress?.description ?? ""), "loops": .int(self.configuration.loops),
                "connection_limit": .int(self.configuration.connectionLimit),
            ])
        let isImpossible = self.awaitStores()
        _ = self.signals.wait()
        if isImpossible.withLock({ $0 }) {
            self.server.stop()
            return .configuration
        }
        // When a second signal came, nothing is waited for, not even a loop that does not turn any more.
        if self.drain(), self.closeStores() { self.server.stop() }
        self.log.notice("node.stopped")
        return .success
    }

    /// Begins to look for the database, and lets clients in when it is the right one.
    ///
    /// - Returns: whether the node was stopped because it can never be.
    private func awaitStores() -> Locked<Bool> {
        let (state, stores, log, isImpossible) = (self.state, self.stores, self.log, Locked(false))
        self.stores.watch.start { verdict in
            switch verdict {
            case .fits:
                if state.becomesReady() { log.notice("node.ready") }
                stores.beginWork()
            case .impossible(let reason):
                log.error("node.wrong_database", ["reason": .string(reason)])
                isImpossible.withLock { $0 = true }
                StopSignals.ask()
            }
        }
        return isImpossible
    }

    /// Readiness first, so that the balancer sends nobody new; then, when it has had time to look, the clients are sent
    /// away one after the other. A second signal ends it at once.
    ///
    /// - Returns: whether it was left to its end.
    private func drain() -> Bool {
        self.state.startsDraining()
        self.log.notice("node.draining", ["clients": .int(self.server.connectionCount)])
        if self.signals.wait(within: .seconds(self.configuration.drainNoticeSeconds)) { return self.cutShort() }
        self.server.leave(over: UInt64(self.configuration.drainSeconds) * 1000)
        let patience = Duration.seconds(self.configuration.drainSeconds) + Self.lastAnswers
        let deadline = ContinuousClock.now + patience
        while self.server.connectionCount > 0 || self.front.unfinished > 0, ContinuousClock.now < deadline {
            if self.signals.wait(within: .milliseconds(20)) { return self.cutShort() }
        }
        return true
    }

    /// When nobody is left who could ask for something: lets transactions finish and their news go out.
    ///
    /// - Returns: whether no signal cut it short.
    private func closeStores() -> Bool {
        let (services, stores, isClosed) = (self.services, self.stores, Locked(false))
        Task {
            await services.settle()
            await stores.stop()
            isClosed.withLock { $0 = true }
        }
        let deadline = ContinuousClock.now + Self.lastTransactions
        while !isClosed.withLock({ $0 }), ContinuousClock.now < deadline {
            if self.signals.wait(within: .milliseconds(5)) { return self.cutShort() }
        }
        return true
    }

    private func cutShort() -> Bool {
        self.log.warning("node.drain_cut_short", ["clients": .int(self.server.connectionCount)])
        return false
    }

    /// Time for requests that were being answered, and for peers that close slowly, after the last close.
    private static let lastAnswers = Duration.seconds(6)

    /// Longer than any transaction may take.
    private static let lastTransactions = Duration.seconds(10)

    private typealias Ports = (clients: ClientServer.Port, admin: ClientServer.Port?, front: Front)

    private static func ports(
        _ configuration: NodeConfiguration, _ state: NodeState, _ stores: Stores, _ services: Services,
        _ cors: CORSPolicy, _ registry: MetricsRegistry
    ) throws -> Ports {
        let health = HealthEndpoints(health: state, metrics: registry, hasAdminPort: configuration.adminPort != nil)
        let workbench = try Workbench()
        let files = try configuration.webPath.map { path throws(Unavailable) in
            try Self.pages(path, configuration)
        }
        func pages(_ site: Site) -> SitePart {
            SitePart(site: site, proxies: configuration.proxies, workbench: workbench)
        }
        func address(_ host: String, _ port: UInt16) throws -> SocketAddress {
            guard let address = SocketAddress(host, port: port) else {
                throw Unavailable(description: "\(host) is no address")
            }
            return address
        }
        var front = Front(pages: pages(try Site(port: .client, health: health, cors: cors, files: files)))
        services.add(to: &front, cors: cors, proxies: configuration.proxies)
        let clients = front.port(
            at: try address(configuration.host, configuration.port), terms: configuration.sessionTerms,
            doors: stores.doors, metrics: stores.fanout)
        guard let adminPort = configuration.adminPort else { return (clients, nil, front) }
        var admin = ClientServer.Port(
            address: try address(configuration.adminHost, adminPort), terms: configuration.sessionTerms,
            service: Front(pages: pages(try Site(port: .admin, health: health, cors: cors))))
        // Operators and Prometheus come directly, not through the balancer.
        admin.terms.proxyProtocol = nil
        return (clients, admin, front)
    }

    /// Reads the pages. Those for tests lie in a folder of their own.
    private static func pages(
        _ path: String, _ configuration: NodeConfiguration
    ) throws(Unavailable) -> StaticFiles {
        var files: [StaticFile]
        do throws(SystemError) {
            files = try StaticFolder.read(path)
        } catch {
            throw Unavailable(description: "BELLHOP_WEB: cannot read \(path): \(error)")
        }
        guard configuration.servesTestClients else {
            return StaticFiles(files.filter { !$0.path.hasPrefix(Self.testFolder) })
        }
        // The page asks for this first: a browser complains of a library that is not there.
        let offer: JSONValue = ["pusher_js": .bool(configuration.pusherLibraryPath != nil)]
        files.append(StaticFile(path: Self.testFolder + "vendor/offer.json", bytes: offer.serialized))
        guard let library = configuration.pusherLibraryPath else { return StaticFiles(files) }
        do throws(SystemError) {
            let bytes = try FileBytes.read(library, limit: Self.longestLibrary)
            files.append(StaticFile(path: Self.testFolder + "vendor/pusher.js", bytes: bytes))
        } catch {
            throw Unavailable(description: "BELLHOP_PUSHER_JS: cannot read \(library): \(error)")
        }
        return StaticFiles(files)
    }

    private static let longestLibrary = 4 << 20

    private static let testFolder = "client/"
}
