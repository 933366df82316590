package import Crypto
package import Hotel
package import Ports
package import Shared

/// A session that goes on.
package struct Refreshed: Sendable {
    package let accessToken: String
    package let expiresAt: Timestamp
    /// `nil` if the client is to keep the one that it has, or that another of its tabs has just been given.
    package let refreshToken: RefreshToken?
}

extension IdentityService {
    /// Exchanges a refresh token.
    package func refresh(
        _ presented: RefreshToken, from client: Client
    ) async throws(Refusal) -> Refreshed {
        let next = presented.next()
        let verdict = try await self.decide(family: presented.familyHash, from: client) { session, now in
            Self.refresh(&session, presented.hash, next: next.hash, device: client.device, now: now)
        }
        switch verdict {
        case .granted(let token, let isRenewed):
            return Refreshed(
                accessToken: self.signer.sign(token), expiresAt: token.expiresAt,
                refreshToken: isRenewed ? next : nil)
        case .refused(let code): throw Refusal(code)
        case .ended, nil: throw Refusal(.unauthenticated)
        }
    }

    /// Decides about a presented token: first the family, whose theft must be noticed whatever else is the matter, then the user.
    static func refresh(
        _ session: inout StoredSession, _ presented: TokenHash, next: TokenHash, device: DeviceID?, now: Timestamp
    ) -> SessionVerdict {
        var rotation = session.rotation
        let outcome = rotation.present(presented, next: next, device: device, now: now)
        switch outcome {
        case .revoked, .expired: return .refused(.unauthenticated)
        case .reused:
            session.rotation = rotation
            return .ended(.tokenReused)
        case .rotated, .repeated, .tolerated: break
        }
        guard session.epoch == session.standing.epoch else {
            session.rotation.revoke(now: now)
            return .ended(.epochRaised)
        }
        // The token stays as it is: a suspended user, or tenant, comes back without a login.
        if let obstacle = session.standing.obstacle { return .refused(obstacle) }
        session.rotation = rotation
        let token = AccessToken(
            user: session.user.id, tenant: session.user.tenant, session: session.id, epoch: session.epoch, now: now)
        return .granted(token, isRenewed: outcome != .tolerated)
    }

    /// Ends the session of a refresh token, which need not be its newest. Whatever the token, there is nothing to tell.
    package func logout(_ presented: RefreshToken, from client: Client) async throws(Refusal) {
        _ = try await self.decide(family: presented.familyHash, from: client) { session, now in
            if session.rotation.isRevoked { return .refused(.unauthenticated) }
            session.rotation.revoke(now: now)
            return .ended(.signedOut)
        }
    }

    /// Ends the session of an access token.
    package func logout(_ token: AccessToken, from client: Client) async throws(Refusal) {
        _ = try await self.revoke(
            token.session, of: TenantUser(token.user, of: token.tenant), because: .signedOut, from: client)
    }

    /// The sessions of the user behind a token.
    package func sessions(of token: AccessToken) async throws(Refusal) -> [UserSession] {
        try await self.list(of: TenantUser(token.user, of: token.tenant))
    }

    /// Ends one of the user's own sessions. Somebody else's is not there.
    package func endSession(
        _ session: SessionID, as token: AccessToken, from client: Client
    ) async throws(Refusal) {
        let reason: SessionEnd = session == token.session ? .signedOut : .signedOutElsewhere
        let user = TenantUser(token.user, of: token.tenant)
        let isThere = try await self.revoke(session, of: user, because: reason, from: client)
        guard isThere else { throw Refusal(.notFound) }
    }
}
