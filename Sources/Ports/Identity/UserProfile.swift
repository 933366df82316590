package import Hotel
package import Shared

/// What a client is told about the user that it has signed in (`contract.md` 4).
package struct UserProfile: Equatable, Sendable {
    package let id: UserID
    package let name: String
    package let email: LoginEmail
    package let tenant: TenantID?
    package let roles: [String]
    /// What the user may do anywhere, in full or within limits.
    package let permissions: [Permission]
    /// Where the user has a role.
    package let properties: [PropertyID]

    package init(
        id: UserID, name: String, email: LoginEmail, tenant: TenantID?, roles: [String], permissions: [Permission],
        properties: [PropertyID]
    ) {
        self.id = id
        self.name = name
        self.email = email
        self.tenant = tenant
        self.roles = roles
        self.permissions = permissions
        self.properties = properties
    }

    /// - Parameter directory: of the actor's tenant; `nil` for the platform's own staff.
    package init(_ id: UserID, email: LoginEmail, actor: Actor, in directory: TenantDirectory?) {
        let everywhere = actor.assignments.contains { $0.property == nil }
        let properties = (directory?.sortedProperties ?? []).filter { property in
            everywhere || actor.assignments.contains { $0.property == property }
        }
        var roles: [String] = []
        for assignment in actor.assignments where !roles.contains(assignment.role.code) {
            roles.append(assignment.role.code)
        }
        let places = Self.places(of: directory, properties)
        self.init(
            id: id, name: actor.name, email: email, tenant: actor.tenant, roles: roles,
            permissions: Permission.allCases.filter { permission in
                places.contains { !actor.may(permission, at: $0).isRefused }
            },
            properties: properties)
    }

    /// The platform, or the tenant as a whole and each of these properties.
    package static func places(of directory: TenantDirectory?, _ properties: [PropertyID]) -> [Place] {
        guard let directory else { return [.platform] }
        return [.tenant(directory.tenant)] + properties.map { .property($0, of: directory.tenant) }
    }
}
