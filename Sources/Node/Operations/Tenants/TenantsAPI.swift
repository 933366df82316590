internal import Crypto
internal import Hotel
package import Ports
internal import Shared
internal import Wire

/// Tenants over REST (`contract.md` 4): for the platform's staff all of them, for a tenant's own staff theirs, as if there were
/// no other.
package struct TenantsAPI: Sendable {
    package static let tag = RESTTag("Tenants", "The organisations that use the platform.")

    private let tenants: any TenantReader
    private let commands: CommandService

    package init(tenants: any TenantReader, commands: CommandService) {
        self.tenants = tenants
        self.commands = commands
    }

    package var operations: [RESTOperation] { self.reading + self.writing + self.transitions }

    private var reading: [RESTOperation] {
        [
            RESTOperation(
                .get, "/v1/tenants", id: "listTenants", "All tenants in the order of their names.", tag: Self.tag.name,
                permission: Permission.tenantReadAll.rawValue, takes: TenantInput.List.self,
                answers: .page(of: TenantShape.shape)
            ) { try await self.list($0) },
            RESTOperation(
                .get, "/v1/tenants/{id:uuid}", id: "getTenant", "One tenant; staff see their own.", tag: Self.tag.name,
                permission: Permission.tenantReadAll.rawValue, takes: TenantInput.One.self,
                answers: .one(TenantShape.shape, version: \.tenant.version)
            ) { try await self.find($0) },
        ]
    }

    private var writing: [RESTOperation] {
        [
            RESTOperation(
                .post, "/v1/tenants", id: "createTenant",
                "Opens a tenant and invites its owner. The token of the invitation's link is told once.",
                tag: Self.tag.name, permission: Permission.tenantCreate.rawValue, takes: TenantInput.Create.self,
                answers: .outcome(
                    "tenant", TenantShape.shape, telling: "invitation_token", version: \.tenant.version, creates: true)
            ) { try await self.create($0) },
            RESTOperation(
                .patch, "/v1/tenants/{id:uuid}", id: "changeTenant", "Corrects what is known of a tenant.",
                tag: Self.tag.name, permission: .tenantUpdate, takes: TenantInput.Change.self,
                answers: self.outcome,
                by: self.commands
            ) { EditTenant($0.id, $0.body.edit, expected: $0.version) },
            RESTOperation(
                .delete, "/v1/tenants/{id:uuid}", id: "closeTenant", "Closes a tenant.", tag: Self.tag.name,
                permission: .tenantDelete, takes: TenantInput.Act.self, answers: self.outcome,
                refuses: [.transitionNotAllowed], by: self.commands
            ) { ChangeTenantStanding($0.id, .delete, expected: $0.version) },
        ]
    }

    private var transitions: [RESTOperation] {
        [
            RESTOperation(
                .post, "/v1/tenants/{id:uuid}/approve", id: "approveTenant",
                "Lets a tenant in. If its owner has no password yet, the token of a link to set one is told once.",
                tag: Self.tag.name, permission: Permission.tenantApprove.rawValue, takes: TenantInput.Act.self,
                answers: .outcome(
                    "tenant", TenantShape.shape, telling: "invitation_token", version: \.tenant.version),
                refuses: [.transitionNotAllowed]
            ) { try await self.approve($0) },
            RESTOperation(
                .post, "/v1/tenants/{id:uuid}/reject", id: "rejectTenant", "Turns an applicant away.",
                tag: Self.tag.name, permission: .tenantApprove,
                takes: TenantInput.Explained.self, answers: self.outcome, refuses: [.transitionNotAllowed],
                by: self.commands
            ) { ChangeTenantStanding($0.id, .reject(reason: $0.body.reason), expected: $0.version) },
            RESTOperation(
                .post, "/v1/tenants/{id:uuid}/suspend", id: "suspendTenant",
                "Suspends a tenant: nobody of it may do anything, and its sockets end.", tag: Self.tag.name,
                permission: .tenantSuspend, takes: TenantInput.Explained.self,
                answers: self.outcome, refuses: [.transitionNotAllowed], by: self.commands
            ) { ChangeTenantStanding($0.id, .suspend(reason: $0.body.reason), expected: $0.version) },
            RESTOperation(
                .post, "/v1/tenants/{id:uuid}/reinstate", id: "reinstateTenant", "Lets a suspended tenant in again.",
                tag: Self.tag.name, permission: .tenantSuspend, takes: TenantInput.Act.self,
                answers: self.outcome, refuses: [.transitionNotAllowed], by: self.commands
            ) { ChangeTenantStanding($0.id, .reinstate, expected: $0.version) },
        ]
    }

    private var outcome: RESTAnswer<RESTOutcome<ShownTenant>> {
        .outcome("tenant", TenantShape.shape, version: \.tenant.version)
    }

    // MARK: Reading

    private func list(_ request: RESTRequest<TenantInput.List>) async throws -> RESTPage<ShownTenant> {
        let input = request.input
        try request.caller.mustHold(.tenantReadAll)
        var wanted = TenantSelection(limit: input.page.rowsWanted)
        (wanted.status, wanted.name) = (input.status, input.name)
        wanted.after = input.page.after.map { .init(sortKey: $0.first, tenant: $0.second) }
        let (position, tenants) = try await self.tenants.tenants(wanted)
        return input.page.answer(tenants, at: position) { TenantInput.List.Order($0.tenant.sortKey, $0.tenant.id) }
    }

    private func find(_ request: RESTRequest<TenantInput.One>) async throws -> ShownTenant {
        let (id, caller) = (request.input.id, request.caller)
        if caller.tenant == nil {
            try caller.mustHold(.tenantReadAll)
        } else if caller.tenant != id || caller.actor.kind != .user {
            throw Refusal(.notFound)
        }
        guard let shown = try await self.tenants.tenant(id) else { throw Refusal(.notFound) }
        let isManager = caller.tenant == nil || caller.actor.may(.tenantUpdate, at: .tenant(id)) == .full
        return isManager ? shown : ShownTenant(shown.tenant.forStaff)
    }

    // MARK: Writing

    private func create(
        _ request: RESTRequest<TenantInput.Create>
    ) async throws -> RESTTellingOutcome<ShownTenant> {
        let input = request.input
        // Before the command: who belongs to a tenant would make it within their own.
        try request.caller.mustHold(.tenantCreate)
        let id = CreateTenant.id(by: request.caller.user, under: input.key)
        let token = InvitationToken()
        let command = CreateTenant(id, input.body.tenant, owner: input.body.owner, token: token.hash)
        let outcome: RESTOutcome<ShownTenant> = try await self.commands.answer(
            CommandOrder(command, to: request.about(id), under: input.key))
        return RESTTellingOutcome(outcome, secret: token.text)
    }

    private func approve(
        _ request: RESTRequest<TenantInput.Act>
    ) async throws -> RESTTellingOutcome<ShownTenant> {
        let input = request.input
        let token = InvitationToken()
        let command = ChangeTenantStanding(input.id, .approve(token: token.hash), expected: input.version)
        let outcome: RESTOutcome<ShownTenant> = try await self.commands.answer(
            CommandOrder(command, to: request.about(request.caller.tenant(asked: input.id)), under: input.key))
        guard case .kept(let text) = outcome.content, let tenant = try? JSONValue(parsing: text),
            tenant["owner"]?["status"]?.text == UserStatus.invited.rawValue
        else { return RESTTellingOutcome(outcome, secret: nil) }
        return RESTTellingOutcome(outcome, secret: token.text)
    }
}

extension RESTCaller {
    /// Looks whether somebody of the platform's staff holds a permission, in full or within limits.
    fileprivate func mustHold(_ permission: Permission) throws(Refusal) {
        guard self.tenant == nil, !self.actor.may(permission, at: .platform).isRefused else {
            throw Refusal(.forbidden, params: ["permission": .string(permission.rawValue)])
        }
    }
}

extension TenantRecord {
    /// Without what is between the tenant's owner and the platform.
    fileprivate var forStaff: TenantRecord {
        var tenant = self
        (tenant.planName, tenant.planMonthlyPrice, tenant.billingEmail) = (nil, nil, nil)
        tenant.suspendReason = nil
        return tenant
    }
}
