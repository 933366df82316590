package import Hotel
package import Ports
package import Shared

/// Somebody corrects what is known of a user.
package final class EditUser: HotelCommand {
    /// What is to be different.
    package struct Edit: Sendable {
        package var email: EmailAddress?
        package var name: Name?
        package var locale: LanguageTag?
        package var phone = JSONChange<PhoneNumber>.untouched
        package var jobTitle = JSONChange<Label>.untouched

        package init() {}

        func applied(to user: UserRecord) -> UserRecord {
            var user = user
            if let email = self.email { user.email = email.text }
            if let name = self.name { user.name = name.text }
            if let locale = self.locale { user.locale = locale.text }
            user.phone = self.phone.applied(to: user.phone, \.text)
            user.jobTitle = self.jobTitle.applied(to: user.jobTitle, \.text)
            return user
        }
    }

    package let user: UserID
    package let edit: Edit
    /// The version that the sender has seen; `nil`: whatever holds.
    package let expected: Int64?

    package init(_ user: UserID, _ edit: Edit, expected: Int64?) {
        self.user = user
        self.edit = edit
        self.expected = expected
    }

    package var action: String { "user:update" }
    package var subject: EntityReference? { EntityReference("user", self.user) }

    package func refusal(ofTaken constraint: String) -> Refusal? { .ofTakenUser(constraint) }

    package func decide(at desk: any CommandDesk) async throws(StoreError) -> CommandVerdict {
        let found = try await SeenUser.find(self.user, expected: self.expected, at: desk)
        return self.decide(found, at: desk)
    }

    private func decide(_ found: SeenUser, at desk: any CommandDesk) -> CommandVerdict {
        do throws(Refusal) {
            let file = try found.get()
            try UserMachine.checkRoles(
                from: file.user.assignments, to: file.user.assignments, of: self.user, in: file.ground.directory,
                by: desk.origin.actor)
            var change = AccountChange(
                file.user, to: self.edit.applied(to: file.user), file.ground, desk.origin, now: desk.now)
            guard !change.changes.isEmpty else { return .decided(.unchanged(file.user, self.action)) }
            change.tellEdit()
            desk.keep(change.after, before: file.user)
            return .decided(change.decision(self.action))
        } catch {
            return .refused(error)
        }
    }
}

extension JSONChange where Value: Sendable {
    /// What a field is after this was said about it.
    func applied(to old: String?, _ text: (Value) -> String) -> String? {
        switch self {
        case .untouched: old
        case .cleared: nil
        case .set(let value): text(value)
        }
    }
}

extension CommandDecision {
    /// What holds already was said again: nobody is told, and no version is raised.
    static func unchanged(_ user: UserRecord, _ action: String) -> CommandDecision {
        CommandDecision(
            events: [], audit: [AuditRow(action, on: EntityReference("user", user.id, version: user.version))],
            answer: CommandAnswer(
                .applied, entity: UserShape.shape.text(of: ShownUser(user)), version: user.version))
    }
}

/// Somebody puts other roles in the place of a user's.
package final class ReplaceRoles: HotelCommand {
    package let user: UserID
    package let roles: [WantedRole]
    package let expected: Int64?

    package init(_ user: UserID, _ roles: [WantedRole], expected: Int64?) {
        self.user = user
        self.roles = roles
        self.expected = expected
    }

    package var action: String { "user:change_roles" }
    package var subject: EntityReference? { EntityReference("user", self.user) }

    package func decide(at desk: any CommandDesk) async throws(StoreError) -> CommandVerdict {
        let found = try await SeenUser.find(self.user, expected: self.expected, at: desk)
        let after: [RoleAssignment]
        let file: UserFile
        do throws(Refusal) {
            file = try found.get()
            after = try file.ground.assignments(self.roles)
            try UserMachine.checkRoles(
                from: file.user.assignments, to: after, of: self.user, in: file.ground.directory,
                by: desk.origin.actor)
        } catch {
            return .refused(error)
        }
        let isLast = try await SeenUser.isLastHolder(file.user, keeping: after, at: desk)
        if isLast { return .refused(desk.refusal(ofLast: file.user)) }
        return .decided(self.decision(file, after, at: desk))
    }

    private func decision(_ file: UserFile, _ after: [RoleAssignment], at desk: any CommandDesk) -> CommandDecision {
        var user = file.user
        // What stays keeps its place and its age.
        user.roles.removeAll { !after.contains($0.assignment) }
        let new = after.filter { !file.user.assignments.contains($0) }
        user.roles += new.map { UserRecord.Given(id: EventID.new().raw, $0) }
        var change = AccountChange(file.user, to: user, file.ground, desk.origin, now: desk.now)
        guard !change.changes.isEmpty else { return .unchanged(file.user, self.action) }
        change.tellRoles()
        desk.keep(change.after, before: file.user)
        return change.decision(self.action)
    }
}
