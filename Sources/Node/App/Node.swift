import Crypto
import Glibc
import Operations
import Reactor
import Realtime
import Shared
import Wire

/// One node from its start to its end: opens in order, waits for a signal, leaves in order.
struct Node {
    private let configuration: NodeConfiguration
    private let log: Logger
    private let state: NodeState
    private let server: ClientServer
    private let signals: StopSignals

    /// What must be had for a start, and is not.
    struct Unavailable: Error, CustomStringConvertible {
        let description: String
    }

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
        let ports = try Self.ports(configuration, self.state, registry)
        do throws(SystemError) {
            self.server = try ClientServer(
                loops: configuration.loops, options: configuration.loopOptions,
                connectionLimit: configuration.connectionLimit, clients: ports.clients, admin: ports.admin,
                metrics: metrics, log: log)
        } catch {
            throw Unavailable(description: "cannot listen on \(ports.clients.address): \(error)")
        }
        self.state.becomesReady(self.server)
    }

    /// Serves until a signal asks to stop, then drains.
    func run() {
        self.log.notice(
            "node.started",
            [
                "version": .string(BuildInfo.version), "clients": .id(self.server.address?.description ?? ""),
                "admin": .id(self.server.adminAddress?.description ?? ""), "loops": .int(self.configuration.loops),
                "connection_limit": .int(self.configuration.connectionLimit),
            ])
        _ = self.signals.wait()
        // When a second signal came, nothing is waited for, not even a loop that does not turn any more.
        if self.drain() { self.server.stop() }
        self.log.notice("node.stopped")
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
        while self.server.connectionCount > 0, ContinuousClock.now < deadline {
            if self.signals.wait(within: .milliseconds(20)) { return self.cutShort() }
        }
        return true
    }

    private func cutShort() -> Bool {
        self.log.warning("node.drain_cut_short", ["clients": .int(self.server.connectionCount)])
        return false
    }

    /// Time for requests that were being answered, and for peers that close slowly, after the last close.
    private static let lastAnswers = Duration.seconds(6)

    private static func ports(
        _ configuration: NodeConfiguration, _ state: NodeState, _ registry: MetricsRegistry
    ) throws -> (clients: ClientServer.Port, admin: ClientServer.Port?) {
        let health = HealthEndpoints(health: state, metrics: registry, hasAdminPort: configuration.adminPort != nil)
        let cors = CORSPolicy(allowed: configuration.allowedOrigins.compactMap { HTTPOrigin($0) })
        let workbench = try Workbench()
        let files = try configuration.webPath.map { path throws(Unavailable) in try Self.pages(path) }
        func port(_ host: String, _ number: UInt16, _ site: Site) throws -> ClientServer.Port {
            guard let address = SocketAddress(host, port: number) else {
                throw Unavailable(description: "\(host) is no address")
            }
            return ClientServer.Port(
                address: address, terms: configuration.sessionTerms,
                service: SiteService(
                    site: site, proxies: configuration.proxies, workbench: workbench))
        }
        let clients = try port(
            configuration.host, configuration.port,
            Site(port: .client, health: health, cors: cors, files: files))
        var admin = try configuration.adminPort.map {
            try port(configuration.adminHost, $0, Site(port: .admin, health: health, cors: cors))
        }
        // Operators and Prometheus come directly, not through the balancer.
        admin?.terms.proxyProtocol = nil
        return (clients, admin)
    }

    private static func pages(_ path: String) throws(Unavailable) -> StaticFiles {
        do throws(SystemError) {
            return StaticFiles(
                try StaticFolder.read(path),
                digest: { bytes in bytes.withUnsafeBytes { SHA256.hash($0).span.withUnsafeBytes { Array($0) } } },
                gzip: { bytes in bytes.withUnsafeBytes { Wire.gzip($0) } })
        } catch {
            throw Unavailable(description: "BELLHOP_WEB: cannot read \(path): \(error)")
        }
    }
}
