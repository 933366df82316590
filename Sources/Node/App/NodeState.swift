import Operations
import Reactor
import Realtime
import Shared

/// What the node knows of itself while it runs: the health endpoints ask it, starting and leaving change it.
final class NodeState: NodeHealth {
    private let nodeID: String
    private let started = SystemClock.now
    private let current = Locked<(phase: NodePhase, server: ClientServer?)>((.starting, nil))

    init(nodeID: String) { self.nodeID = nodeID }

    var phase: NodePhase { self.current.withLock { $0.phase } }

    var longestSilence: Duration { self.server?.loopSilences.max() ?? .zero }

    var report: NodeReport {
        let server = self.server
        return NodeReport(
            nodeID: self.nodeID, started: self.started, now: SystemClock.now,
            loopSilences: server?.loopSilences ?? [], counts: [("clients", server?.connectionCount ?? 0)])
    }

    /// What the loops count, for the metrics.
    var loopFigures: [LoopFigures] { self.server?.loops.map(\.figures) ?? [] }

    private var server: ClientServer? { self.current.withLock { $0.server } }

    /// The ports are open.
    func becomesReady(_ server: ClientServer) { self.current.withLock { $0 = (.ready, server) } }

    /// No new clients from now on.
    func startsDraining() { self.current.withLock { $0.phase = .draining } }
}
