package import Crypto
package import Hotel
package import Shared

/// Where users are read, by whoever shows them. Nothing is locked.
package protocol UserDirectory: Sendable {
    /// A user of the tenant, or of the platform, whom the viewer sees; `nil` if there is none.
    func user(_ id: UserID, of tenant: TenantID?, for viewer: UserViewer) async throws(StoreError) -> ShownUser?

    /// Users in the order of their names, with the position of the stream, which is read before them.
    func users(
        _ wanted: UserSelection, of tenant: TenantID?, for viewer: UserViewer
    ) async throws(StoreError) -> (StreamHead, [ShownUser])

    /// The user whom a link lets in; `nil` if there is no such link, or it is over.
    func link(_ token: TokenHash) async throws(StoreError) -> LinkedUser?
}

/// Who looks at users.
package struct UserViewer: Sendable {
    package let user: UserID
    package let reach: UserReach

    package init(_ user: UserID, reach: UserReach) {
        self.user = user
        self.reach = reach
    }
}

/// A user as it is shown; a class for the reason that ``ShownRoom`` is one.
package final class ShownUser: Sendable {
    package let user: UserRecord

    package init(_ user: UserRecord) { self.user = user }
}

/// Which users a list shows.
package struct UserSelection: Sendable {
    /// Where the page before ended.
    package struct Position: Equatable, Sendable {
        package let sortKey: String
        package let user: UserID

        package init(sortKey: String, user: UserID) {
            self.sortKey = sortKey
            self.user = user
        }
    }

    /// Who has a role that counts there.
    package var property: PropertyID?
    /// Who has the role of this code.
    package var role: String?
    package var status: UserStatus?
    /// Whose name begins with it, in any case.
    package var name: String?
    package var after: Position?
    package var limit: Int

    package init(limit: Int) { self.limit = limit }
}

/// Whom a link lets in.
package final class LinkedUser: Sendable {
    package let user: TenantUser
    package let name: String
    package let email: LoginEmail

    package init(_ user: TenantUser, name: String, email: LoginEmail) {
        self.user = user
        self.name = name
        self.email = email
    }
}
