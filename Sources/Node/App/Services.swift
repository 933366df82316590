import Crypto
import Hotel
import Operations
import PGStore
import Ports
import Realtime
import Shared
import Wire

/// What the node does for its clients, over its stores: who asks, what they may, and every operation there is.
final class Services: Sendable {
    let rest: RESTService
    let broadcasting: BroadcastingService
    let pusher: PusherEndpoint.Service
    let apps: ExternalApps

    private let bus: any BusPublisher
    private let attempts: AttemptLog
    private let hasher: PasswordHasher
    /// Asked by the endpoints' service, which does not keep it.
    private let standing: StandingDesk

    init(
        _ configuration: NodeConfiguration, over stores: Stores, cors: CORSPolicy, in registry: MetricsRegistry,
        log: Logger
    ) throws {
        let keys = try JWTKeys(configuration.tokenKeys)
        let actors = PGActors(stores.database)
        let callers = TokenCallers(keys, directory: actors)
        let hotel = PGHotelStore(stores.database)
        self.attempts = AttemptLog(store: hotel, log: log)
        self.hasher = try PasswordHasher()
        let commands = CommandService(
            store: hotel, bus: stores.bus, attempts: self.attempts, faults: FaultPoints(configuration.fault))
        let operations = OperationTable(
            stores: stores, actors: actors, callers: callers, commands: commands, keys: keys, hasher: self.hasher,
            attempts: self.attempts)
        self.rest = RESTService(
            try operations.table(), callers: callers, cors: cors, cursorKeys: configuration.cursorKeys, log: log)
        self.broadcasting = BroadcastingService(
            app: configuration.apps[0], callers: callers, directory: actors, cors: cors)
        self.standing = StandingDesk { subscriber, channel in
            try await Self.mayStay(subscriber, on: channel, actors)
        }
        self.pusher = PusherEndpoint.Service(
            app: configuration.apps[0], metrics: PusherMetrics(in: registry), presence: stores.apps.presence,
            connections: stores.apps.connections,
            revoked: { revoked in
                switch revoked {
                case .user(let user): callers.forget(user: user)
                case .session(let session): callers.forget(session: session)
                case .tenant(let tenant): callers.forget(tenant: tenant)
                }
            }, standing: self.standing.check)
        self.apps = ExternalApps(
            configuration.externalApps, doors: stores.appDoors, shared: stores.apps, metrics: AppMetrics(in: registry))
        self.bus = stores.bus
        registry.collect { [attempts = self.attempts, hasher = self.hasher, rest = self.rest] in
            Self.families(attempts, hasher, rest)
        }
    }

    /// Adds all of it to what a port serves.
    func add(to front: inout Front, cors: CORSPolicy, proxies: TrustedProxies) {
        front.add(RESTPart(service: self.rest, proxies: proxies))
        front.add(BroadcastingPart(service: self.broadcasting, proxies: proxies))
        front.add(AppsPart(api: AppAPI(self.apps, bus: self.bus)))
        let (pusher, apps, bus) = (self.pusher, self.apps, self.bus)
        let own = front.add { host, hub in PusherEndpoint(host: host, hub: hub, service: pusher) }
        let external = front.add { host, _ in AppEndpoint(host: host, service: apps, bus: bus) }
        front.add(
            PusherPart(endpoint: own, externalEndpoint: external, apps: apps, cors: cors, proxies: proxies))
    }

    /// Returns when what was noted for the audit is written: the last that the stores are asked for.
    func settle() async { await self.attempts.settle() }

    /// Whether somebody who was authorised for a channel still is, as the store has it now.
    private static func mayStay(
        _ subscriber: PusherSubscriber, on channel: DomainChannel, _ actors: PGActors
    ) async throws -> Bool {
        let user = TenantUser(subscriber.user, of: subscriber.tenant)
        guard let found = try await actors.actor(in: subscriber.session, of: user),
            found.standing.epoch == subscriber.epoch, found.standing.obstacle == nil
        else { return false }
        var directory: TenantDirectory?
        if let tenant = subscriber.tenant { directory = try await actors.directory(of: tenant) }
        return ChannelEntitlement(found.actor, in: directory).allows(channel)
    }

    private static func families(
        _ attempts: AttemptLog, _ hasher: PasswordHasher, _ rest: RESTService
    ) -> [MetricFamily] {
        let (load, hashing) = (rest.load, hasher.figures)
        return [
            .gauge("bellhop_operations_running", help: "Operations that run", Double(load.running)),
            .gauge("bellhop_operations_waiting", help: "Operations that wait for a place", Double(load.waiting)),
            .gauge("bellhop_passwords_waiting", help: "Logins that wait for a run of scrypt", Double(hashing.waiting)),
            .counter("bellhop_passwords_runs_total", help: "Runs of scrypt", Double(hashing.runs)),
            .counter(
                "bellhop_audit_attempts_lost_total", help: "Refused attempts not audited", Double(attempts.dropped)),
        ]
    }
}

extension NodeConfiguration {
    /// The apps behind Bellhop's own, with what they are allowed.
    var externalApps: [ExternalApp] {
        self.apps.dropFirst().map { ExternalApp($0, options: self.appOptions[$0.id] ?? AppOptions()) }
    }

    /// What cursors of lists are sealed with: the same on all nodes, and no key that signs tokens.
    fileprivate var cursorKeys: [[UInt8]] {
        self.tokenKeys.map { key in
            let text = Array("bellhop cursors\n".utf8) + key.secret.bytes
            return text.withUnsafeBytes { bytes in SHA256.hash(bytes).span.withUnsafeBytes { Array($0) } }
        }
    }
}
