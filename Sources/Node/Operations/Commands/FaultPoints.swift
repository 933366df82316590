internal import Glibc
internal import Synchronization

/// Moments at which a test may want the node to die: between steps that nobody can hit from outside.
///
/// None unless the environment of a test names one. A node whose operators set it dies as they asked.
package final class FaultPoints: Sendable {
    package enum Point: String, CaseIterable, Sendable {
        /// A command is committed; nobody was told, neither the cluster nor its sender.
        case committed

        /// All of them, for people.
        package static var names: String { self.allCases.map(\.rawValue).joined(separator: ", ") }
    }

    /// Where to die, and at which passage.
    package struct Wish: Equatable, Sendable, CustomStringConvertible {
        package let point: Point
        package let count: Int

        /// Reads `POINT:COUNT`.
        package init?(setting text: String) {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 2, let point = Point(rawValue: String(parts[0])), let count = Int(parts[1]), count > 0
            else { return nil }
            self.point = point
            self.count = count
        }

        package var description: String { "\(self.point.rawValue):\(self.count)" }
    }

    private let deadly: Point?
    private let left: Atomic<Int>

    /// - Parameter wish: `nil`: it dies nowhere.
    package init(_ wish: Wish? = nil) {
        self.deadly = wish?.point
        self.left = Atomic(wish?.count ?? 0)
    }

    /// Dies here, if this is the place.
    func reach(_ point: Point) {
        guard point == self.deadly, self.left.subtract(1, ordering: .relaxed).newValue == 0 else { return }
        // As if the power had gone: nothing is flushed, nothing is told.
        kill(getpid(), SIGKILL)
    }
}
