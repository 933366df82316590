package import Shared

/// Rooms at the desk.
package protocol RoomDesk: AnyObject {
    /// A room with all that decides about it; `nil` if there is none. Deleted ones are given: what they do is refused.
    func room(_ id: RoomID) async throws(StoreError) -> RoomFile?

    /// Those of these rooms that there are, locked in the order of their ids.
    func rooms(_ ids: [RoomID]) async throws(StoreError) -> [RoomFile]

    /// Which other rooms name this one.
    func ties(of room: RoomID) async throws(StoreError) -> RoomTies

    /// Keeps a room that was loaded, with what is to be remembered of its axes.
    func keep(_ room: RoomRecord, history: [RoomAxisChange])

    /// Keeps what is configured of a room that was loaded, and whether it is deleted.
    func configure(_ room: RoomRecord)

    /// Keeps a new room.
    func add(_ room: RoomRecord)
}

/// The numbers of rooms that name another. A class for the reason that `ShownRoom` is one.
package final class RoomTies: Sendable {
    /// It is their suite.
    package let parts: [String]
    /// They have a door to it.
    package let neighbours: [String]

    package init(parts: [String], neighbours: [String]) {
        self.parts = parts
        self.neighbours = neighbours
    }

    package var isEmpty: Bool { self.parts.isEmpty && self.neighbours.isEmpty }
}
