/// The independent axes of a room (`domain.md` 4.1). Raw values are stored and sent.
package enum FrontOfficeOccupancy: String, CaseIterable, Sendable { case vacant, occupied }

package enum HKStatus: String, CaseIterable, Sendable { case dirty, pickup, clean, inspected }

/// What an attendant saw.
package enum HKOccupancy: String, CaseIterable, Sendable { case vacant, occupied, unknown }

package enum ServiceFlag: String, CaseIterable, Sendable {
    case none
    case doNotDisturb = "do_not_disturb"
    case makeUpRoom = "make_up_room"
    case serviceDeclined = "service_declined"
    case doubleLocked = "double_locked"
}

package enum TurndownStatus: String, CaseIterable, Sendable {
    case notRequired = "not_required"
    case required, completed
}

/// The strongest active block.
package enum Availability: String, CaseIterable, Sendable {
    case inService = "in_service"
    case outOfService = "out_of_service"
    case outOfOrder = "out_of_order"
}

/// What front office and housekeeping disagree about (`domain.md` 4.1.4).
package enum Discrepancy: String, CaseIterable, Sendable {
    case none
    /// Somebody is in a room that the desk believes empty.
    case sleep
    /// The desk believes a guest in a room that is empty.
    case skip
    /// Another head count.
    case person
}

/// What dashboards show as the room's status (`domain.md` 4.1.1).
package enum DisplayStatus: String, CaseIterable, Sendable {
    case outOfOrder = "out_of_order"
    case outOfService = "out_of_service"
    case cleaning
    case occupiedDND = "occupied_dnd"
    case occupiedDirty = "occupied_dirty"
    case occupiedClean = "occupied_clean"
    case ready
    case awaitingInspection = "awaiting_inspection"
    case pickup
    case dirty
}

/// Names of axes as events list them.
package enum RoomAxis: String, CaseIterable, Sendable {
    case foOccupancy = "fo_occupancy"
    case foPersons = "fo_persons"
    case hkStatus = "hk_status"
    case hkOccupancy = "hk_occupancy"
    case hkPersons = "hk_persons"
    case serviceFlag = "service_flag"
    case turndownStatus = "turndown_status"
    case availability
    case discrepancy
    case displayStatus = "display_status"
    case rush, queued, hold
}

/// What of a room is last-write-wins (`domain.md` 11.1).
package enum RoomRegister: String, CaseIterable, Sendable {
    case hkStatus = "hk_status"
    case serviceFlag = "service_flag"
    /// With the persons seen: one register.
    case hkOccupancy = "hk_occupancy"
    case turndownStatus = "turndown_status"
    case rush
}
