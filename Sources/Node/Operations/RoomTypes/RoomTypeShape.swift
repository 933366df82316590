internal import Hotel
internal import Ports
internal import Shared

/// A room type as REST shows it, and as its events tell it.
enum RoomTypeShape {
    static let shape = JSONShape<RoomTypeRecord>.object("RoomType") { members in
        members.member("id", .id(), \.id)
        members.member("version", .count, \.version)
        members.member("property_id", .id(), \.property)
        members.member("code", .text, \.code.text)
        members.member("name", .text, \.name.text)
        members.nullable("class", .text, \.roomClass?.text)
        members.member("base_occupancy", .int(1...50), \.baseOccupancy)
        members.member("max_occupancy", .int(1...50), \.maxOccupancy)
        members.member("features", .array(of: .text), \.features)
        members.member("default_clean_minutes", .document, \.cleanMinutes)
        members.member("credits", .document, \.credits)
        members.member("created_at", .timestamp, \.createdAt)
        members.member("updated_at", .timestamp, \.updatedAt)
    }

    static let kind = ConfiguredKind<RoomTypeRecord>(
        name: "room_type", shape: Self.shape,
        reference: { EntityReference("room_type", $0.id, version: $0.version) })
}

/// What requests about room types say.
enum RoomTypeInput {
    struct One: RESTInput {
        let id: RoomTypeID

        init(reading request: inout RESTReader) { self.id = request.path("id", .id()) }
    }

    typealias Create = SubjectInput.New<New>
    typealias Change = SubjectInput.Edit<Subject.RoomType, Edit>
    typealias Remove = SubjectInput.Act<Subject.RoomType>

    struct List: RESTInput {
        typealias Order = RESTCursorPair<PropertyID, RESTCursorPair<String, RoomTypeID>>

        let property: PropertyID?
        let page: RESTPageRequest<Order>

        init(reading request: inout RESTReader) {
            self.property = request.query("property_id", .id())
            self.page = request.page()
        }
    }

    struct New: JSONDecodable, Sendable {
        static let schemaName = "NewRoomType"

        let property: PropertyID
        let fields: Edits<RoomTypeRecord>

        init(fields: inout JSONFields) {
            self.property = fields.required("property_id", .id())
            self.fields = RoomTypeInput.read(&fields, isNew: true)
        }
    }

    struct Edit: JSONDecodable, Sendable {
        static let schemaName = "RoomTypeChange"

        let fields: Edits<RoomTypeRecord>

        init(fields: inout JSONFields) { self.fields = RoomTypeInput.read(&fields, isNew: false) }
    }

    private static func read(_ fields: inout JSONFields, isNew: Bool) -> Edits<RoomTypeRecord> {
        var edits = Edits<RoomTypeRecord>()
        fields.edit("code", .text(Code.self), \.code, into: &edits, isRequired: isNew)
        fields.edit("name", .text(Name.self), \.name, into: &edits, isRequired: isNew)
        fields.edit("class", .label(upTo: 40), orNull: \.roomClass, into: &edits)
        fields.edit("base_occupancy", .int(1...50), \.baseOccupancy, into: &edits, isRequired: isNew)
        fields.edit("max_occupancy", .int(1...50), \.maxOccupancy, into: &edits, isRequired: isNew)
        fields.edit("features", .features, \.features, into: &edits)
        if let minutes = fields.optional("default_clean_minutes", .object(MinutesByTask.self)) {
            edits.set("default_clean_minutes", \.cleanMinutes, to: minutes.object)
        }
        if let credits = fields.optional("credits", .object(CreditsByTask.self)) {
            edits.set("credits", \.credits, to: credits.object)
        }
        return edits
    }
}
