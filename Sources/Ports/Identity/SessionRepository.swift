package import Crypto
package import Hotel
package import Shared

/// The sessions of users: each is one login on one device, and the family of refresh tokens that keeps it alive.
package protocol SessionRepository: Sendable {
    /// In one transaction: if the account is still in `new.epoch` and may act, opens the session and logs
    /// `auth:login_succeeded`.
    ///
    /// - Returns: `nil` if the account is not what it was when its password was looked at.
    func open(_ new: NewSession) async throws(StoreError) -> OpenedSession?

    /// Looks a family up by its hash and lets `decide` judge it, in one transaction: the session locked, its account read
    /// after that, and the database's time read last. What `decide` made of the rotation is written; a session that became
    /// revoked is logged as `auth:session_revoked` with the reason of the verdict.
    ///
    /// - Parameter decide: pure; it may be called again if the transaction has to be repeated.
    /// - Returns: `nil` if there is no such family.
    func decide(
        family: TokenHash, from client: ClientTrace,
        _ decide: @escaping @Sendable (inout StoredSession, _ now: Timestamp) -> SessionVerdict
    ) async throws(StoreError) -> SessionVerdict?

    /// The sessions of a user that still live, newest first, at most ``UserSession/mostListed``.
    func sessions(of user: TenantUser) async throws(StoreError) -> [UserSession]

    /// Ends a session of a user and logs `auth:session_revoked`. Ending what has ended is no error.
    ///
    /// - Returns: false if the user has no such session.
    func revoke(
        _ session: SessionID, of user: TenantUser, because reason: SessionEnd, from client: ClientTrace
    ) async throws(StoreError) -> Bool
}

/// Why a session was ended by somebody.
package enum SessionEnd: String, CaseIterable, Sendable {
    case signedOut = "signed_out"
    /// By the same user, on another session.
    case signedOutElsewhere = "signed_out_elsewhere"
    /// Two held its tokens.
    case tokenReused = "token_reused"
    /// All tokens of the user were revoked.
    case epochRaised = "epoch_raised"
    /// The user chose another password, on another session.
    case passwordChanged = "password_changed"
}

/// A login that has succeeded, to be kept.
package struct NewSession: Sendable {
    package let id: SessionID
    package let user: TenantUser
    /// The epoch in which the password was found right.
    package let epoch: TokenEpoch
    package let device: DeviceID
    package let family: TokenHash
    package let token: TokenHash
    package let client: ClientTrace

    package init(
        id: SessionID, user: TenantUser, epoch: TokenEpoch, device: DeviceID, family: TokenHash, token: TokenHash,
        client: ClientTrace
    ) {
        self.id = id
        self.user = user
        self.epoch = epoch
        self.device = device
        self.family = family
        self.token = token
        self.client = client
    }
}

/// A session that has begun.
package struct OpenedSession: Sendable {
    package let profile: UserProfile
    /// The database's time at the beginning.
    package let at: Timestamp

    package init(profile: UserProfile, at: Timestamp) {
        self.profile = profile
        self.at = at
    }
}

/// A session with its account, both as they are under lock.
package struct StoredSession: Sendable {
    package let id: SessionID
    package let user: TenantUser
    /// The epoch in which the session was opened, or taken along into by a change of password.
    package let epoch: TokenEpoch
    package let standing: AccountStanding
    package var rotation: RefreshRotation

    package init(
        id: SessionID, user: TenantUser, epoch: TokenEpoch, standing: AccountStanding,
        rotation: RefreshRotation
    ) {
        self.id = id
        self.user = user
        self.epoch = epoch
        self.standing = standing
        self.rotation = rotation
    }
}

/// What was decided about a session.
package enum SessionVerdict: Equatable, Sendable {
    /// A new access token is due, and the next refresh token too if `isRenewed`.
    case granted(AccessToken, isRenewed: Bool)
    /// The session has been ended.
    case ended(SessionEnd)
    /// Nothing is due, and nothing was changed.
    case refused(RefusalCode)
}

/// A session as its user sees it.
package struct UserSession: Equatable, Sendable {
    package static let mostListed = 100

    package let id: SessionID
    package let device: DeviceID
    package let startedAt: Timestamp
    package let lastUsedAt: Timestamp
    package let expiresAt: Timestamp
    /// From where it was used last.
    package let address: String

    package init(
        id: SessionID, device: DeviceID, startedAt: Timestamp, lastUsedAt: Timestamp, expiresAt: Timestamp,
        address: String
    ) {
        self.id = id
        self.device = device
        self.startedAt = startedAt
        self.lastUsedAt = lastUsedAt
        self.expiresAt = expiresAt
        self.address = address
    }
}
