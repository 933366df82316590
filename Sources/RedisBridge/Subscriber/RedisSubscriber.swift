package import Reactor
package import Shared

/// A node's ear on Redis: one subscribe connection to each server, confined to the loop on which it was made.
///
/// After each loss the connection is made again and told exactly the wanted set; `subscribed` is called once more for each
/// channel. Each server's health is found out by beats: a message to ourselves every 100 ms, published through the command
/// connections, so that the whole way of a hint is tried. Two that are missing make the server unhealthy at once;
/// when more are missing and nothing else comes either, the connection is replaced.
///
/// The listener is called on the loop, never from inside of `subscribe` or `unsubscribe`. It is held until `stop`, or until the
/// loop ends: it may hold the subscriber.
package final class RedisSubscriber: BusSubscriber {
    package var listener: (any BusListener)? {
        didSet { for ear in self.ears { ear.listener = self.listener } }
    }

    package let statistics: RedisStatistics
    private let anchor: LoopAnchor
    private let rendezvous: Rendezvous
    private let number = RedisConnections.newNumber()
    private let beatMilliseconds: UInt64
    private var ears: [ServerEar] = []
    private var nextBeat: ScheduledAction?

    /// Connects to the servers. To be called on the loop's thread.
    ///
    /// - Parameters:
    ///   - servers: the same list as that of the commands.
    ///   - commands: through which the beats are published; they may live on another loop.
    package init(
        servers: [RedisServer], on loop: EventLoop, commands: RedisCommands, options: RedisOptions = RedisOptions(),
        log: Logger = .silent
    ) {
        precondition(servers.count == commands.serverCount, "ears and mouth have the same servers")
        let connections = RedisConnections.on(loop)
        self.anchor = connections.anchor
        self.rendezvous = Rendezvous(servers: servers.map(\.name))
        self.statistics = commands.statistics
        self.beatMilliseconds = options.beatMilliseconds
        let identity = UInt64.random(in: .min ... .max)
        self.ears = servers.enumerated().map { place, server in
            let link = RedisLink(
                to: server, place: place, for: .subscriber, on: connections, options: options,
                statistics: commands.statistics, log: log)
            return ServerEar(
                link, place: place, identity: identity, commands: commands, options: options,
                statistics: commands.statistics)
        }
        connections.join(self, as: self.number)
        for ear in self.ears { ear.start() }
        self.scheduleBeat()
    }

    deinit { self.stop() }

    /// Closes the connections; the listener is not called any more.
    package func stop() {
        self.listener = nil
        for ear in self.ears { ear.stop() }
        self.anchor.connections?.leave(self.number)
        if let nextBeat = self.nextBeat { self.anchor.loop?.cancel(nextBeat) }
        self.nextBeat = nil
    }

    package func subscribe(to channel: BusChannel) { self.ear(of: channel).subscribe(to: channel) }

    package func unsubscribe(from channel: BusChannel) { self.ear(of: channel).unsubscribe(from: channel) }

    package func isHealthy(_ channel: BusChannel) -> Bool { self.ear(of: channel).isHealthy }

    private func ear(of channel: BusChannel) -> ServerEar { self.ears[self.rendezvous.index(of: channel.shard)] }

    private func scheduleBeat() {
        self.nextBeat = self.anchor.loop?.schedule(after: self.beatMilliseconds) { [weak self] in
            guard let self, self.nextBeat != nil else { return }
            for ear in self.ears { ear.beat() }
            self.scheduleBeat()
        }
    }
}

extension RedisSubscriber: LoopMember {
    func turnEnded() { for ear in self.ears { ear.flush() } }

    func loopEnded() { self.stop() }
}
