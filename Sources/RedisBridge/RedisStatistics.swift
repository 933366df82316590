package import Shared
internal import Synchronization

/// What the bridge has done so far and how its servers stand; a copy.
package struct RedisFigures: Equatable, Sendable {
    /// Messages handed to a server's connection, beats included.
    package var published: UInt64 = 0
    /// Messages that were never sent: too old, too many, too long, or no server.
    package var dropped: UInt64 = 0
    /// Messages that a server refused.
    package var refused: UInt64 = 0
    /// Messages handed to a listener; beats are not among them.
    package var received: UInt64 = 0
    package var receivedBytes: UInt64 = 0
    /// Commands that were handed to a server's connection.
    package var commands: UInt64 = 0
    /// Commands without an answer in time.
    package var timedOut: UInt64 = 0
    /// Commands refused here because too many waited.
    package var overloaded: UInt64 = 0
    /// Connections that came to be ready, the first of each included.
    package var connects: UInt64 = 0
    /// Ready connections that were lost, whoever ended them.
    package var losses: UInt64 = 0
    package var beatsSent: UInt64 = 0
    /// Beats that were not back when the next was due.
    package var beatsMissed: UInt64 = 0
    package var servers: [RedisServerFigures] = []

    package init() {}
}

/// One server as its two connections see it.
package struct RedisServerFigures: Equatable, Sendable {
    /// `host:port/database`.
    package var name: String
    package var commands: RedisServerState
    package var subscriber: RedisServerState
    /// Whether beats come back in time.
    package var isHealthy: Bool
}

/// Counts for everything that speaks to one list of servers. Written by loops, read by anyone.
package final class RedisStatistics: Sendable {
    private final class ServerCells: Sendable {
        let commands = Atomic<Int>(RedisServerState.connecting.rawValue)
        let subscriber = Atomic<Int>(RedisServerState.connecting.rawValue)
        let isHealthy = Atomic<Bool>(false)
    }

    private let names: [String]
    private let servers: [ServerCells]
    private let cells = (0..<RedisCount.allCases.count).map { _ in Cell() }

    private final class Cell: Sendable {
        let value = Atomic<UInt64>(0)
    }

    package init(servers: [RedisServer]) {
        self.names = servers.map(\.name)
        self.servers = servers.map { _ in ServerCells() }
    }

    func add(_ amount: UInt64 = 1, to count: RedisCount) {
        self.cells[count.rawValue].value.wrappingAdd(amount, ordering: .relaxed)
    }

    func set(_ state: RedisServerState, of server: Int, for role: RedisRole) {
        switch role {
        case .commands: self.servers[server].commands.store(state.rawValue, ordering: .relaxed)
        case .subscriber: self.servers[server].subscriber.store(state.rawValue, ordering: .relaxed)
        }
    }

    func commandState(of server: Int) -> RedisServerState {
        Self.state(self.servers[server].commands.load(ordering: .relaxed))
    }

    func set(isHealthy: Bool, of server: Int) { self.servers[server].isHealthy.store(isHealthy, ordering: .relaxed) }

    /// All figures as they are now. From any thread.
    package var figures: RedisFigures {
        var figures = RedisFigures()
        for count in RedisCount.allCases {
            figures[keyPath: count.figure] = self.cells[count.rawValue].value.load(ordering: .relaxed)
        }
        figures.servers = zip(self.names, self.servers).map { name, cells in
            RedisServerFigures(
                name: name, commands: Self.state(cells.commands.load(ordering: .relaxed)),
                subscriber: Self.state(cells.subscriber.load(ordering: .relaxed)),
                isHealthy: cells.isHealthy.load(ordering: .relaxed))
        }
        return figures
    }

    private static func state(_ raw: Int) -> RedisServerState { RedisServerState(rawValue: raw) ?? .connecting }
}

/// What a connection is for.
enum RedisRole: String, Sendable {
    case commands, subscriber
}

enum RedisCount: Int, CaseIterable, Sendable {
    case published, dropped, refused, received, receivedBytes, commands, timedOut, overloaded, connects, losses
    case beatsSent, beatsMissed

    var figure: WritableKeyPath<RedisFigures, UInt64> {
        switch self {
        case .published: \.published
        case .dropped: \.dropped
        case .refused: \.refused
        case .received: \.received
        case .receivedBytes: \.receivedBytes
        case .commands: \.commands
        case .timedOut: \.timedOut
        case .overloaded: \.overloaded
        case .connects: \.connects
        case .losses: \.losses
        case .beatsSent: \.beatsSent
        case .beatsMissed: \.beatsMissed
        }
    }
}

extension RedisServer {
    /// What the server is called in hashing, logs and figures: without its password, so that a new one moves nothing.
    var name: String { "\(self.address)/\(self.database)" }
}
