package import Shared

/// What the health endpoints must know of the node: a port, so that they are pure and can be asked anything in a test.
package protocol NodeHealth: Sendable {
    /// Where the node is in its life.
    var phase: NodePhase { get }
    /// For how long the slowest event loop has not turned. Asked for each `/livez`: it must be cheap.
    var longestSilence: Duration { get }
    /// Everything that the operator may want to know, gathered when it is asked for.
    var report: NodeReport { get }
}

/// Where a node is in its life.
package enum NodePhase: String, CaseIterable, Sendable {
    /// Not all that the first client needs was reached yet.
    case starting
    /// Clients are welcome. A dependency that is lost later does not change that: a balancer must not cut the sockets of
    /// the whole cluster because a database restarts.
    case ready
    /// No new clients; those who are here are sent elsewhere.
    case draining
}

/// Something outside the node that it works with.
package struct DependencyHealth: Sendable {
    /// For example `postgresql` or `redis-1`; no address and no credentials.
    package var name: String
    /// Whether it answers.
    package var isHealthy: Bool
    /// What is wrong, for the operator; no secrets.
    package var detail: String?
    /// What else is known of it, in the order in which it is shown.
    package var facts: [Fact]

    /// Something that is known of a dependency.
    package struct Fact: Sendable {
        /// A value as JSON has them.
        package enum Value: Equatable, Sendable {
            case flag(Bool)
            case number(Int)
            case word(String)
        }

        package var name: StaticString
        package var value: Value

        package init(_ name: StaticString, _ value: Value) {
            self.name = name
            self.value = value
        }
    }

    /// The state of one dependency.
    package init(name: String, isHealthy: Bool, detail: String? = nil, facts: [Fact] = []) {
        self.name = name
        self.isHealthy = isHealthy
        self.detail = detail
        self.facts = facts
    }
}

/// The state of a node in full, for its admin port.
package struct NodeReport: Sendable {
    /// The node's name.
    package var nodeID: String
    /// When it was started.
    package var started: Timestamp
    /// Now, by the same clock.
    package var now: Timestamp
    /// For how long each event loop has not turned, by its number.
    package var loopSilences: [Duration]
    /// All that the node works with.
    package var dependencies: [DependencyHealth]
    /// Named numbers, such as sockets open now, in the order in which they are shown.
    package var counts: [(name: StaticString, value: Int)]

    /// A report.
    package init(
        nodeID: String, started: Timestamp, now: Timestamp, loopSilences: [Duration],
        dependencies: [DependencyHealth] = [], counts: [(name: StaticString, value: Int)] = []
    ) {
        self.nodeID = nodeID
        self.started = started
        self.now = now
        self.loopSilences = loopSilences
        self.dependencies = dependencies
        self.counts = counts
    }
}
