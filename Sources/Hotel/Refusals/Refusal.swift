package import Shared

/// A command that was not done, and what its sender needs to know to do better.
package struct Refusal: Error, Equatable, Sendable {
    package let code: RefusalCode
    /// What the words of the message are filled with. Never personal data.
    package let params: JSONObject
    package let fieldErrors: [JSONFieldErrors.Entry]
    /// The state with which the sender repairs its screen.
    package let current: JSONObject?
    /// After how many seconds it may be worth another try; only for codes that pass by themselves.
    package let retryAfterSeconds: Int?

    package init(
        _ code: RefusalCode, params: JSONObject = [:], fieldErrors: [JSONFieldErrors.Entry] = [],
        current: JSONObject? = nil, retryAfterSeconds: Int? = nil
    ) {
        self.code = code
        self.params = params
        self.fieldErrors = fieldErrors
        self.current = current
        self.retryAfterSeconds = retryAfterSeconds
    }

    package init(_ errors: JSONFieldErrors) { self.init(.validationFailed, fieldErrors: errors.entries) }

    /// A transition that the state machine does not have.
    package static func transition(
        from state: String, allowed: [String], because reason: String? = nil
    ) -> Refusal {
        var params: JSONObject = [:]
        if let reason { params["reason"] = .string(reason) }
        let allowed = JSONValue.array(allowed.map { .string($0) })
        return Refusal(
            .transitionNotAllowed, params: params, current: ["state": .string(state), "allowed": allowed])
    }

    /// One field that is wrong.
    package static func field(_ field: String, _ code: JSONFieldErrors.Code) -> Refusal {
        Refusal(.validationFailed, fieldErrors: [JSONFieldErrors.Entry(field: field, code: code)])
    }

    /// The body of the answer, over HTTP and over sockets alike.
    package func body(requestID: String) -> [UInt8] { Self.shape.text(of: Answer(refusal: self, requestID: requestID)) }

    /// What that body looks like.
    package static var schema: JSONSchema { self.shape.schema }

    /// What is written, with the request that it is about.
    private struct Answer {
        let refusal: Refusal
        let requestID: String
    }

    private static let entry = JSONShape<JSONFieldErrors.Entry>.object("FieldError") { members in
        members.member("field", .text) { $0.field }
        members.member("code", .text) { $0.code.rawValue }
    }

    /// `domain.md` 9: all members, always, in this order.
    private static let shape = JSONShape<Answer>.object("Error") { members in
        members.member(
            "error",
            .object("ErrorDetail") { members in
                members.member("code", .text) { $0.refusal.code.rawValue }
                members.member("message_key", .text) { $0.refusal.code.messageKey }
                members.member("params", Self.object) { $0.refusal.params }
                members.member("field_errors", .array(of: Self.entry)) { $0.refusal.fieldErrors }
                members.nullable("current", Self.object) { $0.refusal.current }
                members.member("request_id", .text) { $0.requestID }
            }
        ) { $0 }
    }

    /// Any object.
    private static let object = JSONShape<JSONObject>(.anyObject) { $1.value(.object($0)) }
}
