internal import Reactor

/// What is kept of a socket of the Pusher protocol, whatever app it belongs to.
protocol SocketSeat {
    var id: ConnectionID { get }
    /// Its socket id: two halves of 32 random bits.
    var number: UInt64 { get }
}

extension SocketSeat {
    /// As clients and signatures spell it.
    var socketID: String { "\(self.number >> 32).\(self.number & 0xFFFF_FFFF)" }
}

/// The sockets of one loop by their place in it.
struct SocketSeats<Seat: SocketSeat> {
    private(set) var places: [Seat?] = []
    private(set) var count = 0

    subscript(id: ConnectionID) -> Seat? {
        get {
            guard id.place < self.places.count, let seat = self.places[id.place], seat.id == id else { return nil }
            return seat
        }
    }

    mutating func add(_ seat: Seat) {
        while self.places.count <= seat.id.place {
            self.places.append(contentsOf: repeatElement(nil, count: max(64, self.places.count / 8)))
        }
        if self.places[seat.id.place] == nil { self.count += 1 }
        self.places[seat.id.place] = seat
    }

    mutating func remove(_ id: ConnectionID) {
        guard self[id] != nil else { return }
        self.places[id.place] = nil
        self.count -= 1
    }

    /// Changes a seat; one that is not taken is left alone.
    mutating func change(_ id: ConnectionID, _ body: (inout Seat) -> Void) {
        guard self[id] != nil, var seat = self.places[id.place] else { return }
        body(&seat)
        self.places[id.place] = seat
    }
}
