internal import Hotel
internal import Ports
internal import Shared

/// What is to be configured of a room, and whether that can be.
struct RoomPlan {
    let configuration: RoomConfiguration

    init(_ configuration: RoomConfiguration) { self.configuration = configuration }

    /// - Parameters:
    ///   - fields: what is said; the rest is as it usually is, but its kind and its first day stay.
    ///   - today: on which a new room begins to count.
    init(_ fields: Edits<RoomConfiguration>, over before: RoomConfiguration?, today: CalendarDate) {
        var usual = RoomConfiguration(
            number: .placeholder, roomType: RoomTypeID(raw: 0), activeFrom: before?.activeFrom ?? today)
        usual.isPseudo = before?.isPseudo ?? false
        var configuration = fields.applied(to: usual)
        if configuration.isPseudo, !fields.names.contains("counts_in_inventory") {
            configuration.countsInInventory = false
        }
        self.configuration = configuration
    }

    /// The other rooms that it names.
    var named: [RoomID] {
        let parent = self.configuration.parentRoom.map { [$0] } ?? []
        return Array(Set(self.configuration.connectingRooms + parent))
    }

    /// Refuses what does not fit together.
    ///
    /// - Parameters:
    ///   - others: those of the named rooms that there are.
    ///   - hasParts: whether the room is a suite of others; suites are of one storey, so that no room is its own part.
    /// - Returns: the code of its type.
    func check(
        _ id: RoomID, at property: PropertyID, _ type: RoomTypeRecord?, _ others: [RoomFile], hasParts: Bool
    ) throws(Refusal) -> Code {
        guard let type, !type.isDeleted, type.property == property else {
            throw .field("room_type_id", .unknownValue)
        }
        if let last = self.configuration.activeTo, last <= self.configuration.activeFrom {
            throw .field("active_to", .dateOrder)
        }
        // A posting room is in no inventory.
        guard !self.configuration.isPseudo || !self.configuration.countsInInventory else {
            throw .field("counts_in_inventory", .unknownValue)
        }
        let there = others.filter { $0.room.id != id && !$0.room.isDeleted && $0.room.property == property }
        let ids = Set(there.map(\.room.id))
        guard self.configuration.connectingRooms.allSatisfy({ ids.contains($0) }) else {
            throw .field("connecting_room_ids", .unknownValue)
        }
        if let parent = self.configuration.parentRoom {
            let suite = there.first { $0.room.id == parent }
            guard let suite, suite.room.configuration.parentRoom == nil, !hasParts else {
                throw .field("parent_room_id", .unknownValue)
            }
        }
        return type.code
    }

    static func taken(_ constraint: String) -> Refusal? {
        constraint == "room_by_number" ? .field("number", .taken) : nil
    }
}
