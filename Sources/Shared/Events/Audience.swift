/// Kinds of channel on which events of the hotel are told (`domain.md` 6.1). The raw values travel and are stored: a number is
/// never used for something else.
package enum AudienceKind: UInt8, CaseIterable, Sendable {
    /// Anybody: announcements of the platform.
    case announcements = 1
    /// Platform staff.
    case systemAdmin = 2
    /// One user.
    case user = 3
    /// All users of the tenant.
    case tenant = 4
    /// Staff of one property.
    case property = 5
    /// One department of one property.
    case department = 6
    case frontDesk = 7
    case kpi = 8
    case kpiRevenue = 9
    case finance = 10
    case owners = 11
    case managers = 12
    case residents = 13
    /// The residents of one stay.
    case stay = 14
    /// Those who are there: staff of one property, a department of it, and who looks at the same thing.
    case propertyPresence = 15
    case departmentPresence = 16
    case thread = 17
}

/// One audience within a stream: what a channel of the hotel is, without its spelling.
package struct Audience: Hashable, Sendable {
    package let kind: AudienceKind
    /// The user, property or stay; 0 where the stream says all.
    package let subject: UInt128
    /// The department's slug, or what kind of thing a thread is about; empty for all other kinds.
    package let code: String

    package init(_ kind: AudienceKind, subject: UInt128 = 0, code: String = "") {
        self.kind = kind
        self.subject = subject
        self.code = code
    }
}

/// To whom an event is told, and in which of its projections.
package struct EventTarget: Hashable, Sendable {
    package let audience: Audience
    /// Index into the event's projections.
    package let projection: UInt8

    package init(_ audience: Audience, projection: UInt8) {
        self.audience = audience
        self.projection = projection
    }
}
