package import Hotel
package import Shared
internal import Wire

/// An error that a client may be told of: the rules of the hotel, identity and stores say by this what becomes of theirs.
///
/// Any other error that a handler throws is answered with `internal_error`, and only the log learns what it was.
package protocol RESTRefusable: Error {
    var refusal: Refusal { get }
    /// Fields of the answer that come with it, such as `Set-Cookie`.
    var fields: [(name: StaticString, value: String)] { get }
}

extension RESTRefusable {
    package var fields: [(name: StaticString, value: String)] { [] }
}

/// A refusal that says something in fields of the answer too.
struct RefusalWithFields: RESTRefusable {
    let refusal: Refusal
    let fields: [(name: StaticString, value: String)]
}

extension Refusal: RESTRefusable {
    package var refusal: Refusal { self }
}

extension JSONFieldErrors: RESTRefusable {
    package var refusal: Refusal { Refusal(self) }
}

extension StoreError: RESTRefusable {
    package var refusal: Refusal {
        switch self {
        case .unavailable, .timedOut: Refusal(.unavailable)
        case .outcomeUnknown: Refusal(.outcomeUnknown)
        case .refused: Refusal(.internalError)
        }
    }
}

extension Refusal {
    /// The answer over HTTP, without what the service adds to all answers.
    func response(requestID: String) -> HTTPResponse {
        var response = HTTPResponse(
            status: self.code.httpStatus, contentType: "application/json", body: self.body(requestID: requestID))
        switch self.code {
        case .unauthenticated: response.setField("WWW-Authenticate", #"Bearer realm="bellhop""#)
        case .tokenExpired: response.setField("WWW-Authenticate", #"Bearer realm="bellhop", error="invalid_token""#)
        default: break
        }
        if self.code.isTemporary { response.setField("Retry-After", String(max(1, self.retryAfterSeconds ?? 1))) }
        return response
    }
}

extension RefusalCode {
    var httpStatus: HTTPStatus { HTTPStatus(rawValue: UInt16(self.status)) }
}
