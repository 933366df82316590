package import Shared

/// What an event's `data` is made of, as the catalogue promises it to those who listen.
package struct EventData: Sendable {
    /// A member, with what it gives away: what a listener is told depends on it, as with the ``EventField`` that it describes.
    package struct Member: Sendable {
        package enum Content: Sendable {
            case value(JSONSchema)
            case object([Member])
            /// The read model of the entity of that name, which only those know who show it.
            case record(String)
        }

        package let name: String
        package let content: Content
        package let sensitivity: Sensitivity
        package let isCompact: Bool
        package let isRequired: Bool

        private init(
            _ name: String, _ content: Content, _ sensitivity: Sensitivity, isCompact: Bool = false,
            isRequired: Bool = true
        ) {
            self.name = name
            self.content = content
            self.sensitivity = sensitivity
            self.isCompact = isCompact
            self.isRequired = isRequired
        }

        static func open(
            _ name: String, _ schema: JSONSchema, isCompact: Bool = false, isRequired: Bool = true
        ) -> Member {
            Member(name, .value(schema), .open, isCompact: isCompact, isRequired: isRequired)
        }

        static func staff(_ name: String, _ schema: JSONSchema) -> Member { Member(name, .value(schema), .staff) }

        static func personal(_ name: String, _ schema: JSONSchema, isRequired: Bool = true) -> Member {
            Member(name, .value(schema), .personal, isRequired: isRequired)
        }

        static func object(_ name: String, _ members: [Member], isCompact: Bool = false) -> Member {
            Member(name, .object(members), .open, isCompact: isCompact)
        }

        static func record(_ name: String) -> Member { Member(name, .record(name), .open) }
    }

    package let members: [Member]

    init(_ members: [Member]) { self.members = members }
}

extension EventData {
    /// What listeners are told who get this projection, with `meta`, as JSON Schema.
    ///
    /// - Parameters:
    ///   - isLogged: whether the event has a number.
    ///   - records: the read models by their names; one that is missing may hold anything.
    package func schema(
        _ projection: Projection, isLogged: Bool, records: [String: JSONSchema]
    ) -> JSONSchema {
        let meta = JSONSchema.Member(name: "meta", schema: EventMeta.schema(isLogged: isLogged), isRequired: true)
        return .object(
            JSONSchema.Object(name: nil, members: Self.shown(self.members, projection, records) + [meta]))
    }

    private static func shown(
        _ members: [Member], _ projection: Projection, _ records: [String: JSONSchema]
    ) -> [JSONSchema.Member] {
        members.filter { projection.shows($0.sensitivity, isCompact: $0.isCompact) }.map { member in
            let schema: JSONSchema =
                switch member.content {
                case .value(let schema): schema
                case .object(let inside):
                    .object(JSONSchema.Object(name: nil, members: self.shown(inside, projection, records)))
                case .record(let name): records[name] ?? .anyObject
                }
            return JSONSchema.Member(name: member.name, schema: schema, isRequired: member.isRequired)
        }
    }
}
