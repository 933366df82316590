package import Shared

/// What a server knows a node by, while it takes it for alive.
package struct NodeSeat: Hashable, Sendable {
    package let incarnation: Int64
    /// Tells the server's memory from one that was lost.
    let realm: String
    /// Names the seat on the server.
    let name: String

    init(id: String, incarnation: Int64, realm: String) {
        self.incarnation = incarnation
        self.realm = realm
        self.name = "\(incarnation):\(id)"
    }
}

/// Somebody who keeps things on servers in the name of this node's seats.
package protocol SeatHolder: AnyObject, Sendable {
    /// The seat on a server is held. Called after each renewal, too; returns at once.
    ///
    /// - Parameters:
    ///   - isNew: what was kept under an earlier seat of this node is lost, or will be cleared away.
    ///   - settlesIn: how long the server's nodes are still telling again what it forgot.
    func attended(_ seat: NodeSeat, on server: Int, isNew: Bool, settlesIn: Duration)

    /// Clears away a part of what a dead seat left; what it does is seen by others at once, and once.
    ///
    /// - Returns: whether nothing is left.
    func reap(_ seat: String, on server: Int) async throws(RedisError) -> Bool
}

/// How a node keeps its leases.
package struct RegistryOptions: Sendable {
    /// How long a node counts as alive after its last word (architecture 2.1).
    package var lease = Duration.seconds(5)
    /// Between two renewals.
    package var renewal = Duration.milliseconds(1_250)
    /// How long one node may take for a part of a dead one's entries before another takes over.
    package var reapClaim = Duration.seconds(5)

    package init() {}
}

/// What the registry of this node counts.
package struct RegistryMetrics: Sendable {
    let renewals: Counter
    let failures: Counter
    let seatsTaken: Counter
    let lapses: Counter
    let displaced: Counter
    let reaped: Counter

    /// Creates the families in `registry`.
    package init(in registry: MetricsRegistry) {
        func counter(_ name: String, _ help: String) -> Counter { registry.counter(name, help: help) }
        self.renewals = counter("bellhop_node_lease_renewals_total", "Leases of this node taken or renewed.")
        self.failures = counter("bellhop_node_lease_failures_total", "Renewals of a lease that failed.")
        self.seatsTaken = counter(
            "bellhop_node_incarnations_total", "Registrations as a new incarnation, one per server at the start.")
        self.lapses = counter("bellhop_node_lease_lapses_total", "Leases of this node that had ended when renewed.")
        self.displaced = counter(
            "bellhop_node_name_conflicts_total", "Renewals that found another process under this node's name.")
        self.reaped = counter("bellhop_nodes_reaped_total", "Dead nodes that this node cleared away, per server.")
    }
}
