internal import Hotel
internal import Ports
internal import Shared

/// What requests say that do something else to rooms than change their registers.
extension RoomInput {
    typealias Create = ConfigurationInput.New<New>
    typealias Configure = ConfigurationInput.Edit<Subject.Room, Configuration>
    typealias Remove = ConfigurationInput.Remove<Subject.Room>

    /// One of the commands without words.
    struct Act: RESTInput {
        let id: RoomID
        let key: OperationID

        init(reading request: inout RESTReader) {
            self.id = request.path("id", .id())
            self.key = request.idempotencyKey()
        }
    }

    struct Hold: RESTInput {
        struct Body: JSONDecodable {
            static let schemaName = "RoomHold"

            let until: Timestamp

            init(fields: inout JSONFields) { self.until = fields.required("until", .timestamp) }
        }

        let id: RoomID
        let key: OperationID
        let body: Body

        init(reading request: inout RESTReader) {
            self.id = request.path("id", .id())
            self.key = request.idempotencyKey()
            self.body = request.body()
        }
    }

    /// The same for many rooms (`domain.md` 9).
    struct Bulk: RESTInput {
        static let most = 200

        struct Body: JSONDecodable {
            static let schemaName = "RoomsStatusChange"

            let rooms: [RoomID]
            let change: StatusChange

            init(fields: inout JSONFields) {
                self.rooms = fields.required("room_ids", .array(of: .id(), count: 1...Bulk.most))
                self.change = StatusChange(fields: &fields)
                if Set(self.rooms).count != self.rooms.count { fields.fail("room_ids", .repeated) }
            }
        }

        let key: OperationID
        let body: Body

        init(reading request: inout RESTReader) {
            self.key = request.idempotencyKey()
            self.body = request.body()
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
