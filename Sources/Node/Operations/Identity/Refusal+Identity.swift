package import Crypto
package import Hotel
internal import Shared

// How matters of identity are refused: which code, and when to come again.

extension Refusal {
    /// Too many failures. Why, and until when, is all that is said: not whose they were.
    static func throttled(retryAfter: Duration) -> Refusal {
        let seconds = self.seconds(retryAfter)
        return Refusal(
            .rateLimited,
            params: ["reason": "too_many_failures", "retry_after_s": .number(JSONNumber(Int64(seconds)))],
            retryAfterSeconds: seconds)
    }

    /// The request comes from a page, or from none, that may not make it.
    static let wrongOrigin = Refusal(.forbidden, params: ["reason": "wrong_origin"])

    /// Whole seconds, never too early.
    static func seconds(_ duration: Duration) -> Int {
        let (seconds, rest) = duration.components
        return max(1, Int(rest > 0 ? seconds + 1 : seconds))
    }
}

extension PasswordHasher.Refusal: RESTRefusable {
    package var refusal: Hotel.Refusal {
        switch self {
        case .tooBusy(let retryAfter):
            Hotel.Refusal(.overloaded, retryAfterSeconds: Hotel.Refusal.seconds(retryAfter))
        case .timedOut: Hotel.Refusal(.overloaded, retryAfterSeconds: 5)
        case .cancelled, .noMemory, .stopped: Hotel.Refusal(.unavailable)
        }
    }
}

extension TokenError: RESTRefusable {
    /// Which of them it is, but for the time, is nobody's business.
    package var refusal: Refusal {
        switch self {
        case .expired: Refusal(.tokenExpired)
        case .tooLong, .malformed, .unsupportedHeader, .unknownKey, .wrongSignature, .foreign, .wrongClaims,
            .notYetValid:
            Refusal(.unauthenticated)
        }
    }
}
