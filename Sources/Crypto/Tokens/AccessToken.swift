package import Shared

extension Subject {
    /// One access token.
    package enum Token {}
}

package typealias TokenID = ID<Subject.Token>

/// Counts how often all tokens of a user were revoked: a token of an earlier epoch is worth nothing.
package struct TokenEpoch: Hashable, Comparable, Sendable {
    package let raw: Int64

    /// - Parameter raw: not negative; below 2^53, so that every JSON reader has it exactly.
    package init(raw: Int64) { self.raw = raw }

    static let range: ClosedRange<Int64> = 0...(1 << 53) - 1

    package static func < (left: Self, right: Self) -> Bool { left.raw < right.raw }

    package var next: TokenEpoch { TokenEpoch(raw: self.raw + 1) }
}

/// What an access token says, once it is known that one of us said it. Times are whole seconds.
package struct AccessToken: Hashable, Sendable {
    package let id: TokenID
    package let user: UserID
    /// `nil` for the platform's own staff.
    package let tenant: TenantID?
    package let session: SessionID
    package let epoch: TokenEpoch
    package let issuedAt: Timestamp
    /// Worth something from this moment on, and before the other.
    package let notBefore: Timestamp
    package let expiresAt: Timestamp

    /// `domain.md` 4.7: short, since it is verified without asking anybody.
    package static let lifetime = Duration.seconds(15 * 60)

    static let issuer: StaticString = "bellhop"
    static let audience: StaticString = "bellhop"

    /// A token that is good from `now` on; parts of a second are dropped.
    package init(
        id: TokenID = .new(), user: UserID, tenant: TenantID?, session: SessionID, epoch: TokenEpoch, now: Timestamp,
        lifetime: Duration = AccessToken.lifetime
    ) {
        let seconds = now.milliseconds / 1000
        self.init(
            id: id, user: user, tenant: tenant, session: session, epoch: epoch, issuedAt: seconds, notBefore: seconds,
            expiresAt: seconds + lifetime.components.seconds)
    }

    /// - Parameter issuedAt: seconds since 1970, like the other times.
    init(
        id: TokenID, user: UserID, tenant: TenantID?, session: SessionID, epoch: TokenEpoch, issuedAt: Int64,
        notBefore: Int64, expiresAt: Int64
    ) {
        self.id = id
        self.user = user
        self.tenant = tenant
        self.session = session
        self.epoch = epoch
        self.issuedAt = Timestamp(milliseconds: issuedAt * 1000)
        self.notBefore = Timestamp(milliseconds: notBefore * 1000)
        self.expiresAt = Timestamp(milliseconds: expiresAt * 1000)
    }
}
