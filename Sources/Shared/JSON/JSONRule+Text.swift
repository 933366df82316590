extension JSONRule where Value == String {
    /// A text as it was sent.
    ///
    /// - Parameter length: in Unicode scalars, as PostgreSQL counts characters. U+0000 is refused as `format` because
    ///   no text column can hold it.
    package static func string(_ length: ClosedRange<Int>) -> Self {
        self.string(length) { $0 }
    }

    /// A text without the white space around it, which does not count.
    package static func trimmed(_ length: ClosedRange<Int>) -> Self {
        self.string(length) { text in
            let scalars = text.unicodeScalars.drop { $0.properties.isWhitespace }
            guard let last = scalars.lastIndex(where: { !$0.properties.isWhitespace }) else { return "" }
            return String(scalars[...last])
        }
    }

    private static func string(_ length: ClosedRange<Int>, _ prepare: @escaping (String) -> String) -> Self {
        Self(schema: .text(.init(length: length)), placeholder: "") { json, trace in
            guard case .string(let sent) = json else {
                trace.fail(.type)
                return nil
            }
            let text = prepare(sent)
            guard length.contains(text.unicodeScalars.count) else {
                trace.fail(.length)
                return nil
            }
            guard !text.utf8.contains(0) else {
                trace.fail(.format)
                return nil
            }
            return text
        }
    }
}

extension JSONRule {
    /// A UUID in its canonical form, either case, as the id of one kind of thing.
    package static func id<Subject>(_ kind: ID<Subject>.Type = ID<Subject>.self) -> Self where Value == ID<Subject> {
        self.exactText(.uuid, placeholder: ID(raw: 0)) { ID($0) }
    }
}

extension JSONRule where Value == Timestamp {
    /// A moment in UTC as RFC 3339 writes it, `2026-03-08T14:05:09.123Z`.
    package static var timestamp: Self {
        self.exactText(.timestamp, placeholder: Timestamp(milliseconds: 0)) { Timestamp(rfc3339: $0) }
    }
}

extension JSONRule {
    /// A text that `parse` understands or that is an error of form.
    private static func exactText(
        _ schema: JSONSchema, placeholder: Value, _ parse: @escaping (String) -> Value?
    ) -> Self {
        Self(schema: schema, placeholder: placeholder) { json, trace in
            guard case .string(let text) = json else {
                trace.fail(.type)
                return nil
            }
            if let value = parse(text) { return value }
            trace.fail(.format)
            return nil
        }
    }
}

extension JSONRule where Value: RawRepresentable<String> & CaseIterable {
    /// One of the closed set of texts that the type names; another text is `enum`.
    package static func oneOf(_ type: Value.Type) -> Self {
        Self(schema: .choice(Value.allCases.map(\.rawValue)), placeholder: Self.first) { json, trace in
            guard case .string(let text) = json else {
                trace.fail(.type)
                return nil
            }
            // `init(rawValue:)` would also take texts that only look the same.
            if let value = Value.allCases.first(where: { $0.rawValue.hasSameBytes(as: text) }) { return value }
            trace.fail(.unknownValue)
            return nil
        }
    }

    private static var first: Value {
        guard let first = Value.allCases.first else { preconditionFailure("\(Value.self) has no cases") }
        return first
    }
}
