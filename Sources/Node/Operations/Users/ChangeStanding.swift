package import Crypto
internal import Hotel
package import Ports
package import Shared

/// Somebody suspends or deletes an account, lets it in again, or voids its password.
package final class ChangeStanding: HotelCommand {
    package enum Wish: Sendable {
        case suspend(reason: String)
        case activate
        case delete
        /// - Parameter token: of the link by which the user sets another password.
        case resetPassword(token: TokenHash)

        var command: UserCommand {
            switch self {
            case .suspend(let reason): .suspend(reason: reason)
            case .activate: .activate
            case .delete: .delete
            case .resetPassword: .resetPassword
            }
        }
    }

    package let user: UserID
    package let wish: Wish
    package let expected: Int64?

    package init(_ user: UserID, _ wish: Wish, expected: Int64? = nil) {
        self.user = user
        self.wish = wish
        self.expected = expected
    }

    package var action: String {
        switch self.wish {
        case .suspend: "user:suspend"
        case .activate: "user:activate"
        case .delete: "user:delete"
        case .resetPassword: "user:reset_password"
        }
    }

    package var subject: EntityReference? { EntityReference("user", self.user) }

    package func decide(at desk: any CommandDesk) async throws(StoreError) -> CommandVerdict {
        let found = try await SeenUser.find(self.user, expected: self.expected, at: desk)
        let file: UserFile
        let decision: UserDecision
        do throws(Refusal) {
            file = try found.get()
            decision = try UserMachine.decide(
                file.user.status, self.wish.command, by: desk.origin.actor,
                ManagedUser(self.user, file.user.assignments, in: file.ground.directory))
        } catch {
            return .refused(error)
        }
        let kept = decision.after == .active ? file.user.assignments : []
        let isLast = try await SeenUser.isLastHolder(file.user, keeping: kept, at: desk)
        if isLast { return .refused(desk.refusal(ofLast: file.user)) }
        if decision.followUps.contains(.revokeAllSessions) {
            let sessions = try await desk.liveSessions(of: self.user)
            desk.end(sessions, because: .epochRaised)
        }
        return .decided(self.decision(file, decision, at: desk))
    }

    private func decision(_ file: UserFile, _ decision: UserDecision, at desk: any CommandDesk) -> CommandDecision {
        var after = file.user
        after.status = decision.after
        if decision.followUps.contains(.raiseTokenEpoch) { after.epoch = after.epoch.next }
        switch self.wish {
        case .resetPassword(let token):
            let link = UserLink.new(.reset, token, now: desk.now)
            after.linkExpiresAt = link.expiresAt
            desk.keep(password: nil, of: self.user)
            desk.keep(link: link, of: self.user)
        case .delete:
            after.linkExpiresAt = nil
            desk.keep(link: nil, of: self.user)
        case .suspend, .activate: break
        }
        var change = AccountChange(file.user, to: after, file.ground, desk.origin, now: desk.now)
        change.tell(decision)
        desk.keep(change.after, before: file.user)
        return change.decision(self.action)
    }
}

/// A user sets a password by a link: the first one, or another in the place of one that was voided.
package final class AcceptLink: HotelCommand {
    package let user: UserID
    package let token: TokenHash
    package let password: PasswordHash

    package init(_ user: UserID, token: TokenHash, password: PasswordHash) {
        self.user = user
        self.token = token
        self.password = password
    }

    package var action: String { "user:accept" }
    package var subject: EntityReference? { EntityReference("user", self.user) }

    package func decide(at desk: any CommandDesk) async throws(StoreError) -> CommandVerdict {
        let file = try await desk.user(self.user)
        // Looked at after the account was locked: of two who follow one link, the second finds none.
        let kind = try await desk.link(self.token, of: self.user)
        guard let file, let kind, desk.isSound(file.ground) else { return .refused(Refusal(.unauthenticated)) }
        if let obstacle = file.ground.directory.flatMap({ TenantMachine.obstacle($0.status) }) {
            return .refused(Refusal(obstacle))
        }
        let sessions = try await desk.liveSessions(of: self.user)
        return self.decide(file, kind, sessions, at: desk)
    }

    private func decide(
        _ file: UserFile, _ kind: UserLink.Kind, _ sessions: [SessionID], at desk: any CommandDesk
    ) -> CommandVerdict {
        do throws(Refusal) {
            let decision = try UserMachine.decide(
                file.user.status, kind == .invitation ? .accept : .changePassword, by: desk.origin.actor,
                ManagedUser(self.user, file.user.assignments, in: file.ground.directory))
            var after = file.user
            after.status = decision.after
            after.linkExpiresAt = nil
            var change = AccountChange(file.user, to: after, file.ground, desk.origin, now: desk.now)
            change.tell(decision)
            // The password first: an account without one cannot be active.
            desk.keep(password: self.password, of: self.user)
            desk.keep(change.after, before: file.user)
            desk.keep(link: nil, of: self.user)
            desk.end(sessions, because: .passwordChanged)
            return .decided(change.decision(self.action))
        } catch {
            // What the account has become meanwhile is not told to who only holds a link.
            return .refused(error.code == .transitionNotAllowed ? Refusal(.unauthenticated) : error)
        }
    }
}
