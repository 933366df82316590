internal import Hotel
internal import Ports
internal import Shared

/// A user as REST shows it.
enum UserShape {
    static let shape = JSONShape<ShownUser>.object("User") { members in
        members.member("id", .id(), \.user.id)
        members.member("version", .count, \.user.version)
        members.member("name", .text, \.user.name)
        members.member("email", .text(format: "email"), \.user.email)
        members.nullable("phone", .text, \.user.phone)
        members.member("locale", .text, \.user.locale)
        members.nullable("job_title", .text, \.user.jobTitle)
        members.member("status", .oneOf(UserStatus.self), \.user.status)
        members.member("is_active", .bool) { $0.user.status == .active }
        members.member("mfa_enabled", .bool, \.user.hasMFA)
        members.nullable("last_login_at", .timestamp, \.user.lastLoginAt)
        // Until when a link is good by which the user sets a password.
        members.nullable("invitation_expires_at", .timestamp, \.user.linkExpiresAt)
        members.member("roles", .array(of: UserShape.role), \.user.assignments)
        members.member("created_at", .timestamp, \.user.createdAt)
        members.member("updated_at", .timestamp, \.user.updatedAt)
    }

    private static let role = JSONShape<RoleAssignment>.object("RoleAssignment") { members in
        members.member("role", .text, \.role.code)
        members.nullable("property_id", .id(), \.property)
        members.nullable("department_id", .id(), \.department)
    }
}
