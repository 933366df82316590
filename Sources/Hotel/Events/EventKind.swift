/// To whom an event is told, as the catalogue says it (`domain.md` 7): resolved to audiences with the event's addressees.
package enum AudienceCode: Hashable, Sendable {
    /// PUB, SYS, T, P, FD, K, KR, FIN, OWN, MGR, RES.
    case announcements, system, tenant, property, frontDesk, kpi, kpiRevenue, finance, owners, managers, residents
    /// SYS, where the event is about the platform's own and has no tenant.
    case systemIfPlatform
    /// D:hk, D:mt.
    case department(DepartmentKind)
    /// D: the department named with the event.
    case ownDepartment
    /// U: the people named with the event.
    case users
    /// ST
    case stay
}

/// A row of the catalogue.
package struct EventKind: Sendable {
    package struct Listener: Hashable, Sendable {
        package let code: AudienceCode
        package let projection: Projection
    }

    /// `entity:action`
    package let name: String
    /// What Pusher clients hear.
    package let pascal: String
    /// What Socket.IO clients hear: the canonical name or the seed's.
    package let socketIO: String
    package let listeners: [Listener]
    /// An ephemeral event has no `seq` and is in no log.
    package let isLogged: Bool
    /// What it tells.
    package let data: EventData

    init(
        _ name: String, _ data: EventData, alias: String? = nil, seed: String? = nil, isLogged: Bool = true,
        to listeners: [Listener]
    ) {
        self.name = name
        self.pascal = alias ?? EventName.pascal(name)
        self.socketIO = seed ?? name
        self.isLogged = isLogged
        self.data = data
        self.listeners = listeners
    }
}

/// The columns of the table.
extension EventKind.Listener {
    static let SYS = Self(code: .system, projection: .full)
    static let PLATFORM = Self(code: .systemIfPlatform, projection: .full)
    static let T = Self(code: .tenant, projection: .nonPersonal)
    static let Tcompact = Self(code: .tenant, projection: .compact)
    static let P = Self(code: .property, projection: .nonPersonal)
    static let FD = Self(code: .frontDesk, projection: .full)
    static let K = Self(code: .kpi, projection: .nonPersonal)
    static let OWN = Self(code: .owners, projection: .full)
    static let MGR = Self(code: .managers, projection: .full)
    static let U = Self(code: .users, projection: .full)
    static let D = Self(code: .ownDepartment, projection: .full)
    static let Dhk = Self(code: .department(.housekeeping), projection: .full)
    static let Dmt = Self(code: .department(.maintenance), projection: .full)
}
