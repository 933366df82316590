package import Crypto
package import Hotel
package import Ports
package import Shared

/// What a new password must be. Length counts, and nothing else: rules about its letters make guessing easier.
package enum PasswordRule {
    /// In Unicode scalars.
    package static let newLength = 10...256
    /// What a login looks at: old rules may have been others.
    package static let anyLength = 1...1024

    /// Why a password cannot be the new one; `nil` if it can.
    package static func problem(of new: String, email: LoginEmail) -> JSONFieldErrors.Code? {
        guard self.newLength.contains(new.unicodeScalars.count) else { return .length }
        let text = new.lowercased()
        if text == email.description || email.description.hasPrefix(text + "@") { return .format }
        return nil
    }
}

/// A changed password.
package struct PasswordChanged: Sendable {
    /// Takes the place of the one that has just been revoked with all others.
    package let accessToken: String
    package let expiresAt: Timestamp
}

extension IdentityService {
    /// Changes the user's own password, which ends all other sessions and every access token there is.
    ///
    /// The old password is asked for, under the same counters as a login: whoever finds an open screen shall not keep it.
    package func changePassword(
        from old: String, to new: String, as token: AccessToken, from client: Client
    ) async throws(Refusal) -> PasswordChanged {
        let user = TenantUser(token.user, of: token.tenant)
        guard let account = try await self.account(of: user), let kept = account.passwordHash else {
            throw Refusal(.unauthenticated)
        }
        if let code = PasswordRule.problem(of: new, email: account.email) ?? (old == new ? .format : nil) {
            throw .field("new_password", code)
        }
        let attempt = try await self.attempt(on: account.email, from: client)
        guard try await self.isRight(Secret(old.utf8), for: kept, attempt) else {
            self.noteFailure(on: user, from: client)
            // Not a 401: the token is good, and a client would throw it away.
            throw .field("password", .format)
        }
        await self.throttle.takeBack(attempt)
        let replacement = PasswordReplacement(
            user: user, session: token.session, old: kept, new: try await self.hash(Secret(new.utf8)),
            client: client.trace)
        // Else somebody has changed it meanwhile, or ended this session.
        guard let replaced = try await self.replace(replacement) else { throw Refusal(.unauthenticated) }
        let next = AccessToken(
            user: token.user, tenant: token.tenant, session: token.session, epoch: replaced.epoch, now: replaced.at)
        return PasswordChanged(accessToken: self.signer.sign(next), expiresAt: next.expiresAt)
    }
}
