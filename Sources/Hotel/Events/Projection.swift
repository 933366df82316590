/// One telling of an event (architecture 1.2): the same change is told differently to the desk, the property, the tenant.
package enum Projection: UInt8, CaseIterable, Sendable {
    case full
    /// Without names of guests, contacts, prices and free text; staff may be named.
    case nonPersonal
    /// The few fields that a board of the whole tenant shows.
    case compact
    /// For guests: nothing personal of others, no names of staff.
    case resident
}

/// What a field of a payload gives away (`domain.md` 6.4).
package enum Sensitivity: Sendable {
    /// Room numbers, states, ids, counts.
    case open
    /// Names of staff.
    case staff
    /// Names of guests, contact data, prices, free text.
    case personal
}

extension Projection {
    func shows(_ field: EventField) -> Bool { self.shows(field.sensitivity, isCompact: field.isCompact) }

    func shows(_ sensitivity: Sensitivity, isCompact: Bool) -> Bool {
        switch self {
        case .full: true
        case .nonPersonal: sensitivity != .personal
        case .compact: isCompact && sensitivity != .personal
        case .resident: sensitivity == .open
        }
    }
}
