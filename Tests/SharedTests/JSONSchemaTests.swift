import Shared
import Testing

@Suite struct JSONSchemaTests {
    private enum Size: String, CaseIterable { case small, large }

    private struct Part: JSONDecodable {
        init(fields: inout JSONFields) { _ = fields.required("count", .int(1...99)) }
    }

    private struct Whole: JSONDecodable {
        static let schemaName = "Everything"

        init(fields: inout JSONFields) {
            _ = fields.required("text", .string(1...5))
            let mail = JSONRule.trimmed(3...9).parsed(placeholder: 0, format: "email") { $0.utf8.count }
            _ = fields.required("mail", mail)
            _ = fields.required("parts", .array(of: .object(Part.self), count: 0...3))
            _ = fields.optional("size", .oneOf(Size.self))
            _ = fields.change("part", .object(Part.self))
            _ = fields.optional("share", .double(0...1))
            _ = fields.optional("price", .decimal(integerDigits: 10, fractionDigits: 2))
            _ = fields.optional("big", .int64(.min ... .max))
            _ = fields.optional("id", .id(UserID.self))
            _ = fields.optional("at", .timestamp)
            _ = fields.optional("flag", .bool)
            _ = fields.optional("custom", .any)
            fields.ignore("old")
        }
    }

    private func text(_ schema: JSONSchema) -> (schema: JSONValue, names: JSONSchemaNames) {
        var names = JSONSchemaNames(prefix: "#/")
        let text = schema.text(&names)
        return (text, names)
    }

    @Test func `a type that reads fields is described by what it reads`() throws {
        let (reference, names) = self.text(Whole.schema)
        #expect(reference == ["$ref": "#/Everything"])
        #expect(names.descriptions.map(\.name) == ["Everything", "Part"] && names.conflicts == [])
        func orNull(_ schema: JSONValue) -> JSONValue { ["anyOf": [schema, ["type": "null"]]] }
        #expect(
            names.descriptions.first?.text == [
                "type": "object",
                "properties": [
                    "text": ["type": "string", "minLength": 1, "maxLength": 5],
                    "mail": ["type": "string", "format": "email", "minLength": 3, "maxLength": 9],
                    "parts": ["type": "array", "items": ["$ref": "#/Part"], "maxItems": 3],
                    "size": orNull(["type": "string", "enum": ["small", "large"]]),
                    "part": orNull(["$ref": "#/Part"]),
                    "share": orNull(["type": "number", "minimum": .number(zero), "maximum": .number(one)]),
                    "price": orNull([
                        "type": "number",
                        "description": "Exact: at most 10 digits before the decimal point and 2 behind it.",
                    ]),
                    "big": orNull(["type": "integer"]),
                    "id": orNull(["type": "string", "format": "uuid"]),
                    "at": orNull(["type": "string", "format": "date-time"]),
                    "flag": orNull(["type": "boolean"]),
                    "custom": [:], "old": [:],
                ],
                "required": ["text", "mail", "parts"], "additionalProperties": false,
            ])
    }

    private let zero = JSONNumber(0.0) ?? JSONNumber(Int64(9))
    private let one = JSONNumber(1.0) ?? JSONNumber(Int64(9))

    @Test func `two records under one name are noticed, the same one twice is not`() {
        let one = JSONSchema.object(.init(name: "A", members: [.init(name: "x", schema: .bool, isRequired: true)]))
        let other = JSONSchema.object(.init(name: "A", members: [.init(name: "x", schema: .bool, isRequired: false)]))
        func conflicts(_ schemas: [JSONSchema]) -> [String] {
            var names = JSONSchemaNames(prefix: "#/")
            for schema in schemas { _ = schema.text(&names) }
            return names.conflicts
        }
        #expect(conflicts([one, one]) == [] && conflicts([one, other, other]) == ["A"])
    }

    @Test func `new rules read what they say and nothing else`() throws {
        struct One: JSONDecodable {
            let id: UserID
            let at: Timestamp

            init(fields: inout JSONFields) {
                self.id = fields.required("id", .id())
                self.at = fields.required("at", .timestamp)
            }
        }
        let good = try One.decode(["id": "018F3F54-1f2e-7c3a-9d4b-5a6b7c8d9e0f", "at": "1970-01-01T00:00:01Z"])
        #expect(good.id.description == "018f3f54-1f2e-7c3a-9d4b-5a6b7c8d9e0f" && good.at.milliseconds == 1_000)
        #expect(throws: JSONFieldErrors([.init(field: "id", code: .format), .init(field: "at", code: .type)])) {
            try One.decode(["id": "018f3f54", "at": 1])
        }
    }

    private struct Thing: Sendable {
        var name = "a\"b"
        var size: Size?
        var count = 3
        var tags: [String]? = ["x"]
    }

    private static let shape = JSONShape<Thing>.object("Thing") { members in
        members.member("name", .text, \.name)
        members.nullable("size", JSONShape<String>.text.of { (size: Size) in size.rawValue }, \.size)
        members.member("count", .int(0...9), \.count)
        members.optional("tags", .array(of: .text), \.tags)
    }

    @Test func `a shape writes its members in their order, and says which may be missing`() {
        func text(_ thing: Thing) -> String { String(decoding: Self.shape.text(of: thing), as: UTF8.self) }
        #expect(text(Thing()) == #"{"name":"a\"b","size":null,"count":3,"tags":["x"]}"#)
        #expect(text(Thing(size: .large, tags: nil)) == #"{"name":"a\"b","size":"large","count":3}"#)
        let (_, names) = self.text(Self.shape.schema)
        #expect(
            names.descriptions.first?.text == [
                "type": "object",
                "properties": [
                    "name": ["type": "string"], "size": ["anyOf": [["type": "string"], ["type": "null"]]],
                    "count": ["type": "integer", "minimum": 0, "maximum": 9],
                    "tags": ["type": "array", "items": ["type": "string"]],
                ],
                "required": ["name", "size", "count"], "additionalProperties": false,
            ])
        #expect(String(decoding: Self.shape.orNull.text(of: nil), as: UTF8.self) == "null")
    }
}
