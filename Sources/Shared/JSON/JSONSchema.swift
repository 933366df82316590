/// What a JSON value may be, in those words of JSON Schema 2020-12 (the dialect of OpenAPI 3.1) that our rules and shapes need.
///
/// It is never written by hand beside the code that reads or writes: rules (`JSONRule`) and shapes (`JSONShape`) carry it.
package indirect enum JSONSchema: Equatable, Sendable {
    /// Anything, `null` too.
    case any
    case bool
    case integer(ClosedRange<Int64>)
    case number(ClosedRange<Double>)
    /// A number that is kept exactly, with at most so many digits on either side of its point.
    case decimal(integerDigits: Int, fractionDigits: Int)
    case text(Text)
    /// One text of a closed set.
    case choice([String])
    case array(of: JSONSchema, count: ClosedRange<Int>)
    case object(Object)
    /// The same, or `null`.
    case nullable(JSONSchema)

    /// A text; its length counts Unicode scalars.
    package struct Text: Equatable, Sendable {
        package var length: ClosedRange<Int>
        /// A name of JSON Schema or OpenAPI for its form, such as `uuid` or `date-time`.
        package var format: String?
        /// ECMA 262: what the text matches.
        package var pattern: String?

        package init(length: ClosedRange<Int> = 0...Int.max, format: String? = nil, pattern: String? = nil) {
            self.length = length
            self.format = format
            self.pattern = pattern
        }
    }

    /// An object with exactly these members, unless it is open.
    package struct Object: Equatable, Sendable {
        /// Under which it is described once for all who mention it; `nil` describes it where it stands.
        package var name: String?
        package var members: [Member]
        /// Whether there may be other members too.
        package var isOpen: Bool

        package init(name: String?, members: [Member], isOpen: Bool = false) {
            self.name = name
            self.members = members
            self.isOpen = isOpen
        }
    }

    /// A member of an object.
    package struct Member: Equatable, Sendable {
        package var name: String
        package var schema: JSONSchema
        package var isRequired: Bool

        package init(name: String, schema: JSONSchema, isRequired: Bool) {
            self.name = name
            self.schema = schema
            self.isRequired = isRequired
        }
    }

    /// A text of this form, of any length.
    package static func text(format: String) -> JSONSchema { .text(Text(format: format)) }

    /// An object with whatever members.
    package static var anyObject: JSONSchema { .object(Object(name: nil, members: [], isOpen: true)) }

    /// A UUID in its canonical form.
    package static var uuid: JSONSchema { .text(format: "uuid") }

    /// A moment as RFC 3339 writes it.
    package static var timestamp: JSONSchema { .text(format: "date-time") }

    /// The same as `null` or itself; it stays what it is when it may be `null` already.
    package var orNull: JSONSchema {
        switch self {
        case .any, .nullable: self
        case .bool, .integer, .number, .decimal, .text, .choice, .array, .object: .nullable(self)
        }
    }
}

/// The schemas that have names, each once, in the order in which they were first met.
package struct JSONSchemaNames {
    private var known: [(schema: JSONSchema.Object, text: JSONValue)] = []
    /// Names under which two different objects are described: a mistake of ours, to be refused before it is published.
    package private(set) var conflicts: [String] = []
    private let prefix: String

    /// - Parameter prefix: what stands before a name in a reference, such as `#/components/schemas/`.
    package init(prefix: String) {
        self.prefix = prefix
    }

    /// Each name and its description.
    package var descriptions: [(name: String, text: JSONValue)] {
        self.known.map { (name: $0.schema.name ?? "", text: $0.text) }
    }

    fileprivate mutating func reference(to object: JSONSchema.Object, named name: String) -> JSONValue {
        let reference: JSONValue = ["$ref": .string(self.prefix + name)]
        if let known = self.known.first(where: { $0.schema.name == name }) {
            if known.schema != object, !self.conflicts.contains(name) { self.conflicts.append(name) }
            return reference
        }
        // It takes its place before what is inside it, so that readers meet it in the order of the table.
        let place = self.known.count
        self.known.append((object, .null))
        self.known[place].text = object.text(&self)
        return reference
    }
}

extension JSONSchema {
    /// The schema as JSON; what has a name is described in `names` and referred to here.
    package func text(_ names: inout JSONSchemaNames) -> JSONValue {
        switch self {
        case .any: return [:]
        case .bool: return ["type": "boolean"]
        case .integer(let range): return .object(Self.integer(range))
        case .number(let range):
            return [
                "type": "number", "minimum": Self.number(range.lowerBound), "maximum": Self.number(range.upperBound),
            ]
        case .decimal(let before, let after):
            return [
                "type": "number",
                "description": .string(
                    "Exact: at most \(before) digits before the decimal point and \(after) behind it."),
            ]
        case .text(let text): return .object(text.text)
        case .choice(let texts): return ["type": "string", "enum": .array(texts.map { .string($0) })]
        case .array(let element, let count):
            var object: JSONObject = ["type": "array", "items": element.text(&names)]
            if count.lowerBound > 0 { object["minItems"] = .number(JSONNumber(Int64(count.lowerBound))) }
            if count.upperBound < Int.max { object["maxItems"] = .number(JSONNumber(Int64(count.upperBound))) }
            return .object(object)
        case .object(let object):
            guard let name = object.name else { return object.text(&names) }
            return names.reference(to: object, named: name)
        case .nullable(let schema): return ["anyOf": [schema.text(&names), ["type": "null"]]]
        }
    }

    private static func integer(_ range: ClosedRange<Int64>) -> JSONObject {
        var object: JSONObject = ["type": "integer"]
        // Beyond these a reader in JavaScript would round the bound itself; they only mean "any".
        let exact: ClosedRange<Int64> = -9_007_199_254_740_991...9_007_199_254_740_991
        if exact.contains(range.lowerBound) { object["minimum"] = .number(JSONNumber(range.lowerBound)) }
        if exact.contains(range.upperBound) { object["maximum"] = .number(JSONNumber(range.upperBound)) }
        return object
    }

    private static func number(_ double: Double) -> JSONValue {
        JSONNumber(double).map { .number($0) } ?? .null
    }
}

extension JSONSchema.Text {
    fileprivate var text: JSONObject {
        var object: JSONObject = ["type": "string"]
        if let format = self.format { object["format"] = .string(format) }
        if let pattern = self.pattern { object["pattern"] = .string(pattern) }
        if self.length.lowerBound > 0 { object["minLength"] = .number(JSONNumber(Int64(self.length.lowerBound))) }
        if self.length.upperBound < Int.max { object["maxLength"] = .number(JSONNumber(Int64(self.length.upperBound))) }
        return object
    }
}

extension JSONSchema.Object {
    fileprivate func text(_ names: inout JSONSchemaNames) -> JSONValue {
        var properties = JSONObject()
        for member in self.members { properties[member.name] = member.schema.text(&names) }
        var object: JSONObject = ["type": "object"]
        if !self.members.isEmpty { object["properties"] = .object(properties) }
        let required = self.members.filter(\.isRequired).map { JSONValue.string($0.name) }
        if !required.isEmpty { object["required"] = .array(required) }
        if !self.isOpen { object["additionalProperties"] = false }
        return .object(object)
    }
}
