/// The events of `domain.md` 7, as far as their entities exist.
///
/// An alias that spells one of the names of its row belongs to that name; its neighbours are called by the rule.
package enum EventCatalogue {
    package static let all: [EventKind] = Self.platform + Self.people + Self.rooms + Self.writes

    package static subscript(name: String) -> EventKind? { self.byName[name] }

    /// What Pusher clients hear; also for events that only newer nodes know.
    package static func pusherName(of name: String) -> String { self.byName[name]?.pascal ?? EventName.pascal(name) }

    /// What Socket.IO clients hear.
    package static func socketIOName(of name: String) -> String { self.byName[name]?.socketIO ?? name }

    private static let byName = Dictionary(uniqueKeysWithValues: Self.all.map { ($0.name, $0) })

    /// 7.1, and the end of a department, whose beginning it names.
    private static let platform = [
        EventKind("tenant:registered", .tenantRegistered, to: [.SYS]),
        EventKind("tenant:created", .customer, seed: "customer:created", to: [.SYS]),
        EventKind("tenant:updated", .customer, seed: "customer:updated", to: [.SYS]),
        EventKind("account:updated", .account, to: [.T]),
        EventKind("tenant:approved", .tenantApproved, to: [.SYS, .T, .U]),
        EventKind("tenant:rejected", .tenantReason, to: [.SYS]),
        EventKind("tenant:suspended", .tenantSuspended, to: [.SYS, .T]),
        EventKind("tenant:reinstated", .tenantID, to: [.SYS, .T, .U]),
        EventKind("tenant:deleted", .tenantDeleted, seed: "customer:deleted", to: [.SYS]),
        EventKind("property:created", .configured("property"), to: [.T, .SYS]),
        EventKind("property:updated", .configured("property"), to: [.T]),
        EventKind("property:archived", .configured("property"), to: [.T]),
        EventKind("department:created", .configured("department"), to: [.P]),
        EventKind("department:updated", .configured("department"), to: [.P]),
        EventKind("department:retired", .configured("department"), to: [.P]),
    ]

    /// 7.2, and what the catalogue does not name: roles.
    private static let people = [
        EventKind("user:created", .user, to: [.PLATFORM, .T, .OWN, .MGR]),
        EventKind("user:updated", .userUpdated, to: [.PLATFORM, .T, .OWN, .MGR, .U]),
        EventKind("user:deleted", .userDeleted, to: [.PLATFORM, .T, .OWN, .MGR]),
        EventKind("user:role_changed", .roleChanged, to: [.PLATFORM, .T, .OWN, .MGR, .U]),
        EventKind("role:created", .role, to: [.OWN, .MGR]),
        EventKind("role:updated", .role, to: [.OWN, .MGR]),
        EventKind("role:deleted", .role, to: [.OWN, .MGR]),
        EventKind("auth:permissions_changed", .permissionsChanged, alias: "PermissionsChanged", to: [.U]),
        EventKind("auth:password_changed", .passwordChanged, alias: "PasswordChanged", to: [.U]),
        EventKind("auth:account_suspended", .accountSuspended, alias: "AccountSuspended", to: [.U, .MGR]),
        EventKind("auth:account_activated", .accountActivated, alias: "AccountActivated", to: [.U, .MGR]),
        EventKind("auth:login_succeeded", .login, to: [.U]),
        EventKind("auth:login_failed", .login, to: [.U]),
        EventKind("auth:session_revoked", .sessionRevoked, alias: "SessionRevoked", to: [.U]),
        EventKind("auth:token_expiring", .tokenExpiring, isLogged: false, to: []),
    ]

    /// 7.3, and room types.
    private static let rooms = [
        EventKind("room:status_changed", .roomStatus, to: [.P, .Tcompact, .Dhk, .FD, .Dmt, .K]),
        EventKind("room:ready", .roomReady, to: [.FD]),
        EventKind("room:rush_set", .roomRushSet, to: [.Dhk, .FD]),
        EventKind("room:rush_cleared", .roomRushCleared, to: [.Dhk, .FD]),
        EventKind("room:discrepancy_opened", .discrepancyOpened, to: [.FD, .Dhk]),
        EventKind("room:discrepancy_resolved", .discrepancyResolved, to: [.FD, .Dhk]),
        EventKind("room:created", .configured("room"), to: [.P]),
        EventKind("room:updated", .configured("room"), to: [.P]),
        EventKind("room:retired", .configured("room"), to: [.P]),
        EventKind("room_type:created", .configured("room_type"), to: [.P]),
        EventKind("room_type:updated", .configured("room_type"), to: [.P]),
        EventKind("room_type:retired", .configured("room_type"), to: [.P]),
    ]

    /// 7.11: what became of writes that came late.
    private static let writes = [
        EventKind("sync:conflict_resolved", .conflictResolved, alias: "ConflictResolved", to: [.U, .D]),
        EventKind("sync:op_rejected", .operationRejected, alias: "OpRejected", to: [.U]),
    ]
}
