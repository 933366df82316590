internal import Glibc
internal import Synchronization

/// Moments at which a test may want the node to die: between steps that nobody can hit from outside.
///
/// None unless the environment of a test names one. A node whose operators set it dies as they asked.
package final class FaultPoints: Sendable {
    package enum Point: String, CaseIterable, Sendable {
        /// A command is committed; nobody was told, neither the cluster nor its sender.
        case committed
    }

    private let deadly: Point?
    private let left: Atomic<Int>

    /// - Parameters:
    ///   - deadly: at which the node dies; `nil`: at none.
    ///   - count: when it is reached so many times.
    package init(deadly: Point? = nil, at count: Int = 1) {
        self.deadly = deadly
        self.left = Atomic(count)
    }

    /// Dies here, if this is the place.
    func reach(_ point: Point) {
        guard point == self.deadly, self.left.subtract(1, ordering: .relaxed).newValue == 0 else { return }
        // As if the power had gone: nothing is flushed, nothing is told.
        kill(getpid(), SIGKILL)
    }
}
