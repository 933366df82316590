/// Everything that is wrong with the fields of a request, so that its sender can mend all of it at once.
package struct JSONFieldErrors: Error, Equatable, Sendable {
    /// One field and what is wrong with it.
    package struct Entry: Equatable, Sendable {
        /// The way to the field from the outermost object, as in `items[3].email`; empty for that object itself.
        package let field: String
        package let code: Code

        package init(field: String, code: Code) {
            self.field = field
            self.code = code
        }
    }

    /// What can be wrong with a field; the raw value is what a client sees.
    package enum Code: String, Equatable, Sendable {
        case required, type, length, range, format
        case unknownValue = "enum"
        case unknownCode = "unknown_code"
        case unknownField = "unknown_field"
        case dateOrder = "date_order"
        /// Said twice where it can be said once; the two may differ.
        case repeated
        /// There is one of this already, and there can be only one; whose it is, is not said.
        case taken
    }

    /// In the order in which the fields were read, those that nobody read last; at most `limit`.
    package let entries: [Entry]

    /// More errors than this are not listed: an answer does not grow with the nonsense that it answers.
    package static let limit = 100

    package init(_ entries: [Entry]) {
        self.entries = entries
    }
}

/// Where the reading of fields has arrived, and the errors so far.
package struct JSONFieldTrace {
    private enum Step {
        case name(String)
        case index(Int)
    }

    /// Names that a peer made up come back in errors, but not at any length.
    private static let longestName = 64

    private(set) var entries: [JSONFieldErrors.Entry] = []
    let ignoresUnknownFields: Bool
    /// Reads only placeholders, so nothing is an error.
    let isMuted: Bool
    private var path: [Step] = []

    init(ignoresUnknownFields: Bool, isMuted: Bool = false) {
        self.ignoresUnknownFields = ignoresUnknownFields
        self.isMuted = isMuted
    }

    /// Notes an error of the value that is being read.
    package mutating func fail(_ code: JSONFieldErrors.Code) {
        guard !self.isMuted, self.entries.count < JSONFieldErrors.limit else { return }
        self.entries.append(JSONFieldErrors.Entry(field: self.field, code: code))
    }

    /// Goes to the member `name` for as long as `body` runs.
    mutating func inMember<Result>(_ name: String, _ body: (inout Self) -> Result) -> Result {
        self.path.append(.name(name))
        defer { self.path.removeLast() }
        return body(&self)
    }

    /// Goes to an element of an array for as long as `body` runs.
    mutating func inElement<Result>(_ index: Int, _ body: (inout Self) -> Result) -> Result {
        self.path.append(.index(index))
        defer { self.path.removeLast() }
        return body(&self)
    }

    private var field: String {
        var field = ""
        for step in self.path {
            switch step {
            case .name(let name):
                if !field.isEmpty { field += "." }
                field.unicodeScalars += name.unicodeScalars.prefix(Self.longestName)
            case .index(let index):
                field += "[\(index)]"
            }
        }
        return field
    }
}
