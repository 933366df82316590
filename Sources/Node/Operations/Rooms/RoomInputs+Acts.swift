internal import Hotel
internal import Ports
internal import Shared

/// What requests say that do something else to rooms than change their registers.
extension RoomInput {
    typealias Create = SubjectInput.New<New>
    typealias Configure = SubjectInput.Edit<Subject.Room, Configuration>
    /// One of the commands without words.
    typealias Act = SubjectInput.Act<Subject.Room>
    typealias Hold = SubjectInput.Change<Subject.Room, HoldTerm>

    struct HoldTerm: JSONDecodable, Sendable {
        static let schemaName = "RoomHold"

        let until: Timestamp

        init(fields: inout JSONFields) { self.until = fields.required("until", .timestamp) }
    }

    /// The same for many rooms (`domain.md` 9).
    typealias Bulk = SubjectInput.New<ManyChanges>

    struct ManyChanges: JSONDecodable, Sendable {
        static let schemaName = "RoomsStatusChange"
        private static let most = 200

        let rooms: [RoomID]
        let change: StatusChange

        init(fields: inout JSONFields) {
            self.rooms = fields.required("room_ids", .array(of: .id(), count: 1...Self.most))
            self.change = StatusChange(fields: &fields)
            if Set(self.rooms).count != self.rooms.count { fields.fail("room_ids", .repeated) }
        }
    }

    struct History: RESTInput {
        typealias Order = RESTCursorPair<Timestamp, RESTCursorPair<EventID, String>>

        let id: RoomID
        let page: RESTPageRequest<Order>

        init(reading request: inout RESTReader) {
            self.id = request.path("id", .id())
            self.page = request.page()
        }
    }

    /// What is configured of a room; what is not said is as it usually is.
    struct Configuration: JSONDecodable, Sendable {
        static let schemaName = "RoomConfiguration"

        let fields: Edits<RoomConfiguration>

        init(fields: inout JSONFields) { self.fields = RoomInput.readConfiguration(&fields) }
    }

    struct New: JSONDecodable, Sendable {
        static let schemaName = "NewRoom"

        let property: PropertyID
        let fields: Edits<RoomConfiguration>

        init(fields: inout JSONFields) {
            self.property = fields.required("property_id", .id())
            let isPseudo = fields.optional("is_pseudo", .bool) ?? false
            var edits = RoomInput.readConfiguration(&fields)
            edits.set("is_pseudo", \.isPseudo, to: isPseudo)
            self.fields = edits
        }
    }

    private static func readConfiguration(_ fields: inout JSONFields) -> Edits<RoomConfiguration> {
        var edits = Edits<RoomConfiguration>()
        fields.edit("number", .text(RoomNumber.self), \.number, into: &edits, isRequired: true)
        fields.edit("room_type_id", .id(), \.roomType, into: &edits, isRequired: true)
        fields.edit("floor", .label(upTo: 20), orNull: \.floor, into: &edits)
        fields.edit("building", .label(upTo: 40), orNull: \.building, into: &edits)
        fields.edit("zone", .label(upTo: 40), orNull: \.zone, into: &edits)
        fields.edit("counts_in_inventory", .bool, \.countsInInventory, into: &edits)
        fields.edit("active_from", .date, \.activeFrom, into: &edits)
        fields.edit("active_to", .date, orNull: \.activeTo, into: &edits)
        fields.edit("features", .features, \.features, into: &edits)
        if let connecting = fields.optional("connecting_room_ids", .array(of: .id(RoomID.self), count: 0...20)) {
            edits.set("connecting_room_ids", \.connectingRooms, to: connecting)
            if Set(connecting).count != connecting.count { fields.fail("connecting_room_ids", .repeated) }
        }
        fields.edit("parent_room_id", .id(), orNull: \.parentRoom, into: &edits)
        fields.edit("accessible", .bool, \.isAccessible, into: &edits)
        fields.edit("smoking", .bool, \.isSmoking, into: &edits)
        return edits
    }
}
