internal import Shared

/// The connections of this node that are in presence channels: what is to be true on the servers, and which of it is not
/// known to be.
struct OwnPresence {
    struct Entry: Equatable, Sendable {
        let member: PresenceMember
        /// The incarnation under which a server is known to have it.
        var writtenUnder: Int64?
    }

    /// A connection that may still be counted although it left.
    struct Stray: Hashable, Sendable {
        let connection: String
        let channel: AppChannel
    }

    private var channels: [AppChannel: [String: Entry]] = [:]
    /// Channels with an entry that may not be on its server, by server.
    private var unwritten: [Int: Set<AppChannel>] = [:]
    private var strays: [Int: Set<Stray>] = [:]

    func entry(_ connection: String, in channel: AppChannel) -> Entry? { self.channels[channel]?[connection] }

    mutating func want(_ connection: String, as member: PresenceMember, in channel: AppChannel) {
        self.channels[channel, default: [:]][connection] = Entry(member: member)
    }

    /// - Returns: whether it was wanted.
    mutating func forget(_ connection: String, in channel: AppChannel, on server: Int) -> Bool {
        guard let entry = self.channels[channel]?.removeValue(forKey: connection) else { return false }
        if self.channels[channel]?.isEmpty == true { self.channels[channel] = nil }
        // A server that stood still may hear of the join after it has heard of the leave: it is told once more, later.
        if entry.writtenUnder == nil { self.mayStray(connection, in: channel, on: server) }
        return true
    }

    mutating func isUncertain(_ channel: AppChannel, on server: Int) {
        self.unwritten[server, default: []].insert(channel)
    }

    /// A server has taken this; what is wanted may be something else by now.
    mutating func wrote(
        _ connection: String, as member: PresenceMember, in channel: AppChannel, on server: Int,
        under incarnation: Int64
    ) {
        guard let entry = self.entry(connection, in: channel) else {
            self.mayStray(connection, in: channel, on: server)
            return
        }
        if entry.member == member {
            self.channels[channel]?[connection]?.writtenUnder = incarnation
        } else {
            self.isUncertain(channel, on: server)
        }
    }

    mutating func mayStray(_ connection: String, in channel: AppChannel, on server: Int) {
        self.strays[server, default: []].insert(Stray(connection: connection, channel: channel))
    }

    /// The server has a new seat for us: what it had under the old one is lost, or will be cleared away.
    mutating func seatIsNew(on server: Int, isOn: (AppChannel) -> Bool) {
        self.strays[server] = nil
        self.unwritten[server] = Set(self.channels.keys.filter(isOn))
    }

    mutating func takeStrays(of server: Int) -> [Stray] { Array(self.strays.removeValue(forKey: server) ?? []) }

    mutating func takeUnwritten(of server: Int) -> [AppChannel] {
        Array(self.unwritten.removeValue(forKey: server) ?? [])
    }

    /// The entries of a channel that are not known to be on its server under this incarnation.
    func missing(
        in channel: AppChannel, under incarnation: Int64
    ) -> [(connection: String, member: PresenceMember)] {
        let missing = (self.channels[channel] ?? [:]).filter { $0.value.writtenUnder != incarnation }
        return missing.map { ($0.key, $0.value.member) }
    }
}
