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
        EventKind("tenant:registered", to: [.SYS]),
        EventKind("tenant:created", seed: "customer:created", to: [.SYS]),
        EventKind("tenant:updated", seed: "customer:updated", to: [.SYS]),
        EventKind("account:updated", to: [.T]),
        EventKind("tenant:approved", to: [.SYS, .T, .U]),
        EventKind("tenant:rejected", to: [.SYS]),
        EventKind("tenant:suspended", to: [.SYS, .T]),
        EventKind("tenant:reinstated", to: [.SYS, .T, .U]),
        EventKind("tenant:deleted", seed: "customer:deleted", to: [.SYS]),
        EventKind("property:created", to: [.T, .SYS]),
        EventKind("property:updated", to: [.T]),
        EventKind("property:archived", to: [.T]),
        EventKind("department:created", to: [.P]),
        EventKind("department:updated", to: [.P]),
        EventKind("department:retired", to: [.P]),
    ]

    /// 7.2, and what the catalogue does not name: roles.
    private static let people = [
        EventKind("user:created", to: [.PLATFORM, .T, .OWN, .MGR]),
        EventKind("user:updated", to: [.PLATFORM, .T, .OWN, .MGR, .U]),
        EventKind("user:deleted", to: [.PLATFORM, .T, .OWN, .MGR]),
        EventKind("user:role_changed", to: [.PLATFORM, .T, .OWN, .MGR, .U]),
        EventKind("role:created", to: [.OWN, .MGR]),
        EventKind("role:updated", to: [.OWN, .MGR]),
        EventKind("role:deleted", to: [.OWN, .MGR]),
        EventKind("auth:permissions_changed", alias: "PermissionsChanged", to: [.U]),
        EventKind("auth:password_changed", alias: "PasswordChanged", to: [.U]),
        EventKind("auth:account_suspended", alias: "AccountSuspended", to: [.U, .MGR]),
        EventKind("auth:account_activated", alias: "AccountActivated", to: [.U, .MGR]),
        EventKind("auth:login_succeeded", to: [.U]),
        EventKind("auth:login_failed", to: [.U]),
        EventKind("auth:session_revoked", alias: "SessionRevoked", to: [.U]),
        EventKind("auth:token_expiring", isLogged: false, to: []),
    ]

    /// 7.3, and room types.
    private static let rooms = [
        EventKind("room:status_changed", to: [.P, .Tcompact, .Dhk, .FD, .Dmt, .K]),
        EventKind("room:ready", to: [.FD]),
        EventKind("room:rush_set", to: [.Dhk, .FD]),
        EventKind("room:rush_cleared", to: [.Dhk, .FD]),
        EventKind("room:discrepancy_opened", to: [.FD, .Dhk]),
        EventKind("room:discrepancy_resolved", to: [.FD, .Dhk]),
        EventKind("room:created", to: [.P]),
        EventKind("room:updated", to: [.P]),
        EventKind("room:retired", to: [.P]),
        EventKind("room_type:created", to: [.P]),
        EventKind("room_type:updated", to: [.P]),
        EventKind("room_type:retired", to: [.P]),
    ]

    /// 7.11: what became of writes that came late.
    private static let writes = [
        EventKind("sync:conflict_resolved", alias: "ConflictResolved", to: [.U, .D]),
        EventKind("sync:op_rejected", alias: "OpRejected", to: [.U]),
    ]
}
