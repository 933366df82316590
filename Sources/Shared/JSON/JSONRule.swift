/// What a field must look like, and the value that comes of it.
package struct JSONRule<Value> {
    /// The same rule in words for whoever writes the field. Made when it is asked for: reading needs none of it.
    let schema: () -> JSONSchema
    /// Stands in for a value that could not be read, so that the reading can go on to the next error.
    let placeholder: () -> Value
    /// Reads one value; returns `nil` when it has noted why it cannot.
    let read: (JSONValue, inout JSONFieldTrace) -> Value?

    /// - Parameters:
    ///   - schema: what `read` takes; it may be a little wider than that, never narrower.
    ///   - placeholder: any value of the type; it never leaves a `decode`.
    ///   - read: must note an error whenever it returns `nil`.
    package init(
        schema: @autoclosure @escaping () -> JSONSchema,
        placeholder: @autoclosure @escaping () -> Value,
        read: @escaping (JSONValue, inout JSONFieldTrace) -> Value?
    ) {
        self.schema = schema
        self.placeholder = placeholder
        self.read = read
    }

    /// The same field as a narrower type: what `parse` refuses is an error with this code.
    ///
    /// - Parameters:
    ///   - format: what the narrower form is called in a schema, such as `email`; only for texts.
    ///   - pattern: what the narrower texts match (ECMA 262); only for texts.
    package func parsed<Parsed>(
        placeholder: @autoclosure @escaping () -> Parsed, refusing code: JSONFieldErrors.Code = .format,
        format: String? = nil, pattern: String? = nil, _ parse: @escaping (Value) -> Parsed?
    ) -> JSONRule<Parsed> {
        JSONRule<Parsed>(schema: self.schema().narrowed(format, pattern), placeholder: placeholder()) { json, trace in
            guard let value = self.read(json, &trace) else { return nil }
            if let parsed = parse(value) { return parsed }
            trace.fail(code)
            return nil
        }
    }
}

extension JSONSchema {
    fileprivate func narrowed(_ format: String?, _ pattern: String?) -> JSONSchema {
        guard case .text(var text) = self else { return self }
        text.format = format ?? text.format
        text.pattern = pattern ?? text.pattern
        return .text(text)
    }
}

extension JSONRule where Value == Bool {
    package static var bool: Self {
        Self(schema: .bool, placeholder: false) { json, trace in
            if case .bool(let value) = json { return value }
            trace.fail(.type)
            return nil
        }
    }
}

extension JSONRule where Value == JSONValue {
    /// Any value but `null`.
    package static var any: Self {
        Self(schema: .any, placeholder: .null) { json, _ in json }
    }
}

extension JSONRule where Value: JSONDecodable {
    /// An object with fields of its own.
    package static func object(_ type: Value.Type) -> Self {
        Self(schema: Value.schema, placeholder: Value.blank) { json, trace in
            if case .object(let object) = json { return JSONFields.read(object, &trace) { Value(fields: &$0) } }
            trace.fail(.type)
            return nil
        }
    }
}

extension JSONRule {
    /// An array whose elements all follow one rule; every element's errors are noted.
    ///
    /// - Parameter count: the error of another count is `length`, and the elements are not looked at then.
    package static func array<Element>(
        of rule: JSONRule<Element>, count: ClosedRange<Int>
    ) -> Self where Value == [Element] {
        Self(schema: .array(of: rule.schema(), count: count), placeholder: []) { json, trace in
            guard case .array(let elements) = json else {
                trace.fail(.type)
                return nil
            }
            guard count.contains(elements.count) else {
                trace.fail(.length)
                return nil
            }
            let values = elements.enumerated().map { index, element in
                trace.inElement(index) { rule.read(element, &$0) }
            }
            return values.contains { $0 == nil } ? nil : values.compactMap { $0 }
        }
    }
}

extension JSONRule {
    /// Makes a value of a whole text, or throws all that is wrong with it.
    package func decode(_ json: JSONValue) throws(JSONFieldErrors) -> Value {
        var trace = JSONFieldTrace(ignoresUnknownFields: false)
        guard let value = self.read(json, &trace), trace.entries.isEmpty else { throw JSONFieldErrors(trace.entries) }
        return value
    }
}
