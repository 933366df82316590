package import Crypto
package import Hotel
package import Ports
package import Shared
internal import Wire

/// Who asks: a user whose token was good when the request came, with all that decides what they may do.
package struct RESTCaller: Hashable, Sendable {
    /// What the token says. Its session lives, and its epoch is the present one.
    package let token: AccessToken
    package let actor: Actor

    package init(_ token: AccessToken, actor: Actor) {
        self.token = token
        self.actor = actor
    }

    /// `nil` for the platform's own staff.
    package var tenant: TenantID? { self.token.tenant }
    package var user: UserID { self.token.user }
    package var session: SessionID { self.token.session }
    package var tokenEpoch: TokenEpoch { self.token.epoch }
    package var expiresAt: Timestamp { self.token.expiresAt }
    /// The user as the stores name it.
    package var account: TenantUser { TenantUser(self.user, of: self.tenant) }
}

/// The port behind which tokens are judged.
package protocol CallerResolver: Sendable {
    /// Says whose token it is.
    ///
    /// - Parameter token: from `Authorization: Bearer`; of the form that RFC 6750 2.1 gives it, and otherwise unchecked.
    /// - Throws: a `RESTRefusable` with the code `unauthenticated`, `token_expired`, `forbidden`, one of the life cycle, or
    ///   `rate_limited`.
    func caller(bearing token: String, on visit: RESTVisit) async throws -> RESTCaller
}

/// `Authorization: Bearer`, as strictly as it is defined.
enum BearerToken {
    private static let longest = 4096

    /// The token; `nil` if there is none or the field has another form.
    static func read(_ request: HTTPRequest) -> String? {
        guard let value = request.value(.authorization) else { return nil }
        let scheme = value.utf8.prefix(7)
        guard scheme.elementsEqual("Bearer ".utf8, by: { $0 == $1 || $0 ^ 0x20 == $1 && $1 != 0x20 }) else {
            return nil
        }
        let token = value.utf8.dropFirst(7).drop { $0 == 0x20 }
        let body = token.reversed().drop { $0 == UInt8(ascii: "=") }
        guard !body.isEmpty, token.count <= self.longest, body.allSatisfy(self.isPart) else { return nil }
        return String(Substring(token))
    }

    /// RFC 6750 2.1: `b64token`.
    private static func isPart(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"), UInt8(ascii: "+"), UInt8(ascii: "/"):
            true
        default: false
        }
    }
}
