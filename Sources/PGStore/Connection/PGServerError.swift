internal import CPQ
internal import Shared

/// What the server said of a statement.
struct PGServerError: Error, Equatable, Sendable {
    /// SQLSTATE.
    let code: String
    let message: String
    var detail: String?
    var hint: String?
    /// Where in the statement's text, in characters from 1.
    var position: Int?
    /// What it was doing: functions and their lines.
    var context: String?
    /// Whether the session has ended with it.
    var isFatal = false

    init(code: String, message: String) {
        self.code = code
        self.message = message
    }

    /// Reads an error result.
    init(_ result: borrowing PGResult) {
        self.code = result.field("C") ?? "XX000"
        self.message = result.field("M") ?? "no message"
        self.detail = result.field("D")
        self.hint = result.field("H")
        self.position = result.field("P").flatMap { Int($0) }
        self.context = result.field("W")
        let severity = result.field("V")
        // An error without a code is libpq's own: the connection has ended under it.
        self.isFatal = severity == "FATAL" || severity == "PANIC" || result.field("C") == nil
    }

    /// Lost against another transaction: the same work may succeed when it is done again.
    var isConflict: Bool { self.code == "40001" || self.code == "40P01" }

    /// The connection's prepared statements are not what they were: the schema changed, or somebody threw them away.
    var isStaleStatement: Bool {
        self.code == "26000" || self.code == "0A000" && self.message.hasPrefix("cached plan")
    }

    /// Without detail, which holds values.
    var refusal: StoreError { .refused(code: self.code, message: self.message) }
}
