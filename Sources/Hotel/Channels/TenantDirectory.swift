package import Shared

/// What there is in a tenant, as far as its channels depend on it.
package struct TenantDirectory: Equatable, Sendable {
    package let tenant: TenantID
    package let status: TenantStatus
    /// The departments of every property.
    package let properties: [PropertyID: [Department]]

    package init(_ tenant: TenantID, status: TenantStatus, properties: [PropertyID: [Department]]) {
        self.tenant = tenant
        self.status = status
        self.properties = properties
    }

    /// The department that a channel's name means.
    package func department(_ slug: ChannelSlug, at property: PropertyID) -> Department? {
        self.properties[property]?.first { $0.slug == slug }
    }

    /// In a fixed order, so that answers are the same every time.
    package var sortedProperties: [PropertyID] { self.properties.keys.sorted() }
}

extension TenantDirectory {
    /// The properties at which somebody may do something, in full or within limits.
    package func properties(where actor: Actor, may permission: Permission) -> [PropertyID] {
        self.sortedProperties.filter { !actor.may(permission, at: .property($0, of: self.tenant)).isRefused }
    }
}
