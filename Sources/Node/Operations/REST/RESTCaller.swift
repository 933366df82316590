package import Shared
internal import Wire

/// Who asks: a user whose token was good when the request came.
package struct RESTCaller: Hashable, Sendable {
    /// `nil` for the platform's own staff.
    package let tenant: TenantID?
    package let user: UserID
    package let session: SessionID

    package init(tenant: TenantID?, user: UserID, session: SessionID) {
        self.tenant = tenant
        self.user = user
        self.session = session
    }
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
