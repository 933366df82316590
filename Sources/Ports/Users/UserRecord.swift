package import Crypto
package import Hotel
package import Shared

/// A user as commands decide about it and as it is shown. Its password is nowhere in here.
package struct UserRecord: Sendable {
    /// A role that the user was given, by the id under which it is taken away again.
    package struct Given: Equatable, Sendable {
        package let id: UInt128
        package let assignment: RoleAssignment

        package init(id: UInt128, _ assignment: RoleAssignment) {
            self.id = id
            self.assignment = assignment
        }
    }

    package let id: UserID
    package var email: String
    package var name: String
    package var phone: String?
    package var locale: String
    package var jobTitle: String?
    package var status: UserStatus
    package var hasMFA = false
    package var lastLoginAt: Timestamp?
    package var epoch = TokenEpoch(raw: 1)
    /// In the order in which they were given.
    package var roles: [Given]
    /// Until when a link is good by which the user sets a password; `nil` if there is none.
    package var linkExpiresAt: Timestamp?
    package var version: Int64 = 1
    package let createdAt: Timestamp
    package var updatedAt: Timestamp
    /// By which lists of users are ordered; the store's.
    package var sortKey = ""

    package init(
        id: UserID, email: String, name: String, phone: String?, locale: String, jobTitle: String?,
        status: UserStatus, roles: [Given], createdAt: Timestamp, updatedAt: Timestamp
    ) {
        self.id = id
        self.email = email
        self.name = name
        self.phone = phone
        self.locale = locale
        self.jobTitle = jobTitle
        self.status = status
        self.roles = roles
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }

    package var assignments: [RoleAssignment] { self.roles.map(\.assignment) }

    /// The codes of the roles, each once.
    package var roleCodes: [String] {
        var codes: [String] = []
        for role in self.roles where !codes.contains(role.assignment.role.code) {
            codes.append(role.assignment.role.code)
        }
        return codes
    }

    /// The user as an actor: what decides about permissions and channels.
    package func actor(of tenant: TenantID?) -> Actor {
        .user(self.id, name: self.name, tenant: tenant, assignments: self.assignments)
    }

    /// As events tell of it.
    package func view(of ground: UserGround) -> UserView {
        UserView(
            id: self.id, name: self.name, email: self.email, phone: self.phone, roles: self.roleCodes,
            department: self.roles.first { $0.assignment.department != nil }?.assignment.department,
            company: ground.company, status: self.status)
    }
}

/// What surrounds the users of a tenant: where roles can be given, and which.
///
/// A class for the reason that ``ShownRoom`` is one.
package final class UserGround: Sendable {
    /// `nil` for the platform.
    package let directory: TenantDirectory?
    /// The tenant's name; `nil` for the platform.
    package let company: String?
    /// The tenant's own.
    package let roles: [CustomRole]

    package init(directory: TenantDirectory?, company: String?, roles: [CustomRole]) {
        self.directory = directory
        self.company = company
        self.roles = roles
    }

    /// The role that a code means here.
    package func role(_ code: String) -> AssignedRole? {
        if let role = Role(rawValue: code) {
            return role.scope == (self.directory == nil ? .platform : .tenant) ? .builtIn(role) : nil
        }
        return self.roles.first { $0.code.key == code.lowercased() }.map { .custom($0) }
    }
}

/// A user that was loaded, and what surrounds it.
package final class UserFile: Sendable {
    package let user: UserRecord
    package let ground: UserGround

    package init(_ user: UserRecord, _ ground: UserGround) {
        self.user = user
        self.ground = ground
    }
}

/// A link by which a user sets a password, as it is kept: good once, until it expires or a newer one takes its place.
package struct UserLink: Sendable {
    package enum Kind: String, CaseIterable, Sendable {
        case invitation
        /// Somebody who manages the account has voided the password.
        case reset
    }

    package let kind: Kind
    package let token: TokenHash
    package let expiresAt: Timestamp

    package init(_ kind: Kind, _ token: TokenHash, expiresAt: Timestamp) {
        self.kind = kind
        self.token = token
        self.expiresAt = expiresAt
    }
}
