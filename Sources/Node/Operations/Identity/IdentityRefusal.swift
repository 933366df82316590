package import Crypto
package import Shared
package import Wire

/// Every reason for which a matter of identity is refused, and what a client sees of it. This is the only such table.
package enum IdentityRefusal: Error, Equatable, Sendable {
    /// No token, a bad one, a wrong password, an unknown account: which of them is nobody's business.
    case unauthenticated
    case tokenExpired
    case userSuspended
    case tenantPending
    case tenantSuspended
    /// Too many failures.
    case throttled(retryAfter: Duration)
    /// Too many logins at once.
    case tooBusy(retryAfter: Duration)
    /// A store, or memory, is not to be had: it may work again soon.
    case unavailable
    /// It may or may not have happened.
    case outcomeUnknown
    /// A store refused what we asked: our mistake.
    case failed
    /// The request comes from a page, or from none, that may not make it.
    case wrongOrigin
    case notJSON
    case malformed
    case tooLarge
    case fields(JSONFieldErrors)
    case notFound

    package init(_ error: StoreError) {
        switch error {
        case .unavailable, .timedOut: self = .unavailable
        case .outcomeUnknown: self = .outcomeUnknown
        case .refused: self = .failed
        }
    }

    package init(_ refusal: PasswordHasher.Refusal) {
        switch refusal {
        case .tooBusy(let retryAfter): self = .tooBusy(retryAfter: retryAfter)
        case .timedOut: self = .tooBusy(retryAfter: .seconds(5))
        case .cancelled, .noMemory, .stopped: self = .unavailable
        }
    }

    package init(_ error: TokenError) {
        switch error {
        case .expired: self = .tokenExpired
        case .tooLong, .malformed, .unsupportedHeader, .unknownKey, .wrongSignature, .foreign, .wrongClaims,
            .notYetValid:
            self = .unauthenticated
        }
    }

    private struct Row {
        let status: HTTPStatus
        let code: StaticString
        let message: StaticString
    }

    private var row: Row {
        switch self {
        case .unauthenticated: Row(status: .unauthorized, code: "unauthenticated", message: "auth.unauthenticated")
        case .tokenExpired: Row(status: .unauthorized, code: "token_expired", message: "auth.token_expired")
        case .userSuspended: Row(status: .forbidden, code: "user_suspended", message: "auth.user_suspended")
        case .tenantPending: Row(status: .forbidden, code: "tenant_pending", message: "auth.tenant_pending")
        case .tenantSuspended: Row(status: .forbidden, code: "tenant_suspended", message: "auth.tenant_suspended")
        case .throttled: Row(status: .tooManyRequests, code: "rate_limited", message: "auth.too_many_failures")
        case .tooBusy: Row(status: .serviceUnavailable, code: "too_busy", message: "auth.too_busy")
        case .unavailable: Row(status: .serviceUnavailable, code: "unavailable", message: "http.unavailable")
        case .outcomeUnknown: Row(status: .serviceUnavailable, code: "outcome_unknown", message: "http.outcome_unknown")
        case .failed: Row(status: .internalServerError, code: "internal_error", message: "http.internal_error")
        case .wrongOrigin: Row(status: .forbidden, code: "forbidden", message: "auth.wrong_origin")
        case .notJSON: Row(status: .unsupportedMediaType, code: "not_json", message: "http.not_json")
        case .malformed: Row(status: .badRequest, code: "malformed", message: "http.malformed")
        case .tooLarge: Row(status: .contentTooLarge, code: "payload_too_large", message: "http.payload_too_large")
        case .fields: Row(status: .unprocessableContent, code: "validation_failed", message: "http.validation_failed")
        case .notFound: Row(status: .notFound, code: "not_found", message: "http.not_found")
        }
    }

    /// When to come again, where that is known.
    package var retryAfter: Duration? {
        switch self {
        case .throttled(let retryAfter), .tooBusy(let retryAfter): retryAfter
        case .unavailable, .outcomeUnknown: .seconds(1)
        case .unauthenticated, .tokenExpired, .userSuspended, .tenantPending, .tenantSuspended, .failed, .wrongOrigin,
            .notJSON, .malformed, .tooLarge, .fields, .notFound:
            nil
        }
    }

    /// The error object of `domain.md` 9.
    package var response: HTTPResponse {
        let row = self.row
        let body = JSONWriter.text { json in
            json.object { json in
                json.object("error") { json in
                    json.member("code", "\(row.code)")
                    json.member("message_key", "\(row.message)")
                    json.object("params") { json in
                        if let seconds = self.retrySeconds { json.member("retry_after_s", seconds) }
                    }
                    if case .fields(let errors) = self { errors.write(to: &json) }
                }
            }
        }
        var response = HTTPResponse(status: row.status, contentType: "application/json", body: body)
        response.setField("Cache-Control", "no-store")
        if let seconds = self.retrySeconds { response.setField("Retry-After", String(seconds)) }
        // RFC 9110 15.5.2: a 401 says how to authenticate.
        if row.status == .unauthorized { response.setField("WWW-Authenticate", "Bearer") }
        return response
    }

    /// Whole seconds, never too early.
    private var retrySeconds: Int64? {
        guard let (seconds, rest) = self.retryAfter?.components else { return nil }
        return max(1, rest > 0 ? seconds + 1 : seconds)
    }
}

extension JSONFieldErrors {
    fileprivate func write(to json: inout JSONWriter) {
        json.array("field_errors") { json in
            for entry in self.entries {
                json.object { json in
                    json.member("field", entry.field)
                    json.member("code", entry.code.rawValue)
                }
            }
        }
    }
}
