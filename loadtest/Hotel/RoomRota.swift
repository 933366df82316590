/// Which room is changed next, and to what: all in turn, a room never before its last change was answered, so that each change
/// really changes something.
struct RoomRota: Equatable, Sendable {
    struct Turn: Equatable, Sendable {
        /// Its place in the brief.
        let room: Int
        /// Clean, else dirty.
        let isClean: Bool
    }

    private var nextIsClean: [Bool]
    private var isBusy: [Bool]
    private var next = 0

    init(_ rooms: [HotelBrief.Room]) {
        self.nextIsClean = rooms.map(\.nextIsClean)
        self.isBusy = Array(repeating: false, count: rooms.count)
    }

    /// `nil`: all rooms wait for an answer.
    mutating func take() -> Turn? {
        for step in self.isBusy.indices {
            let room = (self.next + step) % self.isBusy.count
            guard !self.isBusy[room] else { continue }
            self.isBusy[room] = true
            self.next = room + 1
            return Turn(room: room, isClean: self.nextIsClean[room])
        }
        return nil
    }

    /// The change was made: the next one goes back.
    mutating func changed(_ turn: Turn) {
        self.nextIsClean[turn.room] = !turn.isClean
        self.isBusy[turn.room] = false
    }

    /// It was refused, so the room is not what it was believed to be: somebody else works there, too.
    ///
    /// A room of whose change nobody knows whether it happened is given back by nobody, and left alone.
    mutating func refused(_ turn: Turn) { self.changed(turn) }
}
