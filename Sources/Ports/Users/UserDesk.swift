package import Crypto
package import Hotel
package import Shared

/// Users at the desk: those of the origin's tenant, or the platform's own.
package protocol UserDesk: AnyObject {
    /// A user with all that decides about them, locked; `nil` if there is none, or none any more.
    func user(_ id: UserID) async throws(StoreError) -> UserFile?

    /// What surrounds users, where there is none yet.
    func userGround() async throws(StoreError) -> UserGround

    /// How many other active users hold a role everywhere. Commands that ask go one after the other until they are committed, so
    /// that no two of them take away the last two.
    func others(than user: UserID, holding role: Role) async throws(StoreError) -> Int

    /// The sessions of a user that live, locked.
    func liveSessions(of user: UserID) async throws(StoreError) -> [SessionID]

    /// The kind of the link with this hash, locked, if it is this user's and good now.
    func link(_ token: TokenHash, of user: UserID) async throws(StoreError) -> UserLink.Kind?

    /// Keeps a new user, with their roles.
    func add(_ user: UserRecord)
    /// Keeps a user that was loaded: the row, and the roles that were given or taken away.
    func keep(_ user: UserRecord, before: UserRecord)
    /// Keeps a password; `nil` is one that nobody knows.
    func keep(password: PasswordHash?, of user: UserID)
    /// Keeps the link of a user, the only one; `nil` takes it away.
    func keep(link: UserLink?, of user: UserID)
    func end(_ sessions: [SessionID], because reason: SessionEnd)
}
