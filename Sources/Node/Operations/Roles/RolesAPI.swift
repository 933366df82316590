internal import Hotel
package import Ports
internal import Shared
internal import Wire

/// Roles over REST: everybody's, and those that a tenant makes for itself.
package struct RolesAPI: Sendable {
    package static let tag = RESTTag("Roles", "What can be given to users: the built-in roles, and a tenant's own.")

    private let roles: any RoleDirectory
    private let commands: CommandService

    package init(roles: any RoleDirectory, commands: CommandService) {
        self.roles = roles
        self.commands = commands
    }

    package var operations: [RESTOperation] {
        [
            RESTOperation(
                .get, "/v1/roles", id: "listRoles", "The built-in roles, then the tenant's own, by their codes.",
                tag: Self.tag.name, permission: nil, takes: RoleInput.List.self, answers: .page(of: RoleShape.shape),
                refuses: [.forbidden, .notFound]
            ) { try await self.list($0) },
            RESTOperation(
                .get, "/v1/roles/{id:uuid}", id: "getRole", "One of the tenant's own roles.", tag: Self.tag.name,
                permission: nil, takes: RoleInput.One.self, answers: .one(RoleShape.shape, version: \.version),
                refuses: [.forbidden]
            ) { try await self.find($0) },
            RESTOperation(
                .post, "/v1/roles", id: "createRole", "Makes a role of a part of what the owner may do.",
                tag: Self.tag.name, permission: .roleManage, takes: RoleInput.Create.self,
                answers: .outcome("role", RoleShape.shape, version: \.version, creates: true), refuses: [.notFound],
                by: self.commands
            ) {
                CreateRole(
                    code: $0.body.code, name: $0.body.name, permissions: Set($0.body.permissions))
            },
            RESTOperation(
                .patch, "/v1/roles/{id:uuid}", id: "changeRole", "Changes a role for everybody who has it.",
                tag: Self.tag.name, permission: .roleManage, takes: RoleInput.Change.self,
                answers: self.outcome,
                by: self.commands
            ) { EditRole($0.id, $0.body.edit, expected: $0.version) },
            RESTOperation(
                .delete, "/v1/roles/{id:uuid}", id: "deleteRole", "Gives a role up: nobody has it any more.",
                tag: Self.tag.name, permission: .roleManage, takes: RoleInput.Act.self,
                answers: self.outcome,
                by: self.commands
            ) { DeleteRole($0.id, expected: $0.version) },
        ]
    }

    private var outcome: RESTAnswer<RESTOutcome<ListedRole>> {
        .outcome("role", RoleShape.shape, version: \.version)
    }

    private func list(_ request: RESTRequest<RoleInput.List>) async throws -> RESTPage<ListedRole> {
        let input = request.input
        let tenant = try self.scope(request, input.tenant)
        let scope: Role.Scope = tenant == nil ? .platform : .tenant
        let page = input.page
        let builtIn = Role.allCases.filter { $0.scope == scope }.map { ListedRole.builtIn($0) }
            .sorted { $0.order < $1.order }
            .filter { role in page.after.map { role.order > $0 } ?? true }
        let after = page.after.flatMap { order -> RoleSelectionPosition? in
            guard order.first.hasPrefix("1") else { return nil }
            return RoleSelectionPosition(sortKey: String(order.first.dropFirst()), role: order.second)
        }
        // Where the platform itself is asked about, no tenant has a role: only the position is wanted.
        let (position, own) = try await self.roles.roles(after: after, limit: page.rowsWanted, of: tenant)
        return page.answer(builtIn + own.map { .custom($0.role) }, at: position) { $0.order }
    }

    private func find(_ request: RESTRequest<RoleInput.One>) async throws -> ListedRole {
        guard let tenant = try self.scope(request, request.input.tenant),
            let shown = try await self.roles.role(request.input.id, of: tenant)
        else { throw Refusal(.notFound) }
        return .custom(shown.role)
    }

    /// What roles there are is no secret among colleagues. Guests are none, and of a tenant its staff and the platform's
    /// administrators know.
    private func scope<Input>(_ request: RESTRequest<Input>, _ asked: TenantID?) throws(Refusal) -> TenantID? {
        let tenant = try request.caller.scope(asked)
        let actor = request.caller.actor
        let isForeign = actor.tenant == nil && tenant != nil
        let isKnown = !isForeign || tenant.map { actor.may(.userUpdate, at: .tenant($0)) == .full } ?? true
        guard actor.kind == .user, isKnown else { throw Refusal(.forbidden) }
        return tenant
    }
}
