package import Hotel
package import Shared

/// Who acts, as the store knows it at one moment.
package struct SessionActor: Equatable, Sendable {
    package let standing: AccountStanding
    package let actor: Actor

    package init(standing: AccountStanding, actor: Actor) {
        self.standing = standing
        self.actor = actor
    }
}

/// Looks up what decides about callers: who they are now, and what their tenant has. One question to the store each.
package protocol ActorDirectory: Sendable {
    /// Who acts in a session; `nil` if the session has ended, or is not that user's.
    func actor(in session: SessionID, of user: TenantUser) async throws(StoreError) -> SessionActor?

    /// What there is in a tenant; `nil` if there is no such tenant.
    func directory(of tenant: TenantID) async throws(StoreError) -> TenantDirectory?
}
