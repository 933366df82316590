package import Shared

/// Who is in which presence channel of a node that is alone; news go over its in-process bus. It forgets nothing and nobody
/// else can die, so there is nothing to doubt.
package actor InProcessPresence: PresenceDirectory {
    private struct Room {
        var version: Int64
        /// The members by id, and how many connections each has.
        var members: [String: (member: PresenceMember, connections: Int)] = [:]
        /// The id of each connection's member.
        var connections: [String: String] = [:]
    }

    private let bus: any BusPublisher
    private var rooms: [AppChannel: Room] = [:]
    /// Where the versions of a new room begin: beyond all that there were.
    private var lastVersion: Int64 = 0

    package init(bus: any BusPublisher) { self.bus = bus }

    package func join(_ entrant: PresenceEntrant) async -> PresenceEntry {
        let (connection, member, channel) = (entrant.connection, entrant.member, entrant.channel)
        let limit = entrant.limit
        var room = self.rooms[channel] ?? Room(version: self.lastVersion)
        let before = room.connections[connection]
        if before != member.id {
            guard limit <= 0 || room.members[member.id] != nil || room.members.count < limit else {
                // Whoever wanted to be somebody else is nobody now.
                if before != nil { await self.leave(connection, from: channel) }
                return .full
            }
            room.connections[connection] = member.id
            if let known = room.members[member.id] {
                room.members[member.id] = (known.member, known.connections + 1)
            } else {
                room.members[member.id] = (member, 1)
                self.tell(.added(member), in: channel, &room)
            }
            if let before { self.countOut(before, of: channel, &room) }
        }
        self.rooms[channel] = room
        return .entered(Self.snapshot(room))
    }

    package func leave(_ connection: String, from channel: AppChannel) async {
        guard var room = self.rooms[channel], let id = room.connections.removeValue(forKey: connection) else { return }
        self.countOut(id, of: channel, &room)
        self.rooms[channel] = room.connections.isEmpty ? nil : room
        self.lastVersion = max(self.lastVersion, room.version)
    }

    package func members(of channel: AppChannel) async throws(PresenceError) -> PresenceSnapshot {
        Self.snapshot(self.rooms[channel] ?? Room(version: self.lastVersion))
    }

    package nonisolated func whenInDoubt(_ body: @escaping @Sendable () -> Void) {}

    private func countOut(_ id: String, of channel: AppChannel, _ room: inout Room) {
        guard let known = room.members[id] else { return }
        guard known.connections == 1 else {
            room.members[id] = (known.member, known.connections - 1)
            return
        }
        room.members[id] = nil
        self.tell(.removed(id: id), in: channel, &room)
    }

    private func tell(_ change: PresenceChange, in channel: AppChannel, _ room: inout Room) {
        room.version += 1
        self.bus.publish(PresenceNews(version: room.version, change: change).bytes, on: channel.news)
    }

    private static func snapshot(_ room: Room) -> PresenceSnapshot {
        PresenceSnapshot(version: room.version, members: room.members.mapValues { $0.member })
    }
}

/// The registry of a node that is alone.
package struct SoleNodeRegistry: NodeRegistry {
    private let node: LivingNode

    package init(id: String, address: String) {
        self.node = LivingNode(id: id, address: address, incarnation: 1)
    }

    package func livingNodes() async throws(RegistryError) -> [LivingNode] { [self.node] }
}
