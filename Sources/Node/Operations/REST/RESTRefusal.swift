package import Shared
internal import Wire

/// A refused request: everything that its sender is told.
package struct RESTRefusal: Error, Equatable, Sendable {
    package var code: RESTRefusalCode
    /// What a text for people is filled with; the client has the texts.
    package var params: JSONObject
    package var fieldErrors: [JSONFieldErrors.Entry]
    /// The state that repairs the sender's screen.
    package var current: JSONObject?
    /// After how many seconds it may be worth another try; only for codes that pass by themselves.
    package var retryAfterSeconds: Int?

    package init(
        _ code: RESTRefusalCode, params: JSONObject = JSONObject(), fieldErrors: [JSONFieldErrors.Entry] = [],
        current: JSONObject? = nil, retryAfterSeconds: Int? = nil
    ) {
        self.code = code
        self.params = params
        self.fieldErrors = fieldErrors
        self.current = current
        self.retryAfterSeconds = retryAfterSeconds
    }

    /// One field and what is wrong with it.
    package static func field(_ field: String, _ code: JSONFieldErrors.Code) -> RESTRefusal {
        RESTRefusal(.validationFailed, fieldErrors: [JSONFieldErrors.Entry(field: field, code: code)])
    }
}

/// An error that a client may be told of: the rules of the hotel, identity and stores say by this what becomes of theirs.
///
/// Any other error that a handler throws is answered with `internal_error`, and only the log learns what it was.
package protocol RESTRefusable: Error {
    var refusal: RESTRefusal { get }
}

extension RESTRefusal: RESTRefusable {
    package var refusal: RESTRefusal { self }
}

extension JSONFieldErrors: RESTRefusable {
    package var refusal: RESTRefusal { RESTRefusal(.validationFailed, fieldErrors: self.entries) }
}

extension StoreError: RESTRefusable {
    package var refusal: RESTRefusal {
        switch self {
        case .unavailable, .timedOut: RESTRefusal(.unavailable)
        case .outcomeUnknown: RESTRefusal(.outcomeUnknown)
        case .refused: RESTRefusal(.internalError)
        }
    }
}

extension RESTRefusal {
    /// What is written, with the request that it is about.
    private struct Answer {
        let refusal: RESTRefusal
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
                members.member("message_key", .text) { "error.\($0.refusal.code.rawValue)" }
                members.member("params", Self.object) { $0.refusal.params }
                members.member("field_errors", .array(of: Self.entry)) { $0.refusal.fieldErrors }
                members.nullable("current", Self.object) { $0.refusal.current }
                members.member("request_id", .text) { $0.requestID }
            }
        ) { $0 }
    }

    /// Any object.
    private static let object = JSONShape<JSONObject>(.anyObject) { $1.value(.object($0)) }

    /// What an error looks like.
    static var schema: JSONSchema { self.shape.schema }

    /// The answer, without what the service adds to all answers.
    func response(requestID: String) -> HTTPResponse {
        var response = HTTPResponse(
            status: self.code.status, contentType: "application/json",
            body: Self.shape.text(of: Answer(refusal: self, requestID: requestID)))
        switch self.code {
        case .unauthenticated: response.setField("WWW-Authenticate", #"Bearer realm="bellhop""#)
        case .tokenExpired: response.setField("WWW-Authenticate", #"Bearer realm="bellhop", error="invalid_token""#)
        default: break
        }
        if self.code.isTemporary { response.setField("Retry-After", String(max(1, self.retryAfterSeconds ?? 1))) }
        return response
    }
}
