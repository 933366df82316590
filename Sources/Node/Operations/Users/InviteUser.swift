package import Crypto
package import Hotel
package import Ports
package import Shared

/// What is said of a user who is to be made.
package struct NewUser: Sendable {
    package let id: UserID
    package let email: EmailAddress
    package let name: Name
    package var phone: PhoneNumber?
    package var locale = LanguageTag.usual
    package var jobTitle: Label?

    package init(id: UserID = .new(), email: EmailAddress, name: Name) {
        self.id = id
        self.email = email
        self.name = name
    }

    func record(_ roles: [RoleAssignment], now: Timestamp) -> UserRecord {
        UserRecord(
            id: self.id, email: self.email.text, name: self.name.text, phone: self.phone?.text,
            locale: self.locale.text, jobTitle: self.jobTitle?.text, status: .invited,
            roles: roles.map { UserRecord.Given(id: EventID.new().raw, $0) }, createdAt: now, updatedAt: now)
    }
}

extension LanguageTag {
    /// Until somebody says something else.
    package static let usual = LanguageTag.placeholder
}

extension Refusal {
    /// An address is one person's in the whole installation. Whose it is, is not said.
    static let emailTaken = Refusal.field("email", .taken)

    /// What a constraint says about users.
    static func ofTakenUser(_ constraint: String) -> Refusal? {
        constraint == "app_user_email" ? self.emailTaken : nil
    }
}

/// Somebody invites somebody else to work here.
package final class InviteUser: HotelCommand {
    package let user: NewUser
    package let roles: [WantedRole]
    /// Of the link by which they set their password.
    package let token: TokenHash

    package init(_ user: NewUser, _ roles: [WantedRole], token: TokenHash) {
        self.user = user
        self.roles = roles
        self.token = token
    }

    package var action: String { "user:invite" }
    package var subject: EntityReference? { EntityReference("user", self.user.id) }

    package func refusal(ofTaken constraint: String) -> Refusal? { .ofTakenUser(constraint) }

    package func decide(at desk: any CommandDesk) async throws(StoreError) -> CommandVerdict {
        let ground = try await desk.userGround()
        return self.decide(ground, at: desk)
    }

    private func decide(_ ground: UserGround, at desk: any CommandDesk) -> CommandVerdict {
        guard desk.isSound(ground) else { return .refused(Refusal(.notFound)) }
        do throws(Refusal) {
            guard !UserReach(of: desk.origin.actor, in: ground.directory).isEmpty else {
                throw Refusal(.forbidden, params: ["permission": .string(Permission.userInvite.rawValue)])
            }
            let assignments = try ground.assignments(self.roles)
            let decision = try UserMachine.decide(
                nil, .invite, by: desk.origin.actor, ManagedUser(self.user.id, assignments, in: ground.directory))
            let link = UserLink.new(.invitation, self.token, now: desk.now)
            var record = self.user.record(assignments, now: desk.now)
            record.linkExpiresAt = link.expiresAt
            var change = AccountChange(nil, to: record, ground, desk.origin, now: desk.now)
            change.tell(decision)
            desk.add(record)
            desk.keep(link: link, of: record.id)
            return .decided(change.decision(self.action))
        } catch {
            return .refused(error)
        }
    }
}

/// Somebody sends another invitation: the one before is lost, or over.
package final class ReinviteUser: HotelCommand {
    package let user: UserID
    package let token: TokenHash

    package init(_ user: UserID, token: TokenHash) {
        self.user = user
        self.token = token
    }

    package var action: String { "user:invite" }
    package var subject: EntityReference? { EntityReference("user", self.user) }

    package func decide(at desk: any CommandDesk) async throws(StoreError) -> CommandVerdict {
        let found = try await SeenUser.find(self.user, expected: nil, at: desk)
        return self.decide(found, at: desk)
    }

    private func decide(_ found: SeenUser, at desk: any CommandDesk) -> CommandVerdict {
        do throws(Refusal) {
            let file = try found.get()
            _ = try UserMachine.decide(
                file.user.status, .invite, by: desk.origin.actor,
                ManagedUser(self.user, file.user.assignments, in: file.ground.directory))
            let link = UserLink.new(.invitation, self.token, now: desk.now)
            var after = file.user
            after.linkExpiresAt = link.expiresAt
            let change = AccountChange(file.user, to: after, file.ground, desk.origin, now: desk.now)
            desk.keep(change.after, before: file.user)
            desk.keep(link: link, of: self.user)
            return .decided(change.decision(self.action))
        } catch {
            return .refused(error)
        }
    }
}
