package import Shared

/// Holds answers against the published document: whatever a test is told must be what readers of the document expect.
///
/// It understands exactly the words that the generator uses; an unknown word is a violation too, so that nothing is passed
/// over in silence.
package struct DocumentCheck {
    package let document: JSONValue

    package init(_ bytes: [UInt8]) throws {
        self.document = try JSONValue(parsing: bytes, limits: JSONLimits(bytes: 1 << 24, depth: 64))
    }

    /// The schemas of a document alone.
    package init(schemas: JSONValue) { self.document = ["components": ["schemas": schemas]] }

    /// References that lead nowhere.
    package var dangling: [String] { self.references.filter { self.place($0) == nil } }

    /// All references of the document, each once.
    package var references: [String] {
        var references: [String] = []
        func collect(_ value: JSONValue) {
            if let reference = value["$ref"]?.text, !references.contains(reference) { references.append(reference) }
            for member in value.members { collect(member.value) }
            for element in value.elements ?? [] { collect(element) }
        }
        collect(self.document)
        return references
    }

    /// The description of an operation by the path of a request.
    package func operation(_ method: String, _ path: String) -> JSONValue? {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        let fitting = self.document["paths"]?.members.filter { template in
            let segments = template.name.split(separator: "/", omittingEmptySubsequences: false)
            return segments.count == parts.count
                && zip(segments, parts).allSatisfy { $0 == $1 || $0.hasPrefix("{") && $0.hasSuffix("}") }
        }
        // A literal path wins over one with parameters.
        let best = fitting?.min { $0.name.count(where: { $0 == "{" }) < $1.name.count(where: { $0 == "{" }) }
        return best?.value[method.lowercased()]
    }

    /// What is wrong with an answer of this operation.
    package func violations(_ operation: JSONValue, status: Int, fields: [String], body: [UInt8]) -> [String] {
        guard let response = operation["responses"]?["\(status)"].map(self.resolved) else {
            return ["status \(status) is not documented"]
        }
        var violations: [String] = []
        for header in response["headers"]?.members ?? [] where header.value["required"] == true {
            if !fields.contains(header.name.lowercased()) { violations.append("header \(header.name) is missing") }
        }
        guard let schema = response["content"]?["application/json"]?["schema"] else {
            return violations + (body.isEmpty ? [] : ["a body that is not documented"])
        }
        guard let json = try? JSONValue(parsing: body, limits: JSONLimits(bytes: 1 << 24)) else {
            return violations + ["the body is not JSON"]
        }
        if let codes = response["x-error-codes"]?.elements {
            if !codes.contains(json["error"]?["code"] ?? .null) { violations.append("an undocumented error code") }
        }
        return violations + self.violations(json, schema, at: "$")
    }

    package func violations(_ json: JSONValue, _ schema: JSONValue, at place: String) -> [String] {
        let schema = self.resolved(schema)
        var violations: [String] = []
        for word in schema.members {
            switch word.name {
            case "description", "default", "contentMediaType": break
            case "contentSchema":
                guard let text = json.text, let inside = try? JSONValue(parsing: Array(text.utf8)) else {
                    violations.append("\(place) is no text of JSON")
                    continue
                }
                violations += self.violations(inside, word.value, at: "\(place)«")
            case "const": if json != word.value { violations.append("\(place) is not \(word.value)") }
            case "format": violations += Self.format(json, word.value, place)
            case "pattern": if json.text == nil { violations.append("\(place) has a pattern and is no text") }
            case "type":
                if !Self.isType(json, word.value.text ?? "") { violations.append("\(place) is no \(word.value)") }
            case "enum":
                if word.value.elements?.contains(json) != true { violations.append("\(place) is none of the enum") }
            case "minimum": if json.figure < word.value.figure { violations.append("\(place) is too small") }
            case "maximum": if json.figure > word.value.figure { violations.append("\(place) is too large") }
            case "minLength": if Double(json.scalars) < word.value.figure { violations.append("\(place) is too short") }
            case "maxLength": if Double(json.scalars) > word.value.figure { violations.append("\(place) is too long") }
            case "minItems": if Double(json.count) < word.value.figure { violations.append("\(place) has too few") }
            case "maxItems": if Double(json.count) > word.value.figure { violations.append("\(place) has too many") }
            case "items":
                for (index, element) in (json.elements ?? []).enumerated() {
                    violations += self.violations(element, word.value, at: "\(place)[\(index)]")
                }
            case "properties":
                for property in word.value.members {
                    guard let member = json[property.name] else { continue }
                    violations += self.violations(member, property.value, at: "\(place).\(property.name)")
                }
            case "required":
                for name in word.value.elements ?? [] where json[name.text ?? ""] == nil {
                    violations.append("\(place) lacks \(name.text ?? "?")")
                }
            case "additionalProperties":
                let known = Set((schema["properties"]?.members ?? []).map(\.name))
                for member in json.members where !known.contains(member.name) {
                    violations.append("\(place) has an undocumented \(member.name)")
                }
            case "anyOf":
                let fits = (word.value.elements ?? []).contains { self.violations(json, $0, at: place).isEmpty }
                if !fits { violations.append("\(place) is nothing of anyOf") }
            default: violations.append("the schema has a word that nobody checks: \(word.name)")
            }
        }
        return violations
    }

    private func resolved(_ value: JSONValue) -> JSONValue {
        guard let reference = value["$ref"]?.text else { return value }
        return self.place(reference) ?? ["dangling": .string(reference)]
    }

    /// What a reference leads to.
    package func place(_ reference: String) -> JSONValue? {
        reference.dropFirst(2).split(separator: "/").reduce(Optional(self.document)) { $0?[String($1)] }
    }

    private static func isType(_ json: JSONValue, _ type: String) -> Bool {
        switch json {
        case .null: type == "null"
        case .bool: type == "boolean"
        case .number(let number): type == "number" || type == "integer" && number.isInteger
        case .string: type == "string"
        case .array: type == "array"
        case .object: type == "object"
        }
    }

    private static func format(_ json: JSONValue, _ format: JSONValue, _ place: String) -> [String] {
        guard let text = json.text else { return ["\(place) has a format and is no text"] }
        switch format.text {
        case "uuid": return OperationID(text) == nil ? ["\(place) is no UUID"] : []
        case "date-time": return Timestamp(rfc3339: text) == nil ? ["\(place) is no moment"] : []
        case "date": return CalendarDate(text) == nil ? ["\(place) is no day"] : []
        case "email": return text.contains("@") ? [] : ["\(place) is no e-mail address"]
        default: return ["nobody checks the format \(format)"]
        }
    }
}

extension JSONValue {
    fileprivate var figure: Double {
        if case .number(let number) = self { number.nearestDouble ?? .nan } else { .nan }
    }

    fileprivate var scalars: Int { self.text?.unicodeScalars.count ?? 0 }

    fileprivate var count: Int { self.elements?.count ?? 0 }
}
