internal import Reactor

/// The connections of one loop that hear the same bytes: dense, so that telling all of them is a walk over an array.
///
/// Adding and removing take constant time; the order is not kept.
struct SubscriberSet {
    private(set) var ids: [ConnectionID] = []
    /// By the connection's place in the loop: one more than its position in `ids`, or 0.
    private var positions: [UInt32] = []

    var count: Int { self.ids.count }

    /// - Returns: whether it was not in the set before.
    @discardableResult
    mutating func insert(_ id: ConnectionID) -> Bool {
        while self.positions.count <= id.place {
            self.positions.append(contentsOf: repeatElement(0, count: max(64, id.place / 8)))
        }
        guard self.positions[id.place] == 0 else { return false }
        self.ids.append(id)
        self.positions[id.place] = UInt32(self.ids.count)
        return true
    }

    /// - Returns: whether it was in the set.
    @discardableResult
    mutating func remove(_ id: ConnectionID) -> Bool {
        guard id.place < self.positions.count, self.positions[id.place] != 0 else { return false }
        let position = Int(self.positions[id.place]) - 1
        guard self.ids[position] == id else { return false }
        self.positions[id.place] = 0
        let last = self.ids.removeLast()
        if last != id {
            self.ids[position] = last
            self.positions[last.place] = UInt32(position + 1)
        }
        return true
    }
}
