import Operations
import Outbound
import PGStore
import Ports
import Reactor
import Realtime
import RedisBridge
import Shared

/// What the node works with outside of itself: PostgreSQL, and the bus to the other nodes; and the followers between them and
/// the loops.
///
/// Made before the loops turn, so that whatever is served can be given it; connections come about when they do. Nothing here
/// waits for a server or fails without one.
final class Stores: Sendable {
    /// The truth.
    let database: PGDatabase
    /// The truth's log, as it is delivered.
    let log: PGEventLog
    /// Where news go after a commit.
    let bus: any BusPublisher
    /// For what else Redis keeps; without Redis there is none.
    let commands: RedisCommands?
    /// Between followers and the hubs of the loops.
    let doors = FanoutDoors()
    /// Between the relay of external apps and their sockets.
    let appDoors = AppDoors()
    /// What the nodes know together of the channels of apps.
    let apps: AppCommons
    let fanout: FanoutMetrics
    let watch: SchemaWatch
    /// Who else is in the cluster; without Redis there is nobody else.
    let registry: any NodeRegistry
    /// Work that must happen once in the cluster: any node may do it.
    let timers: TimerRunner
    /// Tells the back ends of external apps what happens.
    let webhooks: Webhooks

    private let lease: RedisNodeRegistry?
    private let queue: PGTimers
    private let loop: LoopHandle
    private let logger: Logger
    private let servers: [RedisServer]
    private let silentBus: InProcessBus?

    /// - Parameters:
    ///   - loop: where their connections live: not started yet, or turning, and turning until `stop` has returned.
    ///   - migrations: what this program needs of the schema.
    init(
        _ configuration: NodeConfiguration, on loop: LoopHandle, migrations: [Migration], in registry: MetricsRegistry,
        log: Logger
    ) {
        guard let address = configuration.database else { preconditionFailure("DATABASE_URL is required") }
        self.loop = loop
        self.logger = log
        self.servers = configuration.redisServers
        self.fanout = FanoutMetrics(in: registry)
        let database = Self.database(configuration, at: address, on: loop, log)
        self.database = database
        self.webhooks = Webhooks(
            configuration.webhookApps, store: PGWebhooks(database), sender: HTTPCaller(),
            metrics: WebhookMetrics(in: registry), log: log)
        let counts = ExternalApps.countCast(for: configuration.externalApps)
        if configuration.redisServers.isEmpty {
            let bus = InProcessBus()
            (self.bus, self.silentBus, self.commands, self.lease) = (bus, bus, nil, nil)
            self.registry = SoleNodeRegistry(id: configuration.nodeID, address: configuration.whereabouts)
            let presence = InProcessPresence(bus: bus)
            self.apps = AppCommons(
                census: InProcessCensus(bus: bus, presence: presence, cast: counts), memory: InProcessMemory(bus: bus),
                directory: presence, presence: PresenceDoors(), connections: ConnectionDoors(),
                news: self.webhooks.newsDesk)
        } else {
            let commands = RedisCommands(servers: configuration.redisServers, on: loop, log: log)
            let lease = RedisNodeRegistry(
                id: configuration.nodeID, address: configuration.whereabouts, commands: commands, loop: loop,
                metrics: RegistryMetrics(in: registry), log: log)
            (self.bus, self.silentBus, self.commands, self.lease) = (commands, nil, commands, lease)
            self.registry = lease
            self.apps = AppCommons(
                census: RedisCensus(
                    commands: commands, registry: lease, metrics: CensusMetrics(in: registry), cast: counts),
                memory: RedisAppMemory(commands),
                directory: RedisPresence(
                    commands: commands, registry: lease, metrics: PresenceMetrics(in: registry), log: log),
                presence: PresenceDoors(), connections: ConnectionDoors(), news: self.webhooks.newsDesk)
        }
        self.log = PGEventLog(database)
        self.watch = SchemaWatch(database, migrations, on: loop, log: log)
        self.queue = PGTimers(database, node: configuration.nodeID)
        self.timers = TimerRunner(
            self.queue,
            handlers: [CleaningTimer.handler(PGCleaning(database), log: log)] + self.webhooks.handlers,
            metrics: TimerMetrics(in: registry), log: log)
        let statistics = self.commands?.statistics
        registry.collect { database.figures.families + (statistics?.figures.families ?? []) }
        self.follow(
            configuration.apps.dropFirst().map(\.id), PresenceWatchMetrics(in: registry), nodeID: configuration.nodeID)
        self.lease?.start()
    }

    private static func database(
        _ configuration: NodeConfiguration, at address: DatabaseAddress, on loop: LoopHandle, _ log: Logger
    ) -> PGDatabase {
        var options = PGOptions()
        options.connections = configuration.databaseConnections
        options.isPrepared = configuration.preparesStatements
        options.applicationName = "bellhop \(configuration.nodeID)"
        return PGDatabase(address, options: options, loop: loop, log: log)
    }

    /// Begins what the node does by itself; to be called once, when the database is the right one.
    func beginWork() {
        let (queue, timers, logger) = (self.queue, self.timers, self.logger)
        let always = [CleaningTimer.timer] + self.webhooks.timers
        Task {
            do throws(StoreError) {
                for timer in always { try await queue.ensure(timer) }
            } catch {
                // Another node, or the next start of this one, sets it.
                logger.warning("timers.not_set", ["error": .error(error)])
            }
            await timers.start()
        }
        self.tellBackEnds()
    }

    /// Begins to tell back ends of external apps what happens. How many hear a channel is noted here; all else by whoever sees it.
    private func tellBackEnds() {
        let (timers, note) = (self.timers, self.apps.news)
        let truth = WebhookTruth(census: self.apps.census, presence: self.apps.directory)
        self.webhooks.begin(over: truth, nodes: self.registry) { timers.poke() }
        self.apps.census.whenCountsChange { changes in
            for change in changes {
                if change.isOccupancy { note(.occupancy(channel: change.channel.name), change.channel.app) }
                note(.subscriptionCount(channel: change.channel.name), change.channel.app)
            }
        }
    }

    /// To be told after each commit what it appended: every node hears of it, this one, too.
    var newsDesk: NewsDesk {
        { [bus] news in for piece in news { piece.publish(on: bus) } }
    }

    /// The ear on the bus, and who listens: the followers of streams, and the relay of external apps. Confined to the loop, which
    /// keeps them.
    private func follow(_ appIDs: [String], _ presenceMetrics: PresenceWatchMetrics, nodeID: String) {
        let (log, doors, fanout, logger) = (self.log, self.doors, self.fanout, self.logger)
        let (appDoors, apps, bus) = (self.appDoors, self.apps, self.bus)
        let (servers, commands, silentBus) = (self.servers, self.commands, self.silentBus)
        self.loop.post { loop in
            let seat: Ear
            if let commands {
                let subscriber = RedisSubscriber(servers: servers, on: loop, commands: commands, log: logger)
                seat = Ear(subscriber) { subscriber.stop() }
            } else if let silentBus {
                let subscriber = silentBus.subscriber(on: loop)
                seat = Ear(subscriber) { subscriber.stop() }
            } else {
                preconditionFailure("there is always a bus")
            }
            loop.attach(seat)
            let ears = SharedEar(seat.subscriber)
            Followers(loop: loop, bus: ears.ear(), store: log, doors: doors, metrics: fanout, log: logger)
            AppRelay(loop: loop, bus: ears.ear(), doors: appDoors, ids: appIDs)
            PresenceDesk(
                loop: loop, bus: ears.ear(), directory: apps.directory, doors: apps.presence, metrics: presenceMetrics
            ) { channel, user in
                guard !channel.isUser else { return }
                apps.news(.membership(channel: channel.name, user: user), channel.app)
            }
            ConnectionDesk(loop: loop, bus: ears.ear(), publisher: bus, doors: apps.connections, node: nodeID)
        }
    }

    /// Ends in the reverse order, when the clients have gone: nothing is heard any more, transactions that run are finished and
    /// their news sent, then connections are closed. The loop must still turn.
    func stop() async {
        self.watch.stop()
        await self.webhooks.stop()
        await self.timers.stop()
        await self.lease?.stop()
        self.loop.post { loop in loop.attachment(Ear.self)?.stop() }
        await self.database.close()
        // What was published last leaves at the end of a turn of the loop.
        for _ in 0..<2 { await self.loop.turn() }
        self.commands?.stop()
    }
}

/// The subscriber of a node, of whichever kind.
private final class Ear {
    let subscriber: any BusSubscriber
    let stop: () -> Void

    init(_ subscriber: any BusSubscriber, stop: @escaping () -> Void) {
        self.subscriber = subscriber
        self.stop = stop
    }
}

extension LoopHandle {
    /// Returns when what was posted before has been done, or will never be because the loop has stopped.
    fileprivate func turn() async {
        await withCheckedContinuation { continuation in
            let answer = Answer(continuation, fallback: ())
            self.post { _ in answer.give(()) }
        }
    }
}

extension NodeConfiguration {
    /// The apps whose back ends want to be told what happens.
    fileprivate var webhookApps: [WebhookApp] {
        self.apps.dropFirst().compactMap { WebhookApp($0, self.appOptions[$0.id] ?? AppOptions()) }
    }

    /// Where other nodes find this one.
    fileprivate var whereabouts: String { self.advertised?.description ?? "\(self.host):\(self.port)" }
}
