package import Shared

/// What can be asked of a user's account (`domain.md` 4.7).
package enum UserCommand: Hashable, Sendable {
    case invite
    /// The invitation's link was followed and a password set.
    case accept
    case suspend(reason: String)
    case activate
    case delete
    /// With the old one known.
    case changePassword
    /// By somebody else, or by a mailed link.
    case resetPassword
}

package enum UserEvent: Hashable, Sendable {
    case created, updated
    case accountSuspended(reason: String)
    case accountActivated
    case deleted
    case passwordChanged(bySelf: Bool)
}

package enum UserFollowUp: Hashable, Sendable {
    case mailInvitation
    /// Every token is void from now on.
    case raiseTokenEpoch
    case revokeOtherSessions
    case revokeAllSessions
    case closeSockets
}

package struct UserDecision: Hashable, Sendable {
    package let after: UserStatus
    package let events: [UserEvent]
    package let followUps: [UserFollowUp]
}

/// Whom a command about an account is about: the roles they hold, and where.
package struct ManagedUser: Hashable, Sendable {
    package struct Held: Hashable, Sendable {
        package let role: AssignedRole
        package let place: Place

        package init(_ role: AssignedRole, at place: Place) {
            self.role = role
            self.place = place
        }
    }

    package let id: UserID
    package let tenant: TenantID?
    package let roles: [Held]

    package init(_ id: UserID, tenant: TenantID?, roles: [Held]) {
        self.id = id
        self.tenant = tenant
        self.roles = roles
    }
}

/// `invited → active → suspended → active → deleted`; an account can be deleted at any time.
package enum UserMachine {
    /// - Parameter status: `nil` of an account that is not there yet.
    package static func decide(
        _ status: UserStatus?, _ command: UserCommand, by actor: Actor, _ user: ManagedUser
    ) throws(Refusal) -> UserDecision {
        try self.authorise(command, actor, user)
        switch (status, command) {
        case (nil, .invite): return UserDecision(after: .invited, events: [.created], followUps: [.mailInvitation])
        case (.invited, .invite): return UserDecision(after: .invited, events: [], followUps: [.mailInvitation])
        case (.invited, .accept):
            return UserDecision(after: .active, events: [.updated, .accountActivated], followUps: [])
        case (.active, .suspend(let reason)):
            return UserDecision(
                after: .suspended, events: [.updated, .accountSuspended(reason: reason)],
                followUps: [.raiseTokenEpoch, .revokeAllSessions, .closeSockets])
        case (.suspended, .activate):
            return UserDecision(after: .active, events: [.updated, .accountActivated], followUps: [])
        case (.invited, .delete), (.active, .delete), (.suspended, .delete):
            return UserDecision(
                after: .deleted, events: [.deleted], followUps: [.raiseTokenEpoch, .revokeAllSessions, .closeSockets])
        case (.active, .changePassword):
            return UserDecision(
                after: .active, events: [.passwordChanged(bySelf: true)], followUps: [.revokeOtherSessions])
        case (.active, .resetPassword):
            return UserDecision(
                after: .active, events: [.passwordChanged(bySelf: false)],
                followUps: [.raiseTokenEpoch, .revokeAllSessions, .closeSockets])
        default: throw .transition(from: status?.rawValue ?? "new", allowed: self.allowed(status))
        }
    }

    /// Whether the actor may manage this user: wherever the user holds a role, with a permission that reaches it, and only
    /// roles that the actor might have given.
    package static func mayManage(_ user: ManagedUser, _ permission: Permission, by actor: Actor) -> Bool {
        if actor.kind == .system { return true }
        guard actor.id != user.id.raw else { return false }
        guard let tenant = user.tenant else {
            return !actor.may(.platformUserManage, at: .platform).isRefused
                && user.roles.allSatisfy { actor.mayGive($0.role, at: .platform) }
        }
        guard !user.roles.isEmpty else { return actor.may(permission, at: .tenant(tenant)) == .full }
        return user.roles.allSatisfy { held in
            let allowance = actor.may(permission, at: held.place)
            let reaches = allowance == .full || (held.place.department.map { allowance.allows(in: $0) } ?? false)
            return reaches && actor.mayGive(held.role, at: held.place)
        }
    }

    private static func authorise(_ command: UserCommand, _ actor: Actor, _ user: ManagedUser) throws(Refusal) {
        let permission: Permission
        switch command {
        // Whoever holds the invitation's link or the old password is the user: the operation has made sure of that.
        case .accept, .changePassword:
            guard actor.kind == .system || actor.id == user.id.raw else { throw Refusal(.forbidden) }
            return
        case .invite: permission = .userInvite
        case .resetPassword: permission = .userUpdate
        case .suspend, .activate, .delete: permission = .userSuspend
        }
        guard self.mayManage(user, permission, by: actor) else {
            // Another tenant's user does not exist for this actor.
            let isForeign = actor.tenant != nil && actor.tenant != user.tenant
            throw isForeign
                ? Refusal(.notFound) : Refusal(.forbidden, params: ["permission": .string(permission.rawValue)])
        }
    }

    private static func allowed(_ status: UserStatus?) -> [String] {
        switch status {
        case nil: ["invited"]
        case .invited: ["active", "deleted"]
        case .active: ["suspended", "deleted"]
        case .suspended: ["active", "deleted"]
        case .deleted: []
        }
    }

    /// Why an account may not be used now; `nil`: it may.
    package static func obstacle(_ status: UserStatus) -> RefusalCode? {
        switch status {
        case .active: nil
        case .suspended: .userSuspended
        // Nobody learns that there is or was such an account.
        case .invited, .deleted: .unauthenticated
        }
    }
}
