internal import Reactor
internal import Shared

/// Who learns what becomes of its sockets' wishes to listen. On the loop's thread.
protocol AppHallListener: AnyObject {
    /// From now on the socket hears the channel.
    func joined(_ id: ConnectionID, _ channel: String)

    /// The number by which casts name a socket that is not told.
    func number(of id: ConnectionID) -> UInt64
}

/// The channels of external apps on one loop, and who listens to them. Confined to its thread.
///
/// A socket hears what arrives after it was told that it has joined, and nothing before.
final class AppHall {
    private struct Name: Hashable {
        let app: Int
        let channel: String
    }

    /// One channel.
    private final class Room {
        let audience: Broadcast
        var isDirty = false

        init(_ audience: Broadcast) { self.audience = audience }
    }

    /// A share that somebody here wants. A class: when thousands come back at once, the list of those who wait is not copied.
    private final class Share {
        let number: UInt64
        var isOpen = false
        var wishes = 0
        /// In the order in which they came.
        var waiting: [(id: ConnectionID, channel: String)] = []

        init(number: UInt64) { self.number = number }
    }

    weak var listener: (any AppHallListener)?
    private unowned let host: SessionHost
    private let doors: AppDoors
    private let unreadable: Counter
    private var rooms: [Name: Room] = [:]
    private var shares: [AppShare: Share] = [:]
    private var dirty: [Room] = []
    private var lastNumber: UInt64 = 0

    init(host: SessionHost, doors: AppDoors, unreadable: Counter) {
        self.host = host
        self.doors = doors
        self.unreadable = unreadable
        host.loop.attach(self)
        doors.add(host.loop.handle)
    }

    private var loopIndex: Int { self.host.loop.handle.index }

    // MARK: Listening

    /// The socket wants to hear a channel that it does not hear yet. The listener is told when it does, maybe at once.
    func join(_ id: ConnectionID, _ channel: String, of app: Int) {
        let name = AppShare(app: app, channel: channel)
        let share = self.shares[name] ?? self.begin(name)
        share.wishes += 1
        guard share.isOpen else { return share.waiting.append((id, channel)) }
        self.enter(id, Name(app: app, channel: channel))
    }

    /// It wants it no more; to be called once for each `join`.
    func leave(_ id: ConnectionID, _ channel: String, of app: Int) {
        let (name, place) = (AppShare(app: app, channel: channel), Name(app: app, channel: channel))
        if let room = self.rooms[place] {
            room.audience.leave(id)
            if room.audience.listenerCount == 0 { self.rooms[place] = nil }
        }
        guard let share = self.shares[name] else { return }
        share.waiting.removeAll { $0.id == id && $0.channel == channel }
        share.wishes -= 1
        guard share.wishes == 0 else { return }
        self.shares[name] = nil
        let (loop, number) = (self.loopIndex, share.number)
        self.doors.tell { $0.release(name, on: loop, number: number) }
    }

    private func begin(_ name: AppShare) -> Share {
        self.lastNumber += 1
        let (loop, number) = (self.loopIndex, self.lastNumber)
        let share = Share(number: number)
        self.shares[name] = share
        self.doors.tell { $0.want(name, on: loop, number: number) }
        return share
    }

    private func enter(_ id: ConnectionID, _ name: Name) {
        let room = self.rooms[name] ?? Room(Broadcast(host: self.host))
        self.rooms[name] = room
        room.audience.join(id)
        self.listener?.joined(id, name.channel)
    }

    /// The answer to a wish: what is published from now on comes here.
    func opened(_ name: AppShare, number: UInt64) {
        guard let share = self.shares[name], share.number == number, !share.isOpen else { return }
        let waiting = share.waiting
        share.isOpen = true
        share.waiting = []
        for (id, channel) in waiting { self.enter(id, Name(app: name.app, channel: channel)) }
    }

    // MARK: Telling

    /// What a node said to a channel.
    func received(_ bytes: [UInt8], of app: Int) {
        bytes.withUnsafeBytes { bytes in
            guard let cast = AppCast(reading: bytes) else { return self.unreadable.increment() }
            guard let room = self.rooms[Name(app: app, channel: cast.channel)] else { return }
            let message = UnsafeRawBufferPointer(rebasing: bytes[cast.start...])
            let sender = cast.except == 0 ? nil : self.member(of: room, with: cast.except)
            // What is for all goes out at the end of the turn; who is left out of one message is left out of its run.
            if let sender {
                room.audience.flush()
                room.audience.leave(sender)
            }
            room.audience.publish(text: message)
            if let sender {
                room.audience.flush()
                room.audience.join(sender)
            } else if !room.isDirty {
                room.isDirty = true
                self.dirty.append(room)
            }
        }
    }

    private func member(of room: Room, with number: UInt64) -> ConnectionID? {
        guard let listener = self.listener else { return nil }
        return room.audience.first(where: { listener.number(of: $0) == number })
    }

    /// Sends what was collected.
    func turnEnded() {
        guard !self.dirty.isEmpty else { return }
        for room in self.dirty {
            room.isDirty = false
            room.audience.flush()
        }
        self.dirty.removeAll(keepingCapacity: true)
    }
}
