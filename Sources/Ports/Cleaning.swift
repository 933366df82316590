package import Shared

/// Lets go of what a store keeps for a while only: operations, sessions, throttles.
package protocol Cleaning: Sendable {
    /// Lets go of some that are old.
    ///
    /// - Parameter limit: at most so many of each.
    /// - Returns: how many were let go of; as many as the limit means that there may be more.
    func deleteExpired(_ limit: Int) async throws(StoreError) -> Int
}
