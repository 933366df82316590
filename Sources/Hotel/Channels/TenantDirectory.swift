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
