/// Looking into a tree: `nil`, or nothing, where the value is of another kind.
extension JSONValue {
    /// The member of an object.
    package subscript(name: String) -> JSONValue? {
        if case .object(let object) = self { object[name] } else { nil }
    }

    package var members: [JSONObject.Member] {
        if case .object(let object) = self { object.members } else { [] }
    }

    package var elements: [JSONValue]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    package var text: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// A number that is a whole one of 64 bits.
    package var integer: Int64? {
        if case .number(let number) = self { number.int64 } else { nil }
    }
}
