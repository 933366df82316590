package import Crypto
package import Ports
package import Shared
package import Wire

/// Signs users in and out: the operations behind `/v1/auth`, without HTTP.
///
/// What always holds: a session is opened only for a password that was right in the epoch in which it is opened; an answer to a
/// failed login tells nothing about the account, nor does the work that it cost; and no secret is kept but as its hash.
package struct IdentityService: Sendable {
    let accounts: any AccountRepository
    let sessions: any SessionRepository
    let throttle: LoginThrottle
    let hasher: PasswordHasher
    let signer: TokenSigner
    let note: @Sendable (AuditedAttempt) -> Void

    /// - Parameter note: audits an attempt that failed, soon; it returns at once.
    package init(
        accounts: any AccountRepository, sessions: any SessionRepository, throttle: LoginThrottle,
        hasher: PasswordHasher, keys: JWTKeys, note: @escaping @Sendable (AuditedAttempt) -> Void
    ) {
        self.accounts = accounts
        self.sessions = sessions
        self.throttle = throttle
        self.hasher = hasher
        self.signer = TokenSigner(keys)
        self.note = note
    }

    /// Who asks, and from where.
    package struct Client: Equatable, Sendable {
        package let address: IPAddress
        /// Which device it says it is.
        package let device: DeviceID?

        package init(address: IPAddress, device: DeviceID?) {
            self.address = address
            self.device = device
        }

        var trace: ClientTrace { ClientTrace(address: self.address.description, device: self.device) }
    }
}
