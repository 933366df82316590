/// A node that holds its lease.
package struct LivingNode: Hashable, Sendable {
    /// Its name, `BELLHOP_NODE_ID`.
    package let id: String
    /// How other nodes reach it.
    package let address: String
    /// Tells it from what bore the same name before: grows whenever the name is given anew, also to the same process after it
    /// was taken for dead.
    package let incarnation: Int64

    package init(id: String, address: String, incarnation: Int64) {
        self.id = id
        self.address = address
        self.incarnation = incarnation
    }
}

/// The nodes of the cluster (architecture 2.1).
package protocol NodeRegistry: Sendable {
    /// All that hold a lease now, this one included if it does, by name.
    ///
    /// - Throws: `.unavailable` if nobody can be asked.
    func livingNodes() async throws(RegistryError) -> [LivingNode]
}

/// Why the registry has no answer.
package enum RegistryError: Error, Equatable, Sendable {
    case unavailable
}
