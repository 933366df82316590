/// A type that is made from the fields of a JSON object.
///
/// `init` reads every field and always makes a value: what is missing or wrong is noted and a placeholder stands in for
/// it. `decode` lets only values out that needed no placeholder, so `init` must not act on what it reads or trap on it.
/// It reads the same fields by the same rules whatever they hold: that is how its schema is found out.
package protocol JSONDecodable {
    /// Under which the schema of the type is published; the type's own name unless something else is said.
    static var schemaName: String { get }

    init(fields: inout JSONFields)
}

extension JSONDecodable {
    package static var schemaName: String { String(describing: Self.self) }

    /// What `init` reads, in words. A type that contains itself has none: this would not end.
    package static var schema: JSONSchema {
        .object(JSONSchema.Object(name: self.schemaName, members: JSONFields.members { _ = Self(fields: &$0) }))
    }

    /// Made of placeholders only: stands in for a value that could not be read.
    package static var blank: Self {
        var muted = JSONFieldTrace(ignoresUnknownFields: true, isMuted: true)
        return JSONFields.read(JSONObject(), &muted) { Self(fields: &$0) }
    }

    /// Makes a value, or throws all that is wrong with the fields, also of objects and arrays inside.
    ///
    /// - Parameter ignoringUnknownFields: for senders who may add fields without asking us.
    package static func decode(
        _ json: JSONValue, ignoringUnknownFields: Bool = false
    ) throws(JSONFieldErrors) -> Self {
        var trace = JSONFieldTrace(ignoresUnknownFields: ignoringUnknownFields)
        let value = JSONRule.object(Self.self).read(json, &trace)
        guard let value, trace.entries.isEmpty else { throw JSONFieldErrors(trace.entries) }
        return value
    }
}

/// The fields of one JSON object, to be read by name and rule. A field that nobody reads is an error too.
package struct JSONFields {
    private let object: JSONObject
    private var isRead: [Bool]
    private var trace: JSONFieldTrace
    private let errorsBefore: Int
    /// What was asked for so far, while nothing but that is of interest.
    private var members: [JSONSchema.Member]?

    /// Lends `trace` to the fields of `object` for as long as `body` runs.
    static func read<Result>(
        _ object: JSONObject, _ trace: inout JSONFieldTrace, _ body: (inout JSONFields) -> Result
    ) -> Result {
        var fields = JSONFields(object: object, trace: trace)
        let result = body(&fields)
        fields.refuseUnread()
        trace = fields.trace
        return result
    }

    /// The members that `body` asks for.
    static func members(_ body: (inout JSONFields) -> Void) -> [JSONSchema.Member] {
        var fields = JSONFields(
            object: JSONObject(), trace: JSONFieldTrace(ignoresUnknownFields: true, isMuted: true))
        fields.members = []
        body(&fields)
        return fields.members ?? []
    }

    private init(object: JSONObject, trace: JSONFieldTrace) {
        self.object = object
        self.isRead = [Bool](repeating: false, count: object.members.count)
        self.trace = trace
        self.errorsBefore = trace.entries.count
    }

    /// A field that must be there; `null` counts as missing.
    package mutating func required<Value>(_ name: String, _ rule: JSONRule<Value>) -> Value {
        self.members?.append(JSONSchema.Member(name: name, schema: rule.schema(), isRequired: true))
        let json = self.take(name)
        let value = self.trace.inMember(name) { trace -> Value? in
            if let json, json.kind != .null { return rule.read(json, &trace) }
            trace.fail(.required)
            return nil
        }
        return value ?? rule.placeholder()
    }

    /// A field that may be missing or `null`.
    package mutating func optional<Value>(_ name: String, _ rule: JSONRule<Value>) -> Value? {
        self.members?.append(JSONSchema.Member(name: name, schema: rule.schema().orNull, isRequired: false))
        guard let json = self.take(name), json.kind != .null else { return nil }
        return self.trace.inMember(name) { rule.read(json, &$0) }
    }

    /// A field of a partial update, where `null` says something else than silence.
    package mutating func change<Value>(_ name: String, _ rule: JSONRule<Value>) -> JSONChange<Value> {
        self.members?.append(JSONSchema.Member(name: name, schema: rule.schema().orNull, isRequired: false))
        guard let json = self.take(name) else { return .untouched }
        if json.kind == .null { return .cleared }
        return self.trace.inMember(name) { rule.read(json, &$0) }.map { .set($0) } ?? .untouched
    }

    /// Reads a field of senders that nobody here needs, so that it is not unknown.
    package mutating func ignore(_ name: String) {
        self.members?.append(JSONSchema.Member(name: name, schema: .any, isRequired: false))
        _ = self.take(name)
    }

    /// Notes what is wrong between fields, as with an end before its beginning. Placeholders may be among them: look at
    /// `isSound` first where that would give a second error for one mistake.
    package mutating func fail(_ name: String, _ code: JSONFieldErrors.Code) {
        self.trace.inMember(name) { $0.fail(code) }
    }

    /// Nothing was wrong with the fields of this object so far, so what was read are no placeholders.
    package var isSound: Bool { self.trace.entries.count == self.errorsBefore && !self.trace.isMuted }

    private mutating func take(_ name: String) -> JSONValue? {
        guard let index = self.object.index(of: name) else { return nil }
        self.isRead[index] = true
        return self.object.members[index].value
    }

    private mutating func refuseUnread() {
        if self.trace.ignoresUnknownFields { return }
        for (member, isRead) in zip(self.object.members, self.isRead) where !isRead {
            self.trace.inMember(member.name) { $0.fail(.unknownField) }
        }
    }
}

/// What a partial update says about one field.
package enum JSONChange<Value> {
    /// Nothing: the field is not there.
    case untouched
    /// It is `null`.
    case cleared
    /// It has a new value.
    case set(Value)
}

extension JSONChange: Equatable where Value: Equatable {}
extension JSONChange: Sendable where Value: Sendable {}
