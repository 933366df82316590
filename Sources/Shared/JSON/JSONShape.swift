/// How a value is written as JSON, and what that looks like: stated once, so that answers and their description cannot differ.
///
/// The counterpart of `JSONRule`. A record states its members with `JSONShape.object`, and is then a shape like any other.
package struct JSONShape<Value>: Sendable {
    package let schema: JSONSchema
    package let write: @Sendable (Value, inout JSONWriter) -> Void

    /// - Parameters:
    ///   - schema: must hold for everything that `write` can write.
    ///   - write: writes exactly one value.
    package init(_ schema: JSONSchema, write: @escaping @Sendable (Value, inout JSONWriter) -> Void) {
        self.schema = schema
        self.write = write
    }

    /// The value as compact JSON.
    package func text(of value: Value) -> [UInt8] {
        JSONWriter.text { self.write(value, &$0) }
    }

    /// The shape of another type that is written as this one.
    package func of<Other>(_ convert: @escaping @Sendable (Other) -> Value) -> JSONShape<Other> {
        JSONShape<Other>(self.schema) { [write = self.write] value, json in write(convert(value), &json) }
    }

    /// The same, or `null` for `nil`.
    package var orNull: JSONShape<Value?> {
        JSONShape<Value?>(self.schema.orNull) { [write = self.write] value, json in
            if let value { write(value, &json) } else { json.null() }
        }
    }

    /// A record under a name of its own.
    ///
    /// - Parameter members: states each member with `JSONMembers.member`; called once, here.
    package static func object(_ name: String, _ members: (inout JSONMembers<Value>) -> Void) -> Self {
        self.object(named: name, members)
    }

    /// A record that is described where it stands.
    package static func object(_ members: (inout JSONMembers<Value>) -> Void) -> Self {
        self.object(named: nil, members)
    }

    private static func object(named name: String?, _ members: (inout JSONMembers<Value>) -> Void) -> Self {
        var list = JSONMembers<Value>()
        members(&list)
        let writers = list.writers
        return Self(.object(JSONSchema.Object(name: name, members: list.members))) { value, json in
            json.object { json in
                for write in writers { write(value, &json) }
            }
        }
    }
}

/// The members of a record, each stated once: its name, its shape, and where it comes from.
package struct JSONMembers<Value> {
    fileprivate private(set) var members: [JSONSchema.Member] = []
    fileprivate private(set) var writers: [@Sendable (Value, inout JSONWriter) -> Void] = []

    /// A member that is always there.
    package mutating func member<Part>(
        _ name: StaticString, _ shape: JSONShape<Part>, _ part: @escaping @Sendable (Value) -> Part
    ) {
        self.add(name, shape.schema, isRequired: true) { [write = shape.write] value, json in
            json.name(name)
            write(part(value), &json)
        }
    }

    /// A member that is always there, `null` for `nil`: for what a reader must be able to tell from silence.
    package mutating func nullable<Part>(
        _ name: StaticString, _ shape: JSONShape<Part>, _ part: @escaping @Sendable (Value) -> Part?
    ) {
        self.member(name, shape.orNull, part)
    }

    /// A member that is left out for `nil`.
    package mutating func optional<Part>(
        _ name: StaticString, _ shape: JSONShape<Part>, _ part: @escaping @Sendable (Value) -> Part?
    ) {
        self.add(name, shape.schema, isRequired: false) { [write = shape.write] value, json in
            guard let part = part(value) else { return }
            json.name(name)
            write(part, &json)
        }
    }

    private mutating func add(
        _ name: StaticString, _ schema: JSONSchema, isRequired: Bool,
        _ write: @escaping @Sendable (Value, inout JSONWriter) -> Void
    ) {
        let text = "\(name)"
        precondition(!self.members.contains { $0.name == text }, "a JSON object has each name once")
        self.members.append(JSONSchema.Member(name: text, schema: schema, isRequired: isRequired))
        self.writers.append(write)
    }
}
