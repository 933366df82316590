package import Hotel
package import Shared

/// What is configured of a room.
package struct RoomConfiguration: Equatable, Sendable {
    package var number: RoomNumber
    package var roomType: RoomTypeID
    package var floor: Label?
    package var building: Label?
    package var zone: Label?
    package var isPseudo = false
    package var countsInInventory = true
    package var activeFrom: CalendarDate
    package var activeTo: CalendarDate?
    package var features: [String] = []
    package var connectingRooms: [RoomID] = []
    package var parentRoom: RoomID?
    package var isAccessible = false
    package var isSmoking = false

    package init(number: RoomNumber, roomType: RoomTypeID, activeFrom: CalendarDate) {
        self.number = number
        self.roomType = roomType
        self.activeFrom = activeFrom
    }
}

/// A room as it is kept.
package struct RoomRecord: Equatable, ConfiguredRecord {
    package let id: RoomID
    package let property: PropertyID
    package var configuration: RoomConfiguration
    /// The type's code, as events name it.
    package var roomTypeCode: Code
    package var state: RoomState
    /// Who wrote each register last.
    package var writers: [RoomRegister: UInt128]
    package var serviceFlagSince: Timestamp?
    package var holdUntil: Timestamp?
    package var holdBy: UserID?
    package var lastCleanedAt: Timestamp?
    package var lastInspectedAt: Timestamp?
    package var version: Int64
    package var createdAt: Timestamp
    package var updatedAt: Timestamp
    package var isDeleted: Bool
    /// By which the store sorts rooms as people count: 9 before 10, A2 before A10. Empty until it has it.
    package var sortKey = ""

    package init(
        id: RoomID, property: PropertyID, configuration: RoomConfiguration, roomTypeCode: Code, state: RoomState,
        version: Int64, createdAt: Timestamp, updatedAt: Timestamp
    ) {
        self.id = id
        self.property = property
        self.configuration = configuration
        self.roomTypeCode = roomTypeCode
        self.state = state
        self.writers = [:]
        self.version = version
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.isDeleted = false
    }

    /// As its events name it.
    package var identity: RoomIdentity {
        RoomIdentity(
            id: self.id, number: self.configuration.number, roomType: self.roomTypeCode,
            floor: self.configuration.floor)
    }
}

/// A room on the desk: with its property's rules, and what its place is in the order of arrival. A class for the reason that
/// ``ShownRoom`` is one.
package final class RoomFile: Sendable {
    package let room: RoomRecord
    package let property: PropertyRules
    /// Higher than every other that was given out before: the third part of a register's key.
    package let receivedSeq: Int64

    package init(room: RoomRecord, property: PropertyRules, receivedSeq: Int64) {
        self.room = room
        self.property = property
        self.receivedSeq = receivedSeq
    }
}

/// What a property decides about its rooms and about writes to them.
package struct PropertyRules: Equatable, Sendable {
    package let id: PropertyID
    package let businessDate: CalendarDate
    package let rooms: RoomRules
    package let effectiveTime: EffectiveTime.Limits
    package let checkInGuard: CheckInGuard
    /// The slugs of the property's departments of each kind: whom its events reach.
    package let departments: [DepartmentKind: [ChannelSlug]]

    package init(
        id: PropertyID, businessDate: CalendarDate, rooms: RoomRules, effectiveTime: EffectiveTime.Limits,
        checkInGuard: CheckInGuard, departments: [DepartmentKind: [ChannelSlug]]
    ) {
        self.id = id
        self.businessDate = businessDate
        self.rooms = rooms
        self.effectiveTime = effectiveTime
        self.checkInGuard = checkInGuard
        self.departments = departments
    }
}

/// One axis of a room before and after, as the room's history keeps it.
package struct RoomAxisChange: Equatable, Sendable {
    package let axis: RoomAxis
    package let from: String?
    package let to: String?
    package let event: EventID
    package let occurredAt: Timestamp

    package init(_ axis: RoomAxis, from: String?, to: String?, event: EventID, occurredAt: Timestamp) {
        self.axis = axis
        self.from = from
        self.to = to
        self.event = event
        self.occurredAt = occurredAt
    }
}
