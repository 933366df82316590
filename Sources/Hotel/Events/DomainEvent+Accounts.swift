package import Shared

/// A tenant as events show it to the platform and, less, to itself.
package struct TenantView: Equatable, Sendable {
    package var id: TenantID
    package var company: String
    package var slug: String
    package var owner: String?
    package var email: String
    package var phone: String?
    package var status: TenantStatus
    package var planName: String
    /// As the store writes it, never a floating point number.
    package var planMonthlyPrice: String
    package var currency: String
    package var propertiesCount: Int
    package var usersCount: Int

    package init(
        id: TenantID, company: String, slug: String, owner: String?, email: String, phone: String? = nil,
        status: TenantStatus, planName: String, planMonthlyPrice: String, currency: String, propertiesCount: Int,
        usersCount: Int
    ) {
        self.id = id
        self.company = company
        self.slug = slug
        self.owner = owner
        self.email = email
        self.phone = phone
        self.status = status
        self.planName = planName
        self.planMonthlyPrice = planMonthlyPrice
        self.currency = currency
        self.propertiesCount = propertiesCount
        self.usersCount = usersCount
    }

    /// The form that the seeds call a customer.
    fileprivate var customer: EventField {
        .object(
            "customer",
            [
                .open("id", .string(self.id.description)), .open("company", .string(self.company)),
                .open("slug", .string(self.slug)), .staff("owner", JSONValue(self.owner)),
                .personal("email", .string(self.email)), .personal("phone", JSONValue(self.phone)),
                .open("status", .string(self.status.rawValue)), .object("plan", self.plan),
                .object(
                    "_count",
                    [
                        .open("properties", JSONValue(self.propertiesCount)),
                        .open("users", JSONValue(self.usersCount)),
                    ]),
            ])
    }

    fileprivate var tenant: EventField {
        .object(
            "tenant",
            [
                .open("id", .string(self.id.description)), .open("name", .string(self.company)),
                .open("status", .string(self.status.rawValue)), .personal("contact_email", .string(self.email)),
                .object("plan", self.plan),
            ])
    }

    /// A number on the wire, with the digits that the store wrote.
    private var price: JSONValue {
        JSONNumber(self.planMonthlyPrice).map { .number($0) } ?? .string(self.planMonthlyPrice)
    }

    private var plan: [EventField] {
        [
            .open("name", .string(self.planName)), .personal("monthlyPrice", self.price),
            .personal("currency", .string(self.currency)),
        ]
    }
}

/// A user as events show them.
package struct UserView: Equatable, Sendable {
    package var id: UserID
    package var name: String
    package var email: String
    package var phone: String?
    package var roles: [String]
    package var department: DepartmentID?
    package var company: String?
    package var permissions: [String]?
    package var status: UserStatus

    package init(
        id: UserID, name: String, email: String, phone: String? = nil, roles: [String], department: DepartmentID? = nil,
        company: String? = nil, permissions: [String]? = nil, status: UserStatus
    ) {
        self.id = id
        self.name = name
        self.email = email
        self.phone = phone
        self.roles = roles
        self.department = department
        self.company = company
        self.permissions = permissions
        self.status = status
    }

    fileprivate var field: EventField {
        var members: [EventField] = [
            .open("id", .string(self.id.description)), .staff("name", .string(self.name)),
            .personal("email", .string(self.email)), .personal("phone", JSONValue(self.phone)),
            .open("role", JSONValue(self.roles.first)), .open("roles", .array(self.roles.map { .string($0) })),
            .open("department", JSONValue(id: self.department?.raw)), .open("company", JSONValue(self.company)),
        ]
        if let permissions = self.permissions {
            members.append(.personal("permissions", .array(permissions.map { .string($0) })))
        }
        members.append(.open("isActive", .bool(self.status == .active)))
        members.append(.open("status", .string(self.status.rawValue)))
        return .object("user", members)
    }
}

extension DomainEvent {
    /// What a decision about a tenant tells.
    ///
    /// - Parameter owner: is told of approval and reinstatement.
    package static func of(
        _ decision: TenantDecision, _ tenant: TenantView, owner: UserID?, by actor: Actor, at time: Timestamp
    ) -> [DomainEvent] {
        let addressees = Addressees(tenant: tenant.id, users: owner.map { [$0] } ?? [])
        let id = EventField.open("tenant_id", .string(tenant.id.description))
        return decision.events.map { event in
            switch event {
            case .registered:
                DomainEvent(
                    "tenant:registered", [tenant.tenant, .open("source", .string("public_form"))], for: addressees)
            case .created: DomainEvent("tenant:created", [tenant.customer], for: addressees)
            case .approved:
                DomainEvent(
                    "tenant:approved", [tenant.tenant, .open("approved_by", JSONValue(id: actor.id))], for: addressees)
            case .rejected(let reason):
                DomainEvent("tenant:rejected", [id, .open("reason", .string(reason))], for: addressees)
            case .suspended(let reason):
                DomainEvent(
                    "tenant:suspended",
                    [id, .open("reason", .string(reason)), .open("effective_at", .string(time.description))],
                    for: addressees)
            case .reinstated: DomainEvent("tenant:reinstated", [id], for: addressees)
            case .deleted:
                DomainEvent(
                    "tenant:deleted", [.open("customerId", .string(tenant.id.description)), id], for: addressees)
            }
        }
    }

    /// A tenant was edited: the platform's lists and the tenant itself are told, each in its own words.
    package static func tenantUpdated(_ tenant: TenantView, _ changes: [FieldChange]) -> [DomainEvent] {
        let addressees = Addressees(tenant: tenant.id)
        return [
            DomainEvent("tenant:updated", [tenant.customer], for: addressees),
            DomainEvent("account:updated", [tenant.customer] + EventField.changes(changes), for: addressees),
        ]
    }

    /// What a decision about an account tells.
    ///
    /// - Parameter device: from where the password was changed; for the user's own eyes.
    package static func of(
        _ decision: UserDecision, _ user: UserView, tenant: TenantID?, at time: Timestamp,
        changes: [FieldChange] = [], device: (ip: String?, device: DeviceID?) = (nil, nil)
    ) -> [DomainEvent] {
        let addressees = Addressees(tenant: tenant, users: [user.id])
        return decision.events.map { event in
            switch event {
            case .created: self.userCreated(user, tenant: tenant)
            case .updated: self.userUpdated(user, tenant: tenant, changes)
            case .deleted:
                DomainEvent("user:deleted", [.open("userId", .string(user.id.description))], for: addressees)
            case .accountSuspended(let reason):
                DomainEvent(
                    "auth:account_suspended",
                    [.open("user_id", .string(user.id.description)), .open("reason", .string(reason))], for: addressees)
            case .accountActivated:
                DomainEvent(
                    "auth:account_activated", [.open("user_id", .string(user.id.description))], for: addressees)
            case .passwordChanged(let bySelf):
                self.passwordChanged(
                    user.id, tenant: tenant, bySelf: bySelf, at: time, ip: device.ip, device: device.device)
            }
        }
    }

    /// - Parameters:
    ///   - ip: from where; for the user's own eyes.
    ///   - device: the same.
    package static func passwordChanged(
        _ user: UserID, tenant: TenantID?, bySelf: Bool, at time: Timestamp, ip: String?, device: DeviceID?
    ) -> DomainEvent {
        DomainEvent(
            "auth:password_changed",
            [
                .open("by_self", .bool(bySelf)), .open("at", .string(time.description)),
                .personal("ip", JSONValue(ip)), .open("device", JSONValue(id: device?.raw)),
            ], for: Addressees(tenant: tenant, users: [user]))
    }

    package static func userCreated(_ user: UserView, tenant: TenantID?) -> DomainEvent {
        DomainEvent("user:created", [user.field], for: Addressees(tenant: tenant, users: [user.id]))
    }

    package static func userUpdated(_ user: UserView, tenant: TenantID?, _ changes: [FieldChange]) -> DomainEvent {
        DomainEvent(
            "user:updated", [user.field] + EventField.changes(changes),
            for: Addressees(tenant: tenant, users: [user.id]))
    }

    package static func userRoleChanged(
        _ user: UserID, tenant: TenantID?, property: PropertyID?, before: [String], after: [String]
    ) -> DomainEvent {
        DomainEvent(
            "user:role_changed",
            [
                .open("user_id", .string(user.description)),
                .open(
                    "roles",
                    ["before": .array(before.map { .string($0) }), "after": .array(after.map { .string($0) })]),
                .open("property_id", JSONValue(id: property?.raw)),
            ], for: Addressees(tenant: tenant, property: property, users: [user]))
    }

    /// What the user may do from now on, and what of it is new.
    package static func permissionsChanged(
        _ user: UserID, tenant: TenantID?, permissions: [Permission], lost: [DomainChannel], gained: [DomainChannel]
    ) -> DomainEvent {
        DomainEvent(
            "auth:permissions_changed",
            [
                .open("permissions", .array(permissions.map { .string($0.rawValue) })),
                .open("channels_lost", .array(lost.map { .string($0.name) })),
                .open("channels_gained", .array(gained.map { .string($0.name) })),
            ], for: Addressees(tenant: tenant, users: [user]))
    }

    package static func sessionRevoked(
        _ user: UserID, tenant: TenantID?, session: SessionID?, reason: String
    ) -> DomainEvent {
        DomainEvent(
            "auth:session_revoked",
            [.open("session_id", JSONValue(id: session?.raw)), .open("reason", .string(reason))],
            for: Addressees(tenant: tenant, users: [user]))
    }

    /// - Parameters:
    ///   - succeeded: a login, or failures that throttle.
    ///   - isNewDevice: the user is notified of these only.
    package static func login(
        _ user: UserID, tenant: TenantID?, succeeded: Bool, device: DeviceID?, ip: String?, isNewDevice: Bool = false
    ) -> DomainEvent {
        DomainEvent(
            succeeded ? "auth:login_succeeded" : "auth:login_failed",
            [
                .open("device", JSONValue(id: device?.raw)), .open("is_new_device", .bool(isNewDevice)),
                .personal("ip", JSONValue(ip)),
            ],
            for: Addressees(tenant: tenant, users: [user]))
    }
}
