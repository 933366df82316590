internal import Shared

/// What a request says of a record, field by field, to be done to whatever holds when it is decided.
package struct Edits<Record>: Sendable {
    private var steps: [@Sendable (inout Record) -> Void] = []
    /// The fields that are said something of.
    package private(set) var names: Set<String> = []

    package init() {}

    /// Says that a field is to hold a value.
    package mutating func set<Value: Sendable>(
        _ name: String, _ path: any WritableKeyPath<Record, Value> & Sendable, to value: Value
    ) {
        self.names.insert(name)
        self.steps.append { $0[keyPath: path] = value }
    }

    /// The record as it is to be.
    package func applied(to record: Record) -> Record {
        var record = record
        for step in self.steps { step(&record) }
        return record
    }
}

extension JSONFields {
    /// Reads a field that is never `null` in the record.
    mutating func edit<Record, Value: Sendable>(
        _ name: String, _ rule: JSONRule<Value>, _ path: any WritableKeyPath<Record, Value> & Sendable,
        into edits: inout Edits<Record>, isRequired: Bool = false
    ) {
        if isRequired {
            edits.set(name, path, to: self.required(name, rule))
        } else if let value = self.optional(name, rule) {
            edits.set(name, path, to: value)
        }
    }

    /// Reads a field that may be `null` in the record.
    mutating func edit<Record, Value: Sendable>(
        _ name: String, _ rule: JSONRule<Value>, orNull path: any WritableKeyPath<Record, Value?> & Sendable,
        into edits: inout Edits<Record>
    ) {
        switch self.change(name, rule) {
        case .untouched: break
        case .cleared: edits.set(name, path, to: nil)
        case .set(let value): edits.set(name, path, to: value)
        }
    }
}
