extension JSONWriter {
    /// A whole tree.
    package mutating func value(_ value: JSONValue) {
        switch value {
        case .null: self.null()
        case .bool(let bool): self.bool(bool)
        case .number(let number): self.number(number)
        case .string(let text): self.string(text)
        case .array(let elements):
            self.beginArray()
            for element in elements { self.value(element) }
            self.endArray()
        case .object(let object):
            self.beginObject()
            for member in object.members {
                self.name(text: member.name)
                self.value(member.value)
            }
            self.endObject()
        }
    }

    /// A name and its value; `nil` is written as `null`.
    package mutating func member(_ name: StaticString, _ text: String?) {
        self.name(name)
        if let text { self.string(text) } else { self.null() }
    }

    /// A name and its value; `nil` is written as `null`.
    package mutating func member(_ name: StaticString, _ integer: Int?) {
        self.name(name)
        if let integer { self.int(integer) } else { self.null() }
    }

    /// A name and its value; `nil` is written as `null`.
    package mutating func member(_ name: StaticString, _ integer: Int64?) {
        self.name(name)
        if let integer { self.int(integer) } else { self.null() }
    }

    /// A name and its value; `nil` is written as `null`.
    package mutating func member(_ name: StaticString, _ bool: Bool?) {
        self.name(name)
        if let bool { self.bool(bool) } else { self.null() }
    }

    /// A name and its value.
    package mutating func member(_ name: StaticString, _ value: JSONValue) {
        self.name(name)
        self.value(value)
    }

    /// A name and the object whose members `body` writes.
    package mutating func object(_ name: StaticString, _ body: (inout JSONWriter) throws -> Void) rethrows {
        self.name(name)
        try self.object(body)
    }

    /// A name and the array whose values `body` writes.
    package mutating func array(_ name: StaticString, _ body: (inout JSONWriter) throws -> Void) rethrows {
        self.name(name)
        try self.array(body)
    }
}

extension JSONValue {
    /// The tree as compact JSON; parsing it gives an equal tree.
    package var serialized: [UInt8] {
        JSONWriter.text { $0.value(self) }
    }
}
