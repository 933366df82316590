/// A user as the others in a channel see it.
package struct PresenceMember: Hashable, Sendable {
    package let id: String
    /// JSON, or empty if there is none.
    package let info: [UInt8]

    /// The longest id, in characters, and the longest info, in bytes: what is longer is refused before it comes here.
    package static let idCharacters = 128
    package static let infoBytes = 1_024

    /// - Returns: `nil` if the id is empty or one of the two is too long.
    package init?(id: String, info: [UInt8] = []) {
        // Bytes first: counting the characters of a hostile text would take long.
        guard !id.isEmpty, id.utf8.count <= 4 * Self.idCharacters, id.unicodeScalars.count <= Self.idCharacters,
            info.count <= Self.infoBytes
        else { return nil }
        self.id = id
        self.info = info
    }
}

/// Who is in a channel, at one moment.
package struct PresenceSnapshot: Equatable, Sendable {
    /// Raised by each change. It never falls while somebody is in the channel, except when all was forgotten.
    package let version: Int64
    /// By id.
    package let members: [String: PresenceMember]
    /// All was forgotten not long ago and the nodes are still telling it again: to be asked again after this time, until
    /// which who is missing here is not gone.
    package let settlesIn: Duration?

    package init(version: Int64, members: [String: PresenceMember], settlesIn: Duration? = nil) {
        self.version = version
        self.members = members
        self.settlesIn = settlesIn
    }
}

/// A connection that wants to be counted in a channel. An object, so that what waits holds one word of it.
package final class PresenceEntrant: Sendable {
    /// Unique on this node while it is open; at most 64 bytes.
    package let connection: String
    package let member: PresenceMember
    package let channel: AppChannel
    /// How many members the channel may have; more are refused. 0 is no limit.
    package let limit: Int

    package init(_ connection: String, as member: PresenceMember, in channel: AppChannel, limit: Int) {
        self.connection = connection
        self.member = member
        self.channel = channel
        self.limit = limit
    }
}

/// What came of joining.
package enum PresenceEntry: Equatable, Sendable {
    /// The connection counts from now on; the snapshot has its member.
    case entered(PresenceSnapshot)
    /// It will count as soon as the directory can be reached; until then only this node knows.
    case awaited
    /// The channel has as many members as it may.
    case full
}

/// Why the directory has no answer.
package enum PresenceError: Error, Equatable, Sendable {
    case unavailable
}

/// Who is in which presence channel, over all nodes (architecture 2.1). From any thread.
///
/// What always holds: a user is in a channel as long as at least one of its connections is, wherever in the cluster; each
/// change raises the channel's version by one and is told as `PresenceNews` on `AppChannel.news`; connections of a node
/// that died leave. Calls for one connection and channel are carried out in the order in which they were made.
package protocol PresenceDirectory: Sendable {
    /// Counts a connection of this node in. Doing it twice is doing it once; with another member it replaces the first.
    func join(_ entrant: PresenceEntrant) async -> PresenceEntry

    /// Counts a connection of this node out. One that is not in changes nothing.
    func leave(_ connection: String, from channel: AppChannel) async

    /// Who is in a channel.
    func members(of channel: AppChannel) async throws(PresenceError) -> PresenceSnapshot

    /// Calls `body` whenever news may have been missed that nothing else would tell of: whoever watches asks again. From any
    /// thread.
    func whenInDoubt(_ body: @escaping @Sendable () -> Void)
}
