internal import Reactor

/// The connections of one loop that hear the same bytes: dense, so that telling all of them is a walk over an array.
///
/// Adding and removing take constant time; the order is not kept. A set of few costs no more than their ids: there may be as many
/// sets as sockets.
struct SubscriberSet {
    private(set) var ids: [ConnectionID] = []
    /// By the connection's place in the loop: one more than its position in `ids`, or 0. Empty while there are few.
    private var positions: [UInt32] = []

    /// So many are looked through faster than found.
    private static let few = 32

    var count: Int { self.ids.count }

    /// - Returns: whether it was not in the set before.
    @discardableResult
    mutating func insert(_ id: ConnectionID) -> Bool {
        guard self.position(of: id.place) == nil else { return false }
        self.ids.append(id)
        if !self.positions.isEmpty {
            self.note(id, at: self.ids.count - 1)
        } else if self.ids.count > Self.few {
            for (position, id) in self.ids.enumerated() { self.note(id, at: position) }
        }
        return true
    }

    /// - Returns: whether it was in the set.
    @discardableResult
    mutating func remove(_ id: ConnectionID) -> Bool {
        guard let position = self.position(of: id.place), self.ids[position] == id else { return false }
        if !self.positions.isEmpty { self.positions[id.place] = 0 }
        let last = self.ids.removeLast()
        guard last != id else { return true }
        self.ids[position] = last
        if !self.positions.isEmpty { self.positions[last.place] = UInt32(position + 1) }
        return true
    }

    private func position(of place: Int) -> Int? {
        guard !self.positions.isEmpty else { return self.ids.firstIndex { $0.place == place } }
        guard place < self.positions.count, self.positions[place] != 0 else { return nil }
        return Int(self.positions[place]) - 1
    }

    private mutating func note(_ id: ConnectionID, at position: Int) {
        while self.positions.count <= id.place {
            self.positions.append(contentsOf: repeatElement(0, count: max(64, id.place / 8)))
        }
        self.positions[id.place] = UInt32(position + 1)
    }
}
