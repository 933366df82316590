package import Shared

extension RedisFigures {
    /// The families that show them; a server's label is its place in the list, as in logs and health.
    package var families: [MetricFamily] {
        func counter(_ name: String, _ help: String, _ value: UInt64) -> MetricFamily {
            .counter("bellhop_redis_\(name)_total", help: help, Double(value))
        }
        let servers = self.servers.enumerated().map { (label: String($0 + 1), server: $1) }
        let connected = servers.flatMap { label, server in
            [("commands", server.commands), ("subscriber", server.subscriber)].map { role, state in
                MetricSample(["server": label, "connection": role], state == .ready ? 1 : 0)
            }
        }
        return [
            .gauges("bellhop_redis_connected", help: "Whether a connection to a server is ready.", connected),
            .gauges(
                "bellhop_redis_healthy", help: "Whether messages to ourselves come back over a server in time.",
                servers.map { MetricSample(["server": $0.label], $0.server.isHealthy ? 1 : 0) }),
            counter("published", "Messages sent, those to ourselves included.", self.published),
            counter("dropped", "Messages never sent: too old, too many, too long, or no server.", self.dropped),
            counter("refused", "Messages that a server refused.", self.refused),
            counter("received", "Messages heard.", self.received),
            counter("received_bytes", "Bytes of messages heard.", self.receivedBytes),
            counter("commands", "Commands sent.", self.commands),
            counter("timeouts", "Commands without an answer in time.", self.timedOut),
            counter("overloads", "Commands refused here because too many waited.", self.overloaded),
            counter("connects", "Connections that came to be ready.", self.connects),
            counter("losses", "Ready connections that were lost.", self.losses),
            counter("beats_sent", "Messages to ourselves that were sent.", self.beatsSent),
            counter("beats_missed", "Messages to ourselves not back when the next was due.", self.beatsMissed),
        ]
    }
}
