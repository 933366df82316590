package import Shared

extension Actor {
    /// Whether a property is there for the actor: staff see where they have any role, the platform's staff what they manage or
    /// were let into. Guests see their stay, not the house behind it.
    package func sees(_ property: PropertyID, of tenant: TenantID) -> Bool {
        let place = Place.property(property, of: tenant)
        switch self.kind {
        case .system: return true
        case .resident: return false
        case .user where self.tenant == nil:
            return self.supportGrant == tenant || !self.may(.propertyManage, at: place).isRefused
        case .user, .integration:
            return self.tenant == tenant && self.assignments.contains { $0.covers(place) }
        }
    }

    /// Refuses who does not hold a permission in full.
    package func require(_ permission: Permission, at place: Place) throws(Refusal) {
        guard self.may(permission, at: place) == .full else {
            throw Refusal(.forbidden, params: ["permission": .string(permission.rawValue)])
        }
    }
}
