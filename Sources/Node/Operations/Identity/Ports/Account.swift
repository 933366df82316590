package import Crypto
package import Shared

/// What the login knows of an account.
package struct Account: Sendable {
    package let user: UserID
    package let email: LoginEmail
    /// `nil` while nobody has set one.
    package let passwordHash: PasswordHash?
    package let standing: AccountStanding
    /// Whether the device that was asked about had a session of this account before, whatever became of it.
    package let knowsDevice: Bool

    package init(
        user: UserID, email: LoginEmail, passwordHash: PasswordHash?, standing: AccountStanding, knowsDevice: Bool
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
    package enum User: String, CaseIterable, Sendable { case invited, active, suspended, deleted }
    package enum Tenant: String, CaseIterable, Sendable { case pending, active, suspended, closed }

    package let user: User
    /// `nil` for the platform's own staff.
    package let tenant: Tenant?
    /// Tokens and sessions of an earlier epoch are revoked.
    package let epoch: TokenEpoch

    package init(user: User, tenant: Tenant?, epoch: TokenEpoch) {
        self.user = user
        self.tenant = tenant
        self.epoch = epoch
    }

    /// Why the user may not act; `nil` if he may. Told only to who has shown to be that user.
    package var refusal: IdentityRefusal? {
        switch self.user {
        // Whoever is not yet, or no more, is nobody.
        case .invited, .deleted: return .unauthenticated
        case .suspended: return .userSuspended
        case .active: break
        }
        switch self.tenant {
        case .pending: return .tenantPending
        case .suspended: return .tenantSuspended
        case .closed: return .unauthenticated
        case .active, nil: return nil
        }
    }
}

/// What a client is told about the user that it has signed in (`contract.md` 4).
package struct UserProfile: Equatable, Sendable {
    package let id: UserID
    package let name: String
    package let email: LoginEmail
    package let tenant: TenantID?
    package let roles: [String]
    package let permissions: [String]
    package let properties: [PropertyID]

    package init(
        id: UserID, name: String, email: LoginEmail, tenant: TenantID?, roles: [String], permissions: [String],
        properties: [PropertyID]
    ) {
        self.id = id
        self.name = name
        self.email = email
        self.tenant = tenant
        self.roles = roles
        self.permissions = permissions
        self.properties = properties
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
