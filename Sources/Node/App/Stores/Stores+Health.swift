import Operations
import PGStore
import Realtime
import RedisBridge

extension Stores {
    /// Every server that the node works with, and how it is.
    var dependencies: [DependencyHealth] { [self.postgresql] + self.redis }

    /// Named numbers for the operator.
    var counts: [(name: StaticString, value: Int)] {
        [
            ("streams_followed", self.fanout.streamsFollowed), ("events_behind", self.fanout.eventsBehind),
            ("database_sessions", self.database.figures.open),
            ("transactions_waiting", self.database.figures.waiting),
        ]
    }

    private var postgresql: DependencyHealth {
        let finding = self.watch.finding
        // A lost session is noticed at once, a server that says nothing when the next question has waited long enough.
        let isReachable = self.database.figures.open > 0 && finding.isAnswer
        var facts: [DependencyHealth.Fact] = [.init("reachable", .flag(isReachable))]
        if let version = self.watch.version { facts.append(.init("schema", .number(version))) }
        var problem: String?
        switch finding {
        case _ where !isReachable: problem = "it does not answer"
        case .refused(let reason): problem = reason
        case .schema(.older(let missing)): problem = SchemaWatch.words(for: .older(missing: missing))
        // While the cluster is being updated the schema is ahead of those who are still to be.
        case .unknown, .unreachable, .schema: break
        }
        return DependencyHealth(name: "postgresql", isHealthy: problem == nil, detail: problem, facts: facts)
    }

    private var redis: [DependencyHealth] {
        guard let figures = self.commands?.statistics.figures else { return [] }
        return figures.servers.enumerated().map { place, server in
            let isConnected = server.commands == .ready && server.subscriber == .ready
            return DependencyHealth(
                name: "redis-\(place + 1)", isHealthy: isConnected && server.isHealthy,
                detail: isConnected && !server.isHealthy ? "messages to ourselves do not come back in time" : nil,
                facts: [
                    .init("beat", .flag(server.isHealthy)), .init("connected", .flag(isConnected)),
                    .init("commands", .word("\(server.commands)")), .init("subscriber", .word("\(server.subscriber)")),
                ])
        }
    }
}
