internal import Crypto
internal import Hotel
package import Ports
internal import Shared
internal import Wire

/// Where somebody sets a password by the link that they were given: the one thing that is done with an account by who is not
/// signed in.
package struct LinksAPI: Sendable {
    private let users: any UserDirectory
    private let commands: CommandService
    private let throttle: LoginThrottle
    private let hasher: PasswordHasher

    package init(
        users: any UserDirectory, commands: CommandService, throttle: LoginThrottle, hasher: PasswordHasher
    ) {
        self.users = users
        self.commands = commands
        self.throttle = throttle
        self.hasher = hasher
    }

    package var operations: [RESTOperation] {
        [
            .open(
                .post, "/v1/auth/accept", id: "acceptInvitation",
                "Sets a password by the token of an invitation, or of a reset. The token is good once.", tag: "Sign-in",
                effect: .repeatable, takes: UserInput.Accept.self, answers: .one(Self.shape),
                refuses: [.unauthenticated, .forbidden, .tenantSuspended, .tenantPending, .outcomeUnknown]
            ) { try await self.accept($0.body, $1) }
        ]
    }

    private static let shape = JSONShape<LinkedUser>.object("AcceptedInvitation") { members in
        members.member("email", .text(format: "email"), \.email.description)
        members.member("name", .text, \.name)
    }

    private func accept(_ body: Acceptance, _ visit: RESTVisit) async throws -> LinkedUser {
        if case .refused = visit.origin { throw Refusal.wrongOrigin }
        let attempt: LoginThrottle.Attempt
        switch try await self.throttle.admit(from: visit.client?.address ?? .unknown) {
        case .admitted(let admitted): attempt = admitted
        case .refused(let retryAfter): throw Refusal.throttled(retryAfter: retryAfter)
        }
        guard let token = body.token, let linked = try await self.users.link(token.hash) else {
            throw Refusal(.unauthenticated)
        }
        // It was no guess. Only now there is a reason to spend scrypt's work.
        await self.throttle.takeBack(attempt)
        if let code = PasswordRule.problem(of: body.password, email: linked.email) {
            throw Refusal.field("password", code)
        }
        let hash = try await self.hasher.hash(Secret(body.password.utf8))
        let user = linked.user
        let origin = CommandOrigin(
            tenant: user.tenant, actor: .user(user.id, name: linked.name, tenant: user.tenant, assignments: []),
            source: visit.origin == .noOrigin ? .api : .web, operation: nil, correlation: .new(),
            address: visit.client?.address.description)
        let outcome = try await self.commands.perform(
            CommandOrder(
                AcceptLink(user.id, token: token.hash, password: hash), from: origin, deadline: visit.deadline))
        if case .refused(let refusal) = outcome { throw refusal }
        return linked
    }
}
