import Operations
import Reactor
import Realtime
import Shared

/// What the node knows of itself while it runs: the health endpoints ask it, starting and leaving change it.
final class NodeState: NodeHealth {
    private struct Parts {
        var phase = NodePhase.starting
        var server: ClientServer?
        var stores: Stores?
    }

    private let nodeID: String
    private let started = SystemClock.now
    private let parts = Locked(Parts())

    init(nodeID: String) { self.nodeID = nodeID }

    var phase: NodePhase { self.parts.withLock { $0.phase } }

    var longestSilence: Duration { self.server?.loopSilences.max() ?? .zero }

    var report: NodeReport {
        let (server, stores) = self.parts.withLock { ($0.server, $0.stores) }
        return NodeReport(
            nodeID: self.nodeID, started: self.started, now: SystemClock.now,
            loopSilences: server?.loopSilences ?? [], dependencies: stores?.dependencies ?? [],
            counts: [("clients", server?.connectionCount ?? 0)] + (stores?.counts ?? []))
    }

    /// What the loops count, for the metrics.
    var loopFigures: [LoopFigures] { self.server?.loops.map(\.figures) ?? [] }

    private var server: ClientServer? { self.parts.withLock { $0.server } }

    /// It works with these.
    func uses(_ stores: Stores) { self.parts.withLock { $0.stores = stores } }

    /// The ports are open.
    func serves(_ server: ClientServer) { self.parts.withLock { $0.server = server } }

    /// All that the first client needs was reached.
    ///
    /// - Returns: whether that is news: not if the node is leaving already.
    func becomesReady() -> Bool {
        self.parts.withLock { parts in
            guard parts.phase == .starting else { return false }
            parts.phase = .ready
            return true
        }
    }

    /// No new clients from now on.
    func startsDraining() { self.parts.withLock { $0.phase = .draining } }
}
