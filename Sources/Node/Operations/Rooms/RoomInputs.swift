internal import Hotel
internal import Ports
internal import Shared

/// What requests about rooms say.
enum RoomInput {
    struct One: RESTInput {
        let id: RoomID

        init(reading request: inout RESTReader) { self.id = request.path("id", .id()) }
    }

    struct List: RESTInput {
        typealias Order = RESTCursorPair<PropertyID, RESTCursorPair<String, RoomID>>

        let property: PropertyID?
        let floor: Label?
        let hkStatus: HKStatus?
        let roomType: RoomTypeID?
        let page: RESTPageRequest<Order>

        init(reading request: inout RESTReader) {
            self.property = request.query("property_id", .id())
            self.floor = request.query("floor", .field(Label.self))
            self.hkStatus = request.query("hk_status", .oneOf())
            self.roomType = request.query("room_type_id", .id())
            self.page = request.page()
        }
    }

    typealias Change = SubjectInput.Change<Subject.Room, StatusChange>

    /// The registers of a room, as one write names them.
    struct StatusChange: JSONDecodable, Sendable {
        let wishes: [RoomCommand]
        let claim: EffectiveTime.Claim

        init(fields: inout JSONFields) {
            let status = fields.optional("hk_status", .oneOf(HKStatus.self))
            let flag = fields.optional("service_flag", .oneOf(ServiceFlag.self))
            let seen = fields.optional("hk_occupancy", .oneOf(HKOccupancy.self))
            let persons = fields.optional("hk_persons", .int(0...20))
            let turndown = fields.optional("turndown_status", .oneOf(TurndownStatus.self))
            let rush = fields.optional("rush", .bool)
            let neededBy = fields.optional("needed_by", .timestamp)
            // Already corrected by what the sender found its clock to be wrong by, which it may say.
            let effectiveAt = fields.optional("effective_at", .timestamp)
            let offset = fields.optional("clock_offset_ms", .int(-86_400_000...86_400_000)).map { Int64($0) } ?? 0
            var wishes: [RoomCommand] = []
            if let status { wishes.append(.setStatus(status)) }
            if let flag { wishes.append(.setServiceFlag(flag)) }
            if let seen { wishes.append(.reportOccupancy(seen, persons: persons)) }
            if let turndown { wishes.append(.setTurndown(turndown)) }
            if let rush { wishes.append(.setRush(rush, neededBy: neededBy)) }
            if persons != nil, seen == nil { fields.fail("hk_occupancy", .required) }
            self.wishes = wishes
            self.claim =
                effectiveAt.map {
                    .offline(
                        deviceTime: Timestamp(milliseconds: $0.milliseconds - offset), offsetMilliseconds: offset)
                } ?? .online
        }
    }
}

extension RESTParameterRule where Value: FieldText {
    /// A text with the rules of its kind.
    static func field(_ type: Value.Type = Value.self) -> Self {
        RESTParameterRule<String>.text(1...254).parsed(placeholder: Value.placeholder) { Value($0) }
    }
}
