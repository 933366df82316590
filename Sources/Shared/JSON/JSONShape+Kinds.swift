extension JSONShape where Value == Bool {
    package static var bool: Self { Self(.bool) { $1.bool($0) } }
}

extension JSONShape where Value == Int {
    /// An integer in this range; that it is in it is the writer's part.
    package static func int(_ range: ClosedRange<Int>) -> Self {
        Self(.integer(Int64(range.lowerBound)...Int64(range.upperBound))) { $1.int($0) }
    }

    /// Any integer.
    package static var int: Self { .int(.min ... .max) }
}

extension JSONShape where Value == Int64 {
    /// A number of things, a version or a position in a stream: never below zero.
    package static var count: Self { Self(.integer(0 ... .max)) { $1.int($0) } }
}

extension JSONShape where Value == Double {
    /// A figure; that it is finite and in the range is the writer's part.
    package static func double(_ range: ClosedRange<Double>) -> Self { Self(.number(range)) { $1.double($0) } }
}

extension JSONShape where Value == JSONNumber {
    /// An exact figure such as an amount of money.
    package static func decimal(integerDigits: Int, fractionDigits: Int) -> Self {
        Self(.decimal(integerDigits: integerDigits, fractionDigits: fractionDigits)) { $1.number($0) }
    }
}

extension JSONShape where Value == String {
    package static var text: Self { Self(.text(.init())) { $1.string($0) } }

    /// A text of a form that has a name, such as `email`.
    package static func text(format: String) -> Self { Self(.text(format: format)) { $1.string($0) } }
}

extension JSONShape {
    /// An id as the canonical text of its UUID.
    package static func id<Subject>(_ kind: ID<Subject>.Type = ID<Subject>.self) -> Self where Value == ID<Subject> {
        Self(.uuid) { $1.string($0.description) }
    }

    /// An array whose elements all have one shape.
    package static func array<Element>(of shape: JSONShape<Element>) -> Self where Value == [Element] {
        Self(.array(of: shape.schema, count: 0...Int.max)) { [write = shape.write] elements, json in
            json.array { json in
                for element in elements { write(element, &json) }
            }
        }
    }
}

extension JSONShape where Value == Timestamp {
    /// A moment as RFC 3339 writes it.
    package static var timestamp: Self { Self(.timestamp) { $1.string($0.description) } }
}

extension JSONShape where Value: RawRepresentable<String> & CaseIterable & SendableMetatype {
    /// One of the closed set of texts that the type names.
    package static func oneOf(_ type: Value.Type = Value.self) -> Self {
        Self(.choice(Value.allCases.map(\.rawValue))) { $1.string($0.rawValue) }
    }
}

extension JSONShape where Value == JSONValue {
    /// Whatever it is.
    package static var any: Self { Self(.any) { $1.value($0) } }
}
