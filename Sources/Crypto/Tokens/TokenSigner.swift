internal import Shared

/// Makes access tokens: JSON Web Tokens (RFC 7519) signed with HMAC-SHA-256. Safe from any thread.
package struct TokenSigner: Sendable {
    private let key: JWTKeys.Key

    /// Signs with the first of `keys`.
    package init(_ keys: JWTKeys) { self.key = keys.signing }

    /// The token's text, all of it ASCII letters, digits, `-`, `_` and two dots.
    package func sign(_ token: AccessToken) -> String {
        let claims = JSONWriter.text { json in
            json.object { json in
                json.member("iss", "\(AccessToken.issuer)")
                json.member("aud", "\(AccessToken.audience)")
                json.member("sub", token.user.description)
                if let tenant = token.tenant { json.member("tid", tenant.description) }
                json.member("sid", token.session.description)
                json.member("epoch", token.epoch.raw)
                json.member("jti", token.id.description)
                json.member("iat", token.issuedAt.milliseconds / 1000)
                json.member("nbf", token.notBefore.milliseconds / 1000)
                json.member("exp", token.expiresAt.milliseconds / 1000)
            }
        }
        return self.sign(claims: claims)
    }

    /// Any claims, for tests of what is refused.
    func sign(claims: [UInt8]) -> String {
        var text = self.key.header
        text += claims.withUnsafeBytes { Base64.encode($0, as: .url) }
        let code = text.withUnsafeBytes { self.key.code.code(for: $0) }
        text.append(UInt8(ascii: "."))
        text += code.span.withUnsafeBytes { Base64.encode($0, as: .url) }
        return String(decoding: text, as: UTF8.self)
    }
}
