internal import Shared

/// Which of several servers carries a key (rendezvous hashing): every process that knows the same servers, in whatever
/// order, says the same, and a server that is added or taken away moves only its own share of the keys.
package struct Rendezvous: Equatable, Sendable {
    private let seeds: [UInt64]
    private let names: [String]

    /// - Parameter servers: what they are called everywhere; at least one.
    package init(servers: [String]) {
        precondition(!servers.isEmpty, "there is no server to choose")
        self.names = servers
        self.seeds = servers.map { StableHash.of($0) }
    }

    /// The place in the list of the server that carries the key.
    package func index(of key: String) -> Int {
        guard self.seeds.count > 1 else { return 0 }
        let hash = StableHash.of(key)
        var best = 0
        var highest = StableHash.mix(self.seeds[0] ^ hash)
        for index in 1..<self.seeds.count {
            let weight = StableHash.mix(self.seeds[index] ^ hash)
            // Equal weights are decided by name, not by place: lists in another order agree.
            if weight > highest || weight == highest && self.names[index] < self.names[best] {
                best = index
                highest = weight
            }
        }
        return best
    }
}
