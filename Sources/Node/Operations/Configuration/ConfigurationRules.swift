internal import Hotel
internal import Shared

/// What fields of configuration look like beyond the rules of single texts.
extension JSONRule where Value == JSONObject {
    /// An object with whatever members, kept as it is.
    ///
    /// - Parameter bytes: as compact JSON; a larger one is `length`. U+0000 anywhere in it is `format`: no store takes it.
    static func document(bytes: Int) -> Self {
        Self(schema: .anyObject, placeholder: JSONObject()) { json, trace in
            guard case .object(let object) = json else {
                trace.fail(.type)
                return nil
            }
            guard json.serialized.count <= bytes else {
                trace.fail(.length)
                return nil
            }
            guard !json.hasNUL else {
                trace.fail(.format)
                return nil
            }
            return object
        }
    }
}

extension JSONValue {
    /// A NUL character in any of its texts or names.
    fileprivate var hasNUL: Bool {
        switch self {
        case .null, .bool, .number: false
        case .string(let text): text.utf8.contains(0)
        case .array(let elements): elements.contains { $0.hasNUL }
        case .object(let object): object.members.contains { $0.name.utf8.contains(0) || $0.value.hasNUL }
        }
    }
}

extension JSONRule where Value == Label {
    /// A label of at most so many characters.
    static func label(upTo length: Int) -> Self {
        JSONRule<Label>.text(Label.self).parsed(placeholder: .placeholder, refusing: .length) { label in
            label.text.unicodeScalars.count <= length ? label : nil
        }
    }
}

extension JSONRule where Value == [String] {
    /// Words such as `sea_view`, each once.
    static var features: Self {
        JSONRule<[Label]>.array(of: .label(upTo: 40), count: 0...50).parsed(placeholder: [], refusing: .repeated) {
            Set($0).count == $0.count ? $0.map(\.text) : nil
        }
    }
}

/// Figures by kind of task.
struct MinutesByTask: JSONDecodable {
    let object: JSONObject

    init(fields: inout JSONFields) { self.object = TaskFigures.read(&fields, .int(1...1_440)) }
}

struct CreditsByTask: JSONDecodable {
    let object: JSONObject

    init(fields: inout JSONFields) { self.object = TaskFigures.read(&fields, .int(0...1_000)) }
}

private enum TaskFigures {
    static func read(_ fields: inout JSONFields, _ rule: JSONRule<Int>) -> JSONObject {
        var object = JSONObject()
        for kind in TaskKind.allCases {
            if let figure = fields.optional(kind.rawValue, rule) { object[kind.rawValue] = JSONValue(figure) }
        }
        return object
    }
}

/// When a department is open, once a week, in local time. An end that is not after its beginning is on the next day.
struct OpeningInterval: JSONDecodable {
    enum Weekday: String, CaseIterable, Sendable { case mon, tue, wed, thu, fri, sat, sun }

    let json: JSONValue

    init(fields: inout JSONFields) {
        let day = fields.required("day", .oneOf(Weekday.self))
        let from = fields.required("from", .text(LocalTime.self))
        let to = fields.required("to", .text(LocalTime.self))
        self.json = ["day": .string(day.rawValue), "from": .string(from.text), "to": .string(to.text)]
    }

    /// All intervals of a week.
    static var week: JSONRule<JSONValue> {
        JSONRule<[OpeningInterval]>.array(of: .object(OpeningInterval.self), count: 0...70)
            .parsed(placeholder: .array([])) { .array($0.map(\.json)) }
    }
}
