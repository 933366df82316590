package import Shared

/// A field of an event's `data`, which knows to whom it may be told. Whoever adds a field says so where it is written.
package struct EventField: Sendable {
    package enum Value: Sendable {
        case json(JSONValue)
        case object([EventField])
    }

    package let name: String
    package let value: Value
    package let sensitivity: Sensitivity
    /// Part of the compact telling.
    package let isCompact: Bool

    private init(_ name: String, _ value: Value, _ sensitivity: Sensitivity, isCompact: Bool = false) {
        self.name = name
        self.value = value
        self.sensitivity = sensitivity
        self.isCompact = isCompact
    }

    package static func open(_ name: String, _ value: JSONValue, isCompact: Bool = false) -> EventField {
        EventField(name, .json(value), .open, isCompact: isCompact)
    }

    package static func staff(_ name: String, _ value: JSONValue) -> EventField {
        EventField(name, .json(value), .staff)
    }

    package static func personal(_ name: String, _ value: JSONValue) -> EventField {
        EventField(name, .json(value), .personal)
    }

    /// Members say for themselves to whom they are told.
    package static func object(_ name: String, _ members: [EventField], isCompact: Bool = false) -> EventField {
        EventField(name, .object(members), .open, isCompact: isCompact)
    }

    /// What was edited. A personal field is named to all, its values only where they may be known.
    package static func changes(_ changes: [FieldChange]) -> [EventField] {
        let open = EventField.open("changes", FieldChange.list(changes, showingPersonal: false))
        guard changes.contains(where: \.isPersonal) else { return [open] }
        return [open, .personal("changes", FieldChange.list(changes, showingPersonal: true))]
    }

    /// Whether a telling that shows everything tells something personal here.
    var isPersonal: Bool {
        switch self.value {
        case .json(let value): self.sensitivity == .personal && value != .null
        case .object(let members): members.contains(where: \.isPersonal)
        }
    }

    /// Writes the members that a projection shows. Of two with one name the later wins: it is the more sensitive one.
    static func write(_ fields: [EventField], _ projection: Projection, to writer: inout JSONWriter) {
        let shown = fields.filter { projection.shows($0) }
        for (index, field) in shown.enumerated() where !shown[(index + 1)...].contains(where: { $0.name == field.name })
        {
            writer.name(text: field.name)
            switch field.value {
            case .json(let value): writer.value(value)
            case .object(let members):
                writer.beginObject()
                self.write(members, projection, to: &writer)
                writer.endObject()
            }
        }
    }
}

/// One field of a row, before and after.
package struct FieldChange: Equatable, Sendable {
    package let field: String
    package let from: JSONValue
    package let to: JSONValue
    package let isPersonal: Bool

    package init(_ field: String, from: JSONValue, to: JSONValue, isPersonal: Bool = false) {
        self.field = field
        self.from = from
        self.to = to
        self.isPersonal = isPersonal
    }

    /// The changes of a row, for those who may see personal values and for those who may not.
    package static func list(_ changes: [FieldChange], showingPersonal: Bool) -> JSONValue {
        .array(
            changes.map { change in
                var object: JSONObject = ["field": .string(change.field)]
                if showingPersonal || !change.isPersonal {
                    object["from"] = change.from
                    object["to"] = change.to
                }
                return .object(object)
            })
    }
}
