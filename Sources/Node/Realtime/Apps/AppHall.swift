internal import Reactor
internal import Shared
internal import Wire

/// Who learns what becomes of its sockets' wishes to listen. On the loop's thread.
protocol AppHallListener: AnyObject {
    /// From now on the socket can enter the channel, and whatever is published arrives here.
    func isOpen(_ channel: String, for id: ConnectionID, ticket: UInt64)

    /// The number by which casts name a socket that is not told.
    func number(of id: ConnectionID) -> UInt64

    /// What all nodes are to do with an app's sockets.
    func ordered(_ order: AppOrder, of app: Int)
}

/// The channels of external apps on one loop, and who listens to them. Confined to its thread.
///
/// A socket hears what arrives after it entered, and nothing before.
final class AppHall {
    struct Name: Hashable {
        let app: Int
        let channel: String
    }

    /// One channel.
    private final class Room {
        let audience: Broadcast
        var isDirty = false
        /// Sockets of presence channels by their users.
        var users: [String: [ConnectionID]] = [:]
        /// Who is in it, anywhere, as those here have been told.
        var members: [String: PresenceMember] = [:]

        init(_ audience: Broadcast) { self.audience = audience }
    }

    /// A share that somebody here wants. A class: when thousands come back at once, the list of those who wait is not copied.
    private final class Share {
        let number: UInt64
        var isOpen = false
        var wishes = 0
        /// In the order in which they came.
        var waiting: [(id: ConnectionID, channel: String, ticket: UInt64)] = []

        init(number: UInt64) { self.number = number }
    }

    weak var listener: (any AppHallListener)?
    private unowned let host: SessionHost
    private let service: ExternalApps
    private var rooms: [Name: Room] = [:]
    private var shares: [AppShare: Share] = [:]
    private var dirty: [Room] = []
    private var lastNumber: UInt64 = 0
    /// Channels whose last event is asked for elsewhere: what arrives here meanwhile is newer.
    private var listening: [Name: (wishes: Int, last: [UInt8]?)] = [:]
    /// Channels in which there are more or fewer sockets than was said.
    private var miscounted: Set<Name> = []

    init(host: SessionHost, service: ExternalApps) {
        self.host = host
        self.service = service
        host.loop.attach(self)
        service.doors.add(host.loop.handle)
    }

    private var loopIndex: Int { self.host.loop.handle.index }

    // MARK: Listening

    /// The socket wants to hear a channel that it does not hear yet. The listener is told when it can, maybe at once.
    func want(_ channel: String, of app: Int, for id: ConnectionID, ticket: UInt64) {
        let name = AppShare(app: app, channel: channel)
        let share = self.shares[name] ?? self.begin(name)
        share.wishes += 1
        guard share.isOpen else { return share.waiting.append((id, channel, ticket)) }
        self.listener?.isOpen(channel, for: id, ticket: ticket)
    }

    /// The socket hears the channel from now on.
    ///
    /// - Parameter user: of presence channels.
    func enter(_ id: ConnectionID, _ channel: String, of app: Int, as user: String? = nil) {
        let name = Name(app: app, channel: channel)
        let room = self.rooms[name] ?? Room(Broadcast(host: self.host))
        self.rooms[name] = room
        room.audience.join(id)
        if let user { room.users[user, default: []].append(id) }
        self.miscounted.insert(name)
    }

    /// It wants it no more; to be called once for each `want`, with the user as which it entered.
    func leave(_ id: ConnectionID, _ channel: String, of app: Int, as user: String? = nil) {
        let (name, place) = (AppShare(app: app, channel: channel), Name(app: app, channel: channel))
        if let room = self.rooms[place] {
            room.audience.leave(id)
            if let user {
                room.users[user]?.removeAll { $0 == id }
                if room.users[user]?.isEmpty == true { room.users[user] = nil }
            }
            if room.audience.listenerCount == 0 { self.rooms[place] = nil }
            self.miscounted.insert(place)
        }
        guard let share = self.shares[name] else { return }
        if !share.isOpen { share.waiting.removeAll { $0.id == id && $0.channel == channel } }
        share.wishes -= 1
        guard share.wishes == 0 else { return }
        self.shares[name] = nil
        let (loop, number) = (self.loopIndex, share.number)
        self.service.doors.tell { $0.release(name, on: loop, number: number) }
    }

    private func begin(_ name: AppShare) -> Share {
        self.lastNumber += 1
        let (loop, number) = (self.loopIndex, self.lastNumber)
        let share = Share(number: number)
        self.shares[name] = share
        self.service.doors.tell { $0.want(name, on: loop, number: number) }
        return share
    }

    /// The answer to a wish: what is published from now on comes here.
    func opened(_ name: AppShare, number: UInt64) {
        guard let share = self.shares[name], share.number == number, !share.isOpen else { return }
        let waiting = share.waiting
        share.isOpen = true
        share.waiting = []
        for (id, channel, ticket) in waiting { self.listener?.isOpen(channel, for: id, ticket: ticket) }
    }

    /// From now on the last event of a channel that can be entered is kept, until as many `lastHeard`.
    func listen(to name: Name) { self.listening[name, default: (0, nil)].wishes += 1 }

    /// The last event that arrived since, as it travelled.
    func lastHeard(of name: Name) -> [UInt8]? {
        guard let known = self.listening[name] else { return nil }
        self.listening[name] = known.wishes > 1 ? (known.wishes - 1, known.last) : nil
        return known.last
    }

    /// Who is in a presence channel at this moment: whoever comes in is told this.
    func setMembers(_ members: [String: PresenceMember], of name: Name) { self.rooms[name]?.members = members }

    /// Who is in a presence channel that somebody here is in.
    func members(of name: Name) -> [String: PresenceMember] { self.rooms[name]?.members ?? [:] }

    func count(into connections: inout Connections) {
        for (name, room) in self.rooms {
            let channel = AppChannel(app: self.service.apps[name.app].credentials.id, name: name.channel)
            connections.channels[channel, default: 0] += room.audience.listenerCount
        }
    }

    // MARK: Telling

    /// A user came or went: all but the user are told.
    func tell(_ change: PresenceChange, in name: Name) {
        guard let room = self.rooms[name] else { return }
        let user: String
        switch change {
        case .added(let member):
            user = member.id
            room.members[user] = member
        case .removed(let id):
            user = id
            room.members[user] = nil
        }
        let message = PusherMessage.member(change, channel: name.channel)
        message.withUnsafeBytes { self.tell($0, in: room, except: room.users[user] ?? []) }
    }

    /// What all nodes are to do.
    func ordered(_ bytes: [UInt8], of app: Int) {
        guard let order = bytes.withUnsafeBytes({ AppOrder($0) }) else {
            return self.service.metrics.unreadable.increment()
        }
        self.listener?.ordered(order, of: app)
    }

    /// What a node said to a channel; the bytes are valid during the call only.
    func received(_ bytes: UnsafeRawBufferPointer, of app: Int) {
        guard let cast = AppCast(reading: bytes) else { return self.service.metrics.unreadable.increment() }
        let name = Name(app: app, channel: cast.channel)
        // What clients tell each other, and numbers, are not remembered.
        if cast.isRemembered, self.listening[name] != nil { self.listening[name]?.last = Array(bytes) }
        guard let room = self.rooms[name] else { return }
        let sender = cast.except == 0 ? nil : self.member(of: room, with: cast.except)
        self.tell(UnsafeRawBufferPointer(rebasing: bytes[cast.start...]), in: room, except: sender.map { [$0] } ?? [])
    }

    private func tell(_ message: UnsafeRawBufferPointer, in room: Room, except: [ConnectionID]) {
        // What is for all goes out at the end of the turn; who is left out of one message is left out of its run.
        if !except.isEmpty {
            room.audience.flush()
            for id in except { room.audience.leave(id) }
        }
        room.audience.publish(text: message)
        if !except.isEmpty {
            room.audience.flush()
            for id in except { room.audience.join(id) }
        } else if !room.isDirty {
            room.isDirty = true
            self.dirty.append(room)
        }
    }

    private func member(of room: Room, with number: UInt64) -> ConnectionID? {
        guard let listener = self.listener else { return nil }
        return room.audience.first(where: { listener.number(of: $0) == number })
    }

    /// Sends what was collected, and says how many there are now.
    func turnEnded() {
        if !self.dirty.isEmpty {
            for room in self.dirty {
                room.isDirty = false
                room.audience.flush()
            }
            self.dirty.removeAll(keepingCapacity: true)
        }
        guard !self.miscounted.isEmpty else { return }
        var counts: [AppChannel: Int] = [:]
        counts.reserveCapacity(self.miscounted.count)
        for name in self.miscounted {
            let channel = AppChannel(app: self.service.apps[name.app].credentials.id, name: name.channel)
            counts[channel] = self.rooms[name]?.audience.listenerCount ?? 0
        }
        self.miscounted.removeAll(keepingCapacity: true)
        self.service.shared.census.note(counts, on: self.loopIndex)
    }
}
