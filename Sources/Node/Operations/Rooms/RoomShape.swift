internal import Hotel
internal import Ports
internal import Shared

/// A room as REST shows it, and as events of its configuration tell it.
enum RoomShape {
    static let shape = JSONShape<ShownRoom>.object("Room") { members in
        members.member("id", .id(), \.room.id)
        members.member("version", .count, \.room.version)
        members.member("property_id", .id(), \.room.property)
        members.member("number", .text) { $0.room.configuration.number.text }
        members.member("room_type_id", .id(), \.room.configuration.roomType)
        members.member("room_type", .text) { $0.room.roomTypeCode.text }
        members.nullable("floor", .text) { $0.room.configuration.floor?.text }
        members.nullable("building", .text) { $0.room.configuration.building?.text }
        members.nullable("zone", .text) { $0.room.configuration.zone?.text }
        members.member("is_pseudo", .bool, \.room.configuration.isPseudo)
        members.member("counts_in_inventory", .bool, \.room.configuration.countsInInventory)
        members.member("active_from", .date, \.room.configuration.activeFrom)
        members.nullable("active_to", .date, \.room.configuration.activeTo)
        members.member("features", .array(of: .text), \.room.configuration.features)
        members.member("connecting_room_ids", .array(of: .id()), \.room.configuration.connectingRooms)
        members.nullable("parent_room_id", .id(), \.room.configuration.parentRoom)
        members.member("accessible", .bool, \.room.configuration.isAccessible)
        members.member("smoking", .bool, \.room.configuration.isSmoking)
        RoomShape.addStatus(to: &members)
        members.member("created_at", .timestamp, \.room.createdAt)
        members.member("updated_at", .timestamp, \.room.updatedAt)
    }

    static let kind = ConfiguredKind<ShownRoom>(
        name: "room", shape: Self.shape,
        reference: { EntityReference("room", $0.room.id, version: $0.room.version) })

    /// The axes of `domain.md` 4.1.
    private static func addStatus(to members: inout JSONMembers<ShownRoom>) {
        members.member("display_status", .oneOf(DisplayStatus.self)) {
            $0.room.state.displayStatus($0.property.rooms)
        }
        members.member("fo_occupancy", .oneOf(FrontOfficeOccupancy.self), \.room.state.foOccupancy)
        members.member("fo_persons", .int(0 ... .max), \.room.state.foPersons)
        members.member("hk_status", .oneOf(HKStatus.self), \.room.state.hkStatus)
        members.member("hk_occupancy", .oneOf(HKOccupancy.self), \.room.state.hkOccupancy)
        members.nullable("hk_persons", .int(0 ... .max), \.room.state.hkPersons)
        members.member("service_flag", .oneOf(ServiceFlag.self), \.room.state.serviceFlag)
        members.nullable("service_flag_since", .timestamp, \.room.serviceFlagSince)
        members.member("turndown_status", .oneOf(TurndownStatus.self), \.room.state.turndown)
        members.member("availability", .oneOf(Availability.self), \.room.state.availability)
        members.member("discrepancy", .oneOf(Discrepancy.self), \.room.state.discrepancy)
        members.member("rush", .bool, \.room.state.rush)
        members.member("occupancy_cycle", .int(0 ... .max), \.room.state.occupancyCycle)
        members.nullable("hold_until", .timestamp, \.room.holdUntil)
        members.nullable("last_cleaned_at", .timestamp, \.room.lastCleanedAt)
        members.nullable("last_inspected_at", .timestamp, \.room.lastInspectedAt)
    }
}

extension RoomHistoryEntry {
    /// A line of a room's history as REST shows it.
    static let shape = JSONShape<RoomHistoryEntry>.object("RoomHistoryEntry") { members in
        members.member("axis", .text, \.position.axis)
        members.nullable("from", .text, \.from)
        members.nullable("to", .text, \.to)
        members.member("occurred_at", .timestamp, \.occurredAt)
        members.member("recorded_at", .timestamp, \.position.recordedAt)
        members.member("actor", JSONShape<[UInt8]>(.anyObject) { $1.raw($0) }, \.actor)
        members.member("source", .oneOf(CommandOrigin.Source.self), \.source)
        members.member("event_id", .id(), \.position.event)
    }
}
