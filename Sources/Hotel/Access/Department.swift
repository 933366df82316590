package import Shared

/// What a department does (`domain.md` 2.1).
package enum DepartmentKind: String, CaseIterable, Sendable {
    case frontOffice = "front_office"
    case housekeeping
    case maintenance
    case foodBeverage = "food_beverage"
    case concierge
    case security
    case spa
    case it
    case finance
    case other
}

/// A department as permissions and channels need to know it.
package struct Department: Hashable, Sendable {
    package let id: DepartmentID
    package let kind: DepartmentKind
    /// How channel names call it.
    package let slug: ChannelSlug

    package init(id: DepartmentID, kind: DepartmentKind, slug: ChannelSlug) {
        self.id = id
        self.kind = kind
        self.slug = slug
    }
}
