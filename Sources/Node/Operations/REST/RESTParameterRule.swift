package import Shared

/// What a parameter of a path, query or field must look like, and the value that comes of it.
package struct RESTParameterRule<Value> {
    let schema: JSONSchema
    /// Stands in for a value that could not be read.
    let placeholder: Value
    let parse: (String) -> Reading

    /// What a text turned out to be.
    package enum Reading {
        case value(Value)
        case wrong(JSONFieldErrors.Code)
    }

    /// - Parameters:
    ///   - schema: of the texts that `parse` takes, or of the value that they spell.
    ///   - placeholder: any value of the type; no handler sees it.
    package init(_ schema: JSONSchema, placeholder: Value, parse: @escaping (String) -> Reading) {
        self.schema = schema
        self.placeholder = placeholder
        self.parse = parse
    }

    /// The same parameter as a narrower type: what `narrow` refuses is an error with this code.
    package func parsed<Parsed>(
        placeholder: Parsed, refusing code: JSONFieldErrors.Code = .format, _ narrow: @escaping (Value) -> Parsed?
    ) -> RESTParameterRule<Parsed> {
        RESTParameterRule<Parsed>(self.schema, placeholder: placeholder) { text in
            switch self.parse(text) {
            case .value(let value): narrow(value).map { .value($0) } ?? .wrong(code)
            case .wrong(let code): .wrong(code)
            }
        }
    }
}

extension RESTParameterRule where Value == Int {
    /// Decimal digits, with a minus before them and no plus.
    package static func int(_ range: ClosedRange<Int>) -> Self {
        Self(.integer(Int64(range.lowerBound)...Int64(range.upperBound)), placeholder: range.lowerBound) { text in
            let digits = text.utf8.drop { $0 == UInt8(ascii: "-") }
            guard !digits.isEmpty, text.utf8.count - digits.count <= 1,
                digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
            else { return .wrong(.type) }
            guard let value = Int(text), range.contains(value) else { return .wrong(.range) }
            return .value(value)
        }
    }
}

extension RESTParameterRule where Value == Bool {
    /// `true` or `false`.
    package static var bool: Self {
        Self(.bool, placeholder: false) { text in
            switch text {
            case "true": .value(true)
            case "false": .value(false)
            default: .wrong(.type)
            }
        }
    }
}

extension RESTParameterRule where Value == String {
    /// A text as it was sent; its length counts Unicode scalars.
    package static func text(_ length: ClosedRange<Int>) -> Self {
        Self(.text(.init(length: length)), placeholder: "") { text in
            length.contains(text.unicodeScalars.count) ? .value(text) : .wrong(.length)
        }
    }
}

extension RESTParameterRule {
    /// A UUID in its canonical form, either case.
    package static func id<Subject>(_ kind: ID<Subject>.Type = ID<Subject>.self) -> Self where Value == ID<Subject> {
        Self(.uuid, placeholder: ID(raw: 0)) { text in ID(text).map { .value($0) } ?? .wrong(.format) }
    }

    /// Several values of one kind with commas between them.
    package static func list<Element>(
        of rule: RESTParameterRule<Element>, count: ClosedRange<Int>
    ) -> Self where Value == [Element] {
        Self(.array(of: rule.schema, count: count), placeholder: []) { text in
            var values: [Element] = []
            let parts = text.isEmpty ? [] : text.split(separator: ",", omittingEmptySubsequences: false)
            guard count.contains(parts.count) else { return .wrong(.length) }
            for part in parts {
                switch rule.parse(String(part)) {
                case .value(let value): values.append(value)
                case .wrong(let code): return .wrong(code)
                }
            }
            return .value(values)
        }
    }
}

extension RESTParameterRule where Value == Timestamp {
    /// A moment in UTC as RFC 3339 writes it.
    package static var timestamp: Self {
        Self(.timestamp, placeholder: Timestamp(milliseconds: 0)) { text in
            Timestamp(rfc3339: text).map { .value($0) } ?? .wrong(.format)
        }
    }
}

extension RESTParameterRule where Value: RawRepresentable<String> & CaseIterable & SendableMetatype {
    /// One of the closed set of texts that the type names.
    package static func oneOf(_ type: Value.Type = Value.self) -> Self {
        guard let first = Value.allCases.first else { preconditionFailure("\(Value.self) has no cases") }
        return Self(.choice(Value.allCases.map(\.rawValue)), placeholder: first) { text in
            // Byte by byte: `init(rawValue:)` would also take texts that only look the same.
            let value = Value.allCases.first { $0.rawValue.utf8.elementsEqual(text.utf8) }
            return value.map { .value($0) } ?? .wrong(.unknownValue)
        }
    }
}
