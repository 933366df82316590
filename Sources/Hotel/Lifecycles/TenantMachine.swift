package import Shared

/// What can be asked of a tenant (`domain.md` 4.7).
package enum TenantCommand: Hashable, Sendable {
    /// From the public form.
    case register
    /// By platform staff: active at once.
    case create
    case approve
    case reject(reason: String)
    case suspend(reason: String)
    case reinstate
    case delete
}

package enum TenantEvent: Hashable, Sendable {
    case registered, created, approved
    case rejected(reason: String)
    case suspended(reason: String)
    case reinstated, deleted
}

package enum TenantFollowUp: Hashable, Sendable {
    case inviteOwner, welcomeMail
    /// All sockets of its users close within 5 s, after they were told.
    case closeSockets
    case pausePMSLinks
    /// Recoverable until then.
    case scheduleErasure
}

package struct TenantDecision: Hashable, Sendable {
    package let after: TenantStatus
    package let events: [TenantEvent]
    package let followUps: [TenantFollowUp]
}

/// `pending → active → suspended → active … → closed`.
package enum TenantMachine {
    /// - Parameter status: `nil` of a tenant that is not there yet.
    /// - Parameter id: of the tenant; the actor must hold the permission there.
    package static func decide(
        _ status: TenantStatus?, _ command: TenantCommand, by actor: Actor, _ id: TenantID
    ) throws(Refusal) -> TenantDecision {
        try self.authorise(command, actor, id)
        switch (status, command) {
        case (nil, .register):
            return TenantDecision(after: .pending, events: [.registered, .created], followUps: [])
        case (nil, .create):
            return TenantDecision(
                after: .active, events: [.created, .approved], followUps: [.inviteOwner, .welcomeMail])
        case (.pending, .approve):
            return TenantDecision(after: .active, events: [.approved], followUps: [.inviteOwner, .welcomeMail])
        case (.pending, .reject(let reason)):
            return TenantDecision(after: .closed, events: [.rejected(reason: reason)], followUps: [])
        case (.active, .suspend(let reason)):
            return TenantDecision(
                after: .suspended, events: [.suspended(reason: reason)], followUps: [.closeSockets, .pausePMSLinks])
        case (.suspended, .reinstate): return TenantDecision(after: .active, events: [.reinstated], followUps: [])
        case (.pending, .delete), (.active, .delete), (.suspended, .delete):
            return TenantDecision(
                after: .closed, events: [.deleted], followUps: [.closeSockets, .pausePMSLinks, .scheduleErasure])
        default: throw .transition(from: status?.rawValue ?? "new", allowed: self.allowed(status))
        }
    }

    private static func authorise(_ command: TenantCommand, _ actor: Actor, _ id: TenantID) throws(Refusal) {
        let permission: Permission
        switch command {
        // Anybody signs up; the form's own limits keep it decent. Its command comes from the system.
        case .register: permission = .tenantCreate
        case .create: permission = .tenantCreate
        case .approve, .reject: permission = .tenantApprove
        case .suspend, .reinstate: permission = .tenantSuspend
        case .delete: permission = .tenantDelete
        }
        // SYS suspends who does not pay, and registers; the rest is for people to decide.
        let isSystems = actor.kind == .system && (permission == .tenantSuspend || command == .register)
        guard isSystems || (actor.kind != .system && actor.may(permission, at: .tenant(id)) == .full) else {
            throw Refusal(.forbidden, params: ["permission": .string(permission.rawValue)])
        }
    }

    private static func allowed(_ status: TenantStatus?) -> [String] {
        switch status {
        case nil: ["pending", "active"]
        case .pending: ["active", "closed"]
        case .active: ["suspended", "closed"]
        case .suspended: ["active", "closed"]
        case .closed: []
        }
    }

    /// Why a tenant's users may not work now; `nil`: they may.
    package static func obstacle(_ status: TenantStatus) -> RefusalCode? {
        switch status {
        case .active: nil
        case .pending: .tenantPending
        case .suspended: .tenantSuspended
        // To those outside it is gone.
        case .closed: .unauthenticated
        }
    }
}
