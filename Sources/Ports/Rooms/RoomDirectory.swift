package import Hotel
package import Shared

/// Where rooms are read, by whoever shows them. Nothing is locked.
package protocol RoomDirectory: Sendable {
    /// A room of the tenant; `nil` if there is none, or none any more.
    func room(_ id: RoomID, of tenant: TenantID) async throws(StoreError) -> ShownRoom?

    /// Rooms in the order of their numbers, with the position of the tenant's stream, which is read before them: a client goes
    /// on from there.
    func rooms(_ wanted: RoomSelection, of tenant: TenantID) async throws(StoreError) -> (StreamHead, [ShownRoom])

    /// What became of a room's axes, the latest first, with the position of the tenant's stream, which is read before.
    func history(
        _ wanted: RoomHistorySelection, of tenant: TenantID
    ) async throws(StoreError) -> (StreamHead, [RoomHistoryEntry])
}

/// Which part of a room's history is shown. One object for the reason that ``CodeSelection`` is one.
package final class RoomHistorySelection: Sendable {
    package let room: RoomID
    package let after: RoomHistoryEntry.Position?
    package let limit: Int

    package init(of room: RoomID, after: RoomHistoryEntry.Position?, limit: Int) {
        self.room = room
        self.after = after
        self.limit = limit
    }
}

/// One axis of a room, before and after, as it is read.
package struct RoomHistoryEntry: Sendable {
    /// Where the page before ended.
    package struct Position: Equatable, Sendable {
        package let recordedAt: Timestamp
        package let event: EventID
        package let axis: String

        package init(recordedAt: Timestamp, event: EventID, axis: String) {
            self.recordedAt = recordedAt
            self.event = event
            self.axis = axis
        }
    }

    package let position: Position
    package let from: String?
    package let to: String?
    package let occurredAt: Timestamp
    /// `{type, id, name, role}`
    package let actor: [UInt8]
    package let source: CommandOrigin.Source

    package init(
        at position: Position, from: String?, to: String?, occurredAt: Timestamp, actor: [UInt8],
        source: CommandOrigin.Source
    ) {
        self.position = position
        self.from = from
        self.to = to
        self.occurredAt = occurredAt
        self.actor = actor
        self.source = source
    }
}

/// A room, with the rules by which its display status is derived.
///
/// A class, because of the fault of Swift 6.3.1 that README.md describes.
package final class ShownRoom: Sendable {
    package let room: RoomRecord
    package let property: PropertyRules

    package init(_ room: RoomRecord, _ property: PropertyRules) {
        self.room = room
        self.property = property
    }
}

/// Which rooms of a tenant a list shows.
package struct RoomSelection: Sendable {
    /// Where the page before ended.
    package struct Position: Equatable, Sendable {
        package let property: PropertyID
        package let sortKey: String
        package let room: RoomID

        package init(property: PropertyID, sortKey: String, room: RoomID) {
            self.property = property
            self.sortKey = sortKey
            self.room = room
        }
    }

    /// Only these.
    package var properties: [PropertyID]
    package var floor: Label?
    package var hkStatus: HKStatus?
    package var roomType: RoomTypeID?
    package var after: Position?
    package var limit: Int

    package init(properties: [PropertyID], limit: Int) {
        self.properties = properties
        self.limit = limit
    }
}
