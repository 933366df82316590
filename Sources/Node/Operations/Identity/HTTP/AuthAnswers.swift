internal import Crypto
internal import Hotel
internal import Ports
internal import Shared

/// What a login, a refresh or a change of password gives a client.
struct IssuedTokens: Sendable {
    let accessToken: String
    let expiresAt: Timestamp
    /// Only for a client that is no page.
    var refreshToken: RefreshToken?
    var device: DeviceID?
    var profile: UserProfile?

    /// After a login.
    static let signedIn = JSONShape<IssuedTokens>.object("SignedIn") { members in
        Self.tokens(&members)
        members.optional("device_id", .id()) { $0.device }
        members.optional("user", UserProfile.shape) { $0.profile }
    }

    /// After a refresh.
    static let refreshed = JSONShape<IssuedTokens>.object("Refreshed") { members in Self.tokens(&members) }

    private static func tokens(_ members: inout JSONMembers<IssuedTokens>) {
        members.member("access_token", .text) { $0.accessToken }
        members.member("expires_at", .timestamp) { $0.expiresAt }
        members.optional("refresh_token", .text) { $0.refreshToken?.text }
    }
}

extension UserProfile {
    static let shape = JSONShape<UserProfile>.object("SignedInUser") { members in
        members.member("id", .id()) { $0.id }
        members.member("name", .text) { $0.name }
        members.member("email", .text(format: "email")) { $0.email.description }
        members.nullable("tenant_id", .id()) { $0.tenant }
        members.member("roles", .array(of: .text)) { $0.roles }
        members.member("permissions", .array(of: .oneOf(Permission.self))) { $0.permissions }
        members.member("properties", .array(of: .id(PropertyID.self))) { $0.properties }
    }
}

/// A session, and whether it is the one that asks.
struct ListedSession: Sendable {
    let session: UserSession
    let isCurrent: Bool

    static let list = JSONShape<[ListedSession]>.object("Sessions") { members in
        members.member("items", .array(of: Self.shape)) { $0 }
    }

    private static let shape = JSONShape<ListedSession>.object("Session") { members in
        members.member("id", .id()) { $0.session.id }
        members.member("device_id", .id()) { $0.session.device }
        members.member("started_at", .timestamp) { $0.session.startedAt }
        members.member("last_used_at", .timestamp) { $0.session.lastUsedAt }
        members.member("expires_at", .timestamp) { $0.session.expiresAt }
        members.member("address", .text) { $0.session.address }
        members.member("current", .bool) { $0.isCurrent }
    }
}

/// Who the caller is, what they may do where, and what they listen to.
struct Me: Sendable {
    /// What may be done at one place.
    struct Permissions: Sendable {
        /// `nil`: the tenant as a whole, or the platform.
        let property: PropertyID?
        let full: [Permission]
        let limited: [(permission: Permission, limits: [Limit])]

        init(_ actor: Actor, at place: Place) {
            let allowed = actor.permissions(at: place)
            self.property = place.property
            self.full = Permission.allCases.filter { allowed[$0] == .full }
            self.limited = Permission.allCases.compactMap { permission in
                guard case .limited(let restrictions)? = allowed[permission] else { return nil }
                let limits = Set(restrictions.map(\.limit))
                return (permission, Limit.allCases.filter { limits.contains($0) })
            }
        }
    }

    let profile: UserProfile
    let session: SessionID
    let expiresAt: Timestamp
    let permissions: [Permissions]
    let channels: [DomainChannel]

    /// - Parameter directory: of the caller's tenant; `nil` for the platform's own staff.
    init(_ caller: RESTCaller, _ profile: UserProfile, in directory: TenantDirectory?) {
        self.profile = profile
        self.session = caller.session
        self.expiresAt = caller.expiresAt
        self.permissions = UserProfile.places(of: directory, profile.properties).map {
            Permissions(caller.actor, at: $0)
        }
        self.channels = ChannelEntitlement(caller.actor, in: directory).automatic
    }

    static let shape = JSONShape<Me>.object("Me") { members in
        members.member("user", UserProfile.shape) { $0.profile }
        members.member("session_id", .id()) { $0.session }
        members.member("expires_at", .timestamp) { $0.expiresAt }
        members.member("permissions", .array(of: Permissions.shape)) { $0.permissions }
        members.member("channels", .array(of: .text)) { $0.channels.map(\.name) }
    }
}

extension Me.Permissions {
    fileprivate static let shape = JSONShape<Me.Permissions>.object("PermissionsAt") { members in
        members.nullable("property_id", .id()) { $0.property }
        members.member("full", .array(of: .oneOf(Permission.self))) { $0.full }
        members.member("limited", .array(of: Self.limited)) { $0.limited }
    }

    private static let limited = JSONShape<(permission: Permission, limits: [Limit])>.object("LimitedPermission") {
        members in
        members.member("permission", .oneOf(Permission.self)) { $0.permission }
        members.member("limits", .array(of: .oneOf(Limit.self))) { $0.limits }
    }
}
