internal import Crypto
internal import Hotel
package import Ports
internal import Shared
internal import Wire

/// The users of a tenant, and the platform's own, over REST (`contract.md` 4).
///
/// Platform staff who say `tenant_id` act in that tenant; without it, among themselves. A tenant's staff are always in theirs.
package struct UsersAPI: Sendable {
    package static let tag = RESTTag("Users", "Accounts, their roles, and how they are let in.")

    private let users: any UserDirectory
    private let tenants: any ActorDirectory
    private let commands: CommandService

    package init(users: any UserDirectory, tenants: any ActorDirectory, commands: CommandService) {
        self.users = users
        self.tenants = tenants
        self.commands = commands
    }

    package var operations: [RESTOperation] { self.reading + self.writing + self.transitions }

    private var reading: [RESTOperation] {
        [
            RESTOperation(
                .get, "/v1/users", id: "listUsers",
                "Users in the order of their names, as far as the caller manages them.",
                tag: Self.tag.name, permission: Permission.userUpdate.rawValue, takes: UserInput.List.self,
                answers: .page(of: UserShape.shape), refuses: [.notFound]
            ) { try await self.list($0) },
            RESTOperation(
                .get, "/v1/users/{id:uuid}", id: "getUser", "One user; everybody sees themselves.", tag: Self.tag.name,
                permission: Permission.userUpdate.rawValue, takes: UserInput.One.self,
                answers: .one(UserShape.shape, version: \.user.version)
            ) { try await self.find($0) },
        ]
    }

    private var writing: [RESTOperation] {
        [
            RESTOperation(
                .post, "/v1/users", id: "inviteUser",
                "Invites somebody. The token of the link by which they set their password is told once.",
                tag: Self.tag.name, permission: .userInvite, takes: UserInput.Invite.self,
                answers: .outcome(
                    "user", UserShape.shape, telling: "invitation_token", version: \.user.version, creates: true),
                refuses: [.notFound], by: self.commands, in: .tenantOrPlatform
            ) { InviteUser($0.body.user, $0.body.roles, token: $1.hash) },
            RESTOperation(
                .patch, "/v1/users/{id:uuid}", id: "changeUser", "Corrects what is known of a user.",
                tag: Self.tag.name, permission: .userUpdate, takes: UserInput.Change.self,
                answers: self.outcome,
                by: self.commands, in: .tenantOrPlatform
            ) { EditUser($0.id, $0.body.edit, expected: $0.version) },
            RESTOperation(
                .put, "/v1/users/{id:uuid}/roles", id: "replaceUserRoles",
                "Puts other roles in the place of a user's. Nobody gives what they do not hold.", tag: Self.tag.name,
                permission: .userUpdate, takes: UserInput.Roles.self, answers: self.outcome,
                refuses: [.transitionNotAllowed],
                by: self.commands, in: .tenantOrPlatform
            ) { ReplaceRoles($0.id, $0.body.roles, expected: $0.version) },
            RESTOperation(
                .delete, "/v1/users/{id:uuid}", id: "deleteUser",
                "Deletes an account. Its name stays in the audit; its address may be used again.", tag: Self.tag.name,
                permission: .userSuspend, takes: UserInput.Act.self, answers: self.outcome,
                refuses: [.transitionNotAllowed],
                by: self.commands, in: .tenantOrPlatform
            ) { ChangeStanding($0.id, .delete, expected: $0.version) },
        ]
    }

    private var transitions: [RESTOperation] {
        [
            RESTOperation(
                .post, "/v1/users/{id:uuid}/suspend", id: "suspendUser",
                "Suspends an account: its sessions and sockets end.", tag: Self.tag.name,
                permission: .userSuspend, takes: UserInput.Suspend.self, answers: self.outcome,
                refuses: [.transitionNotAllowed],
                by: self.commands, in: .tenantOrPlatform
            ) {
                ChangeStanding(
                    $0.id, .suspend(reason: $0.body.reason), expected: $0.version)
            },
            RESTOperation(
                .post, "/v1/users/{id:uuid}/activate", id: "activateUser", "Lets a suspended account in again.",
                tag: Self.tag.name, permission: .userSuspend, takes: UserInput.Act.self,
                answers: self.outcome, refuses: [.transitionNotAllowed],
                by: self.commands, in: .tenantOrPlatform
            ) { ChangeStanding($0.id, .activate, expected: $0.version) },
            RESTOperation(
                .post, "/v1/users/{id:uuid}/reset-password", id: "resetUserPassword",
                "Voids a password and ends all sessions. The token of the link to set another is told once.",
                tag: Self.tag.name, permission: .userUpdate, takes: UserInput.Act.self,
                answers: self.telling, refuses: [.transitionNotAllowed], by: self.commands, in: .tenantOrPlatform
            ) { ChangeStanding($0.id, .resetPassword(token: $1.hash), expected: $0.version) },
            RESTOperation(
                .post, "/v1/users/{id:uuid}/invite", id: "reinviteUser",
                "Makes another link for who has not followed the one before, which is void then.", tag: Self.tag.name,
                permission: .userInvite, takes: UserInput.Act.self, answers: self.telling,
                refuses: [.transitionNotAllowed], by: self.commands, in: .tenantOrPlatform
            ) { ReinviteUser($0.id, token: $1.hash) },
        ]
    }

    private var outcome: RESTAnswer<RESTOutcome<ShownUser>> {
        .outcome("user", UserShape.shape, version: \.user.version)
    }

    private var telling: RESTAnswer<RESTTellingOutcome<ShownUser>> {
        .outcome("user", UserShape.shape, telling: "invitation_token", version: \.user.version)
    }

    // MARK: Reading

    private func list(_ request: RESTRequest<UserInput.List>) async throws -> RESTPage<ShownUser> {
        let input = request.input
        let tenant = try request.caller.scope(input.tenant)
        let viewer = try await self.viewer(request, in: tenant)
        guard !viewer.reach.isEmpty else {
            throw Refusal(.forbidden, params: ["permission": .string(Permission.userUpdate.rawValue)])
        }
        var wanted = UserSelection(limit: input.page.rowsWanted)
        (wanted.property, wanted.role, wanted.status) = (input.property, input.role, input.status)
        wanted.name = input.name
        wanted.after = input.page.after.map { .init(sortKey: $0.first, user: $0.second) }
        let (position, users) = try await self.users.users(wanted, of: tenant, for: viewer)
        return input.page.answer(users, at: position) { UserInput.List.Order($0.user.sortKey, $0.user.id) }
    }

    private func find(_ request: RESTRequest<UserInput.One>) async throws -> ShownUser {
        let tenant = try request.caller.scope(request.input.tenant)
        let viewer = try await self.viewer(request, in: tenant)
        guard let shown = try await self.users.user(request.input.id, of: tenant, for: viewer) else {
            throw Refusal(.notFound)
        }
        return shown
    }

    private func viewer<Input>(_ request: RESTRequest<Input>, in tenant: TenantID?) async throws -> UserViewer {
        guard let tenant else {
            return UserViewer(request.caller.user, reach: UserReach(of: request.caller.actor, in: nil))
        }
        guard let directory = try await self.tenants.directory(of: tenant) else { throw Refusal(.notFound) }
        return UserViewer(request.caller.user, reach: UserReach(of: request.caller.actor, in: directory))
    }
}
