package import Crypto
package import Shared

/// The accounts of all tenants, as far as signing in needs them.
package protocol AccountRepository: Sendable {
    /// The account of an address, over all tenants; `nil` if there is none. Deleted ones may be left out.
    ///
    /// - Parameter device: whether the account knows it is said in ``Account/knowsDevice``.
    func account(of email: LoginEmail, device: DeviceID?) async throws(StoreError) -> Account?

    /// The account of a user.
    func account(of user: TenantUser) async throws(StoreError) -> Account?

    /// What a client is told about a user; `nil` if there is none any more.
    func profile(of user: TenantUser) async throws(StoreError) -> UserProfile?

    /// Keeps a hash of the same password that was made as they are made today, if the old one is still there.
    func rehash(_ user: TenantUser, from old: PasswordHash, to new: PasswordHash) async throws(StoreError)

    /// In one transaction, with the account locked: if its hash is still `old` and the session lives, puts the new hash in its
    /// place, raises the token epoch, takes the session along into it, revokes all other sessions, and logs
    /// `auth:password_changed` and the revocations.
    ///
    /// - Returns: `nil` if the hash is another one by now, or the session has ended; nothing was changed then.
    func replacePassword(_ replacement: PasswordReplacement) async throws(StoreError) -> ReplacedPassword?
}

/// A user's own change of password.
package struct PasswordReplacement: Sendable {
    package let user: TenantUser
    /// The session that goes on.
    package let session: SessionID
    package let old: PasswordHash
    package let new: PasswordHash
    package let client: ClientTrace

    package init(
        user: TenantUser, session: SessionID, old: PasswordHash, new: PasswordHash, client: ClientTrace
    ) {
        self.user = user
        self.session = session
        self.old = old
        self.new = new
        self.client = client
    }
}

/// What a changed password has made of the account.
package struct ReplacedPassword: Equatable, Sendable {
    package let epoch: TokenEpoch
    /// The database's time.
    package let at: Timestamp

    package init(epoch: TokenEpoch, at: Timestamp) {
        self.epoch = epoch
        self.at = at
    }
}
