package import Crypto
package import Hotel
package import Shared

/// A user, and where: no other tenant has a user of this id, and nobody finds one without saying the tenant.
package struct TenantUser: Hashable, Sendable {
    /// `nil` for the platform's own staff.
    package let tenant: TenantID?
    package let id: UserID

    package init(_ id: UserID, of tenant: TenantID?) {
        self.tenant = tenant
        self.id = id
    }
}

/// What the login knows of an account.
package struct Account: Sendable {
    package let user: TenantUser
    package let email: LoginEmail
    /// `nil` while nobody has set one.
    package let passwordHash: PasswordHash?
    package let standing: AccountStanding
    /// Whether the device that was asked about had a session of this account before, whatever became of it.
    package let knowsDevice: Bool

    package init(
        user: TenantUser, email: LoginEmail, passwordHash: PasswordHash?, standing: AccountStanding, knowsDevice: Bool
    ) {
        self.user = user
        self.email = email
        self.passwordHash = passwordHash
        self.standing = standing
        self.knowsDevice = knowsDevice
    }
}

/// Whether a user may act at all, at one moment (`domain.md` 4.7).
package struct AccountStanding: Equatable, Sendable {
    package let user: UserStatus
    /// `nil` for the platform's own staff.
    package let tenant: TenantStatus?
    /// Tokens and sessions of an earlier epoch are revoked.
    package let epoch: TokenEpoch

    package init(user: UserStatus, tenant: TenantStatus?, epoch: TokenEpoch) {
        self.user = user
        self.tenant = tenant
        self.epoch = epoch
    }

    /// Why the user may not act; `nil` if he may. Told only to who has shown to be that user.
    package var obstacle: RefusalCode? {
        UserMachine.obstacle(self.user) ?? self.tenant.flatMap { TenantMachine.obstacle($0) }
    }
}

/// Where a request came from, as the audit keeps it.
package struct ClientTrace: Equatable, Sendable {
    package let address: String
    /// `nil` if the client does not say.
    package let device: DeviceID?

    package init(address: String, device: DeviceID?) {
        self.address = address
        self.device = device
    }
}
