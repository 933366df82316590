internal import Glibc
internal import Shared

/// One place in the slab: all that an idle connection costs this target.
struct ConnectionSlot {
    enum State: UInt8 {
        case free, connecting, open
        /// No more input is wanted: what is queued goes out, then the peer's end is awaited.
        case finishing
        /// Our half is closed; input is thrown away until the peer closes its half.
        case lingering
        /// The descriptor is closed; the place is given back at the end of the turn.
        case closed
    }

    struct Flags: OptionSet {
        let rawValue: UInt8
        static let inputPaused = Flags(rawValue: 1)
        static let inputEnded = Flags(rawValue: 2)
        /// The handler is told when the outbox has been emptied.
        static let awaitsDrain = Flags(rawValue: 4)
        /// It stands in the loop's list of those whose outbox was not empty.
        static let watchedForStall = Flags(rawValue: 8)
    }

    var descriptor: CInt
    var generation: UInt32
    var state: State
    var flags: Flags
    /// Index of the handler in the loop's table.
    var handler: UInt8
    var interest: UInt32
    var timer: TimerID
    var nextFree: Int32
    /// Bytes thrown away since the end was decided.
    var discardedBytes: UInt32
    /// Exists while bytes wait.
    var outbox: UnsafeMutablePointer<Outbox>?
}

/// The connections of one loop, in one piece of memory that is touched only as far as it was ever used.
///
/// Not thread-safe: it belongs to its loop.
final class ConnectionSlab {
    // Safety: the mapping is ours from `init` to `deinit`; fresh pages are zero, which is a free slot of generation 0.
    let slots: UnsafeMutablePointer<ConnectionSlot>
    let capacity: Int
    private var everUsed = 0
    private var firstFree: Int32 = -1
    private(set) var inUse = 0

    init(capacity: Int) throws(SystemError) {
        self.slots = try PlaceMemory.map(ConnectionSlot.self, count: capacity)
        self.capacity = capacity
    }

    deinit { PlaceMemory.unmap(self.slots, count: self.capacity) }

    /// A free place, or `nil` if all are taken.
    func claim(descriptor: CInt, handler: UInt8, state: ConnectionSlot.State) -> ConnectionID? {
        let place: Int
        if self.firstFree >= 0 {
            place = Int(self.firstFree)
            self.firstFree = self.slots[place].nextFree
        } else {
            guard self.everUsed < self.capacity else { return nil }
            place = self.everUsed
            self.everUsed += 1
        }
        self.inUse += 1
        // Generation 0 is never given to a connection: ids of generation 0 name other things.
        let generation = max(1, self.slots[place].generation &+ 1)
        self.slots[place] = ConnectionSlot(
            descriptor: descriptor, generation: generation, state: state, flags: [], handler: handler, interest: 0,
            timer: .none, nextFree: -1, discardedBytes: 0, outbox: nil)
        return ConnectionID(generation: generation, place: UInt32(place))
    }

    func release(_ place: Int) {
        self.slots[place].state = .free
        self.slots[place].nextFree = self.firstFree
        self.firstFree = Int32(place)
        self.inUse -= 1
    }

    /// The slot of a connection that is neither closed nor replaced.
    @inline(__always)
    func live(_ id: ConnectionID) -> UnsafeMutablePointer<ConnectionSlot>? {
        guard id.place < self.everUsed else { return nil }
        let slot = self.slots + id.place
        guard slot.pointee.generation == id.generation, slot.pointee.state != .free, slot.pointee.state != .closed
        else { return nil }
        return slot
    }

    /// Every live connection, for a loop that stops.
    func forEachLive(_ body: (ConnectionID) -> Void) {
        for place in 0..<self.everUsed {
            let slot = self.slots[place]
            if slot.state != .free, slot.state != .closed {
                body(ConnectionID(generation: slot.generation, place: UInt32(place)))
            }
        }
    }
}
