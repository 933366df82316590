internal import Hotel
package import Shared
internal import Wire

/// All that one operation takes from a request, made of what it states: path, query, fields and body.
///
/// As with `JSONDecodable`, `init` always makes a value, reads the same parameters by the same rules whatever they hold, and
/// must not act on what it reads: placeholders stand in for what is wrong, and then no handler sees the value. So one
/// statement decodes the request and documents the operation.
package protocol RESTInput: Sendable {
    init(reading request: inout RESTReader)
}

/// Of an operation that takes nothing.
package struct RESTNoInput: RESTInput {
    package init(reading request: inout RESTReader) {}
}

/// What an operation takes, in words.
struct RESTInputDescription: Sendable {
    enum Place: String, Sendable {
        case path, query, header, cookie
    }

    struct Parameter: Sendable {
        let name: String
        let place: Place
        let schema: JSONSchema
        let isRequired: Bool
        /// What holds when it is not there, as far as that is one value.
        var usually: JSONValue?
        var note: String?
    }

    struct Body: Sendable {
        let schema: JSONSchema
        let isRequired: Bool
    }

    var parameters: [Parameter] = []
    var body: Body?
    /// It takes an `Idempotency-Key`: it is a write.
    var isWrite = false
    /// It may compare versions: `If-Match`.
    var readsVersion = false
}

/// The parts of a request that have arrived at their operation.
struct RESTArrival: Sendable {
    let visit: RESTVisit
    let path: RouteParameters
    /// `nil` for operations that anybody may call.
    let caller: RESTCaller?
    /// Binds cursors to this list, these filters and this caller.
    let operationID: String
    let cursorKeys: [[UInt8]]
    let limits: RESTLimits
}

/// A request, to be read by name and rule. What nobody reads is an error too, as far as it is the query's.
package struct RESTReader {
    /// A peer's made-up names come back in errors, but not at any length.
    private static let longestName = 64

    /// `nil` while only the description is of interest.
    let arrival: RESTArrival?
    private(set) var description = RESTInputDescription()
    private var errors: [JSONFieldErrors.Entry] = []
    /// What makes the request as a whole unreadable; it goes before all errors of fields.
    private var refusal: Refusal?
    private let query: RESTQuery
    private var namesRead: Set<String> = []

    /// What this type takes.
    static func describe<Input: RESTInput>(_ type: Input.Type) -> RESTInputDescription {
        var reader = RESTReader(nil, RESTQuery())
        _ = Input(reading: &reader)
        return reader.description
    }

    /// Makes a value, or throws everything that is wrong with the request.
    static func read<Input: RESTInput>(_ type: Input.Type, from arrival: RESTArrival) throws(Refusal) -> Input {
        guard let query = RESTQuery(arrival.visit.http.rawQuery) else { throw Refusal(.malformedRequest) }
        var reader = RESTReader(arrival, query)
        let input = Input(reading: &reader)
        if let refusal = reader.refusal { throw refusal }
        reader.refuseUnread()
        guard reader.errors.isEmpty else {
            throw Refusal(
                .validationFailed, fieldErrors: Array(reader.errors.prefix(JSONFieldErrors.limit)))
        }
        return input
    }

    private init(_ arrival: RESTArrival?, _ query: RESTQuery) {
        self.arrival = arrival
        self.query = query
    }

    /// Notes what is wrong between parameters. Placeholders may be among them: look at `isSound` first.
    package mutating func fail(_ name: String, _ code: JSONFieldErrors.Code) {
        guard self.arrival != nil else { return }
        self.errors.append(JSONFieldErrors.Entry(field: name, code: code))
    }

    /// Nothing was wrong so far, so what was read are no placeholders.
    package var isSound: Bool { self.arrival != nil && self.errors.isEmpty && self.refusal == nil }

    private mutating func value<Value>(_ text: String, _ name: String, _ rule: RESTParameterRule<Value>) -> Value? {
        switch rule.parse(text) {
        case .value(let value): return value
        case .wrong(let code):
            self.fail(name, code)
            return nil
        }
    }

    private mutating func refuseUnread() {
        var seen: Set<String> = []
        for item in self.query.items where seen.insert(item.name).inserted && !self.namesRead.contains(item.name) {
            var name = ""
            name.unicodeScalars += item.name.unicodeScalars.prefix(Self.longestName)
            self.fail(name, .unknownField)
        }
    }
}

// MARK: - Path and query

extension RESTReader {
    /// A parameter of the path. A text that the rule refuses names nothing: the answer is `not_found`.
    package mutating func path<Value>(_ name: String, _ rule: RESTParameterRule<Value>) -> Value {
        self.description.parameters.append(.init(name: name, place: .path, schema: rule.schema, isRequired: true))
        guard let arrival = self.arrival else { return rule.placeholder }
        if case .value(let value)? = arrival.path.string(name).map(rule.parse) { return value }
        self.refusal = self.refusal ?? Refusal(.notFound)
        return rule.placeholder
    }

    /// A part of the query that may be missing.
    package mutating func query<Value>(_ name: String, _ rule: RESTParameterRule<Value>) -> Value? {
        self.description.parameters.append(.init(name: name, place: .query, schema: rule.schema, isRequired: false))
        return self.take(name).flatMap { self.value($0, name, rule) }
    }

    /// A part of the query that must be there.
    package mutating func requiredQuery<Value>(_ name: String, _ rule: RESTParameterRule<Value>) -> Value {
        self.description.parameters.append(.init(name: name, place: .query, schema: rule.schema, isRequired: true))
        guard self.arrival != nil else { return rule.placeholder }
        if !self.query.items.contains(where: { $0.name.utf8.elementsEqual(name.utf8) }) { self.fail(name, .required) }
        return self.take(name).flatMap { self.value($0, name, rule) } ?? rule.placeholder
    }

    /// A number in the query, and what it is when nothing is said.
    package mutating func query(_ name: String, in range: ClosedRange<Int>, usually: Int, note: String? = nil) -> Int {
        precondition(range.contains(usually), "\(name) is usually outside its range")
        let rule = RESTParameterRule.int(range)
        self.description.parameters.append(
            .init(
                name: name, place: .query, schema: rule.schema, isRequired: false,
                usually: .number(JSONNumber(Int64(usually))), note: note))
        return self.take(name).flatMap { self.value($0, name, rule) } ?? usually
    }

    /// A part of the query as it stands, documented by its caller.
    mutating func rawQuery(_ parameter: RESTInputDescription.Parameter) -> String? {
        self.description.parameters.append(parameter)
        return self.take(parameter.name)
    }

    /// The text under a name, once: of two, each reader may believe another one.
    private mutating func take(_ name: String) -> String? {
        self.namesRead.insert(name)
        let texts = self.query.items.filter { $0.name.utf8.elementsEqual(name.utf8) }
        guard texts.count > 1 else { return texts.first?.value }
        self.fail(name, .repeated)
        return nil
    }

    /// What distinguishes this list from others: all of the query but the two names of paging.
    var filters: [(name: String, value: String)] {
        self.query.items.filter { $0.name != "limit" && $0.name != "after" }.map { ($0.name, $0.value) }
            .sorted { $0 < $1 }
    }
}

// MARK: - Fields

extension RESTReader {
    /// The `Idempotency-Key`, which makes the operation a write: the id under which it happens once.
    ///
    /// A UUID, bare or in quotes (the draft of the header would have it be a structured string).
    package mutating func idempotencyKey() -> OperationID {
        self.description.isWrite = true
        let name = "Idempotency-Key"
        self.description.parameters.append(
            .init(
                name: name, place: .header, schema: .uuid, isRequired: true,
                note: "Names this attempt. Sending it again with the same request changes nothing more."))
        let nobody = OperationID(raw: 0)
        guard let text = self.field(name, isRequired: true) else { return nobody }
        let isQuoted = text.utf8.count == 38 && text.hasPrefix("\"") && text.hasSuffix("\"")
        // The nil UUID (RFC 9562 5.9) names nothing.
        if let id = OperationID(isQuoted ? String(text.dropFirst().dropLast()) : text), id.raw != 0 { return id }
        self.fail(name, .format)
        return nobody
    }

    /// The version in `If-Match`, on which an edit depends.
    package mutating func version() -> Int64 {
        let text = self.versionText(isRequired: true)
        return text.flatMap { self.version(of: $0) } ?? 0
    }

    /// The version in `If-Match`, if the client cares; `*` is whatever there is.
    package mutating func optionalVersion() -> Int64? {
        guard let text = self.versionText(isRequired: false), text != "*" else { return nil }
        return self.version(of: text)
    }

    private mutating func versionText(isRequired: Bool) -> String? {
        self.description.readsVersion = true
        self.description.parameters.append(
            .init(
                name: "If-Match", place: .header, schema: .text(.init(pattern: RESTEntityTag.pattern)),
                isRequired: isRequired,
                note: "The `ETag` that the edit is based on; with another one the answer is `version_conflict`."))
        return self.field("If-Match", isRequired: isRequired)
    }

    private mutating func version(of text: String) -> Int64? {
        if let version = RESTEntityTag.version(text) { return version }
        self.fail("If-Match", .format)
        return nil
    }

    /// A cookie, if it is there. One that comes twice counts as none: another site of the same domain may have planted it.
    package mutating func cookie(_ name: String) -> String? {
        self.description.parameters.append(
            .init(name: name, place: .cookie, schema: .text(.init()), isRequired: false))
        guard let fields = self.arrival?.visit.http.fields else { return nil }
        var values: [Substring] = []
        for field in fields where field.name.lowercased() == "cookie" {
            for pair in field.value.split(separator: ";") {
                let parts = pair.drop { $0 == " " || $0 == "\t" }.split(
                    separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                if parts.count == 2, parts[0] == name { values.append(parts[1]) }
            }
        }
        return values.count == 1 ? values.first.map { String($0) } : nil
    }

    /// The value of a field that may come once.
    private mutating func field(_ name: String, isRequired: Bool) -> String? {
        guard let fields = self.arrival?.visit.http.fields else { return nil }
        let values = fields.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
        if values.isEmpty, isRequired { self.fail(name, .required) }
        if values.count > 1 { self.fail(name, .repeated) }
        return values.count == 1 ? values.first : nil
    }
}

// MARK: - Body

extension RESTReader {
    /// The body: a JSON object with fields.
    package mutating func body<Body: JSONDecodable>(_ type: Body.Type = Body.self) -> Body {
        self.description.body = .init(schema: Body.schema, isRequired: true)
        return self.decode() ?? Body.blank
    }

    /// A body that may be left out.
    package mutating func optionalBody<Body: JSONDecodable>(_ type: Body.Type = Body.self) -> Body? {
        self.description.body = .init(schema: Body.schema, isRequired: false)
        guard let arrival = self.arrival, !arrival.visit.http.body.isEmpty else { return nil }
        return self.decode()
    }

    /// The body: a list of objects.
    package mutating func bodyList<Element: JSONDecodable>(
        of type: Element.Type, count: ClosedRange<Int>
    ) -> [Element] {
        let rule = JSONRule<[Element]>.array(of: .object(Element.self), count: count)
        self.description.body = .init(schema: .array(of: Element.schema, count: count), isRequired: true)
        return self.decode { json throws(JSONFieldErrors) in try rule.decode(json) } ?? []
    }

    private mutating func decode<Body: JSONDecodable>() -> Body? {
        self.decode { json throws(JSONFieldErrors) in try Body.decode(json) }
    }

    private mutating func decode<Body>(_ make: (JSONValue) throws(JSONFieldErrors) -> Body) -> Body? {
        guard let arrival = self.arrival else { return nil }
        let json: JSONValue
        do throws(JSONError) {
            json = try JSONValue(
                parsing: arrival.visit.http.body,
                limits: JSONLimits(bytes: arrival.limits.bodyBytes, depth: arrival.limits.bodyDepth))
        } catch {
            self.refusal = self.refusal ?? Refusal(.malformedJSON, params: ["offset": .init(error.offset)])
            return nil
        }
        do throws(JSONFieldErrors) {
            return try make(json)
        } catch {
            self.errors += error.entries
            return nil
        }
    }
}

extension JSONValue {
    /// A number of bytes or things.
    fileprivate init(_ count: Int) { self = .number(JSONNumber(Int64(count))) }
}

/// The version of an entity as HTTP carries it: a strong entity tag (RFC 9110 8.8.3).
enum RESTEntityTag {
    static let pattern = "^\"[0-9]{1,18}\"$"

    static func text(_ version: Int64) -> String { "\"\(version)\"" }

    static func version(_ text: String) -> Int64? {
        let digits = text.utf8.dropFirst().dropLast()
        guard text.utf8.first == UInt8(ascii: "\""), text.utf8.last == UInt8(ascii: "\""),
            (1...18).contains(digits.count),
            digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        return Int64(String(Substring(digits)))
    }
}
