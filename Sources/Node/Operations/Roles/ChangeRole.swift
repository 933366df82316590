package import Hotel
package import Ports
package import Shared

/// A tenant makes a role of its own.
package final class CreateRole: HotelCommand {
    package let role: RoleID
    package let code: Code
    package let name: Name
    package let permissions: Set<Permission>

    package init(_ role: RoleID = .new(), code: Code, name: Name, permissions: Set<Permission>) {
        self.role = role
        self.code = code
        self.name = name
        self.permissions = permissions
    }

    package var action: String { "role:create" }
    package var subject: EntityReference? { EntityReference("role", self.role) }

    package func refusal(ofTaken constraint: String) -> Refusal? { .ofTakenRole(constraint) }

    package func decide(at desk: any CommandDesk) async throws(StoreError) -> CommandVerdict {
        let ground = try await desk.userGround()
        return self.decide(ground, at: desk)
    }

    private func decide(_ ground: UserGround, at desk: any CommandDesk) -> CommandVerdict {
        do throws(Refusal) {
            let tenant = try desk.origin.tenantOfRoles(ground)
            let role = try CustomRole(id: self.role, code: self.code, permissions: self.permissions)
            try desk.origin.actor.checkManaging([role], of: tenant)
            let record = RoleRecord(role: role, name: self.name.text, createdAt: desk.now, updatedAt: desk.now)
            let change = RoleChange(nil, to: record, tenant, now: desk.now)
            desk.add(record)
            return .decided(change.decision("role:created", self.action))
        } catch {
            return .refused(error)
        }
    }
}

/// A tenant changes a role of its own, for everybody who has it.
package final class EditRole: HotelCommand {
    package struct Edit: Sendable {
        package var code: Code?
        package var name: Name?
        package var permissions: Set<Permission>?

        package init() {}
    }

    package let role: RoleID
    package let edit: Edit
    package let expected: Int64?

    package init(_ role: RoleID, _ edit: Edit, expected: Int64?) {
        self.role = role
        self.edit = edit
        self.expected = expected
    }

    package var action: String { "role:update" }
    package var subject: EntityReference? { EntityReference("role", self.role) }

    package func refusal(ofTaken constraint: String) -> Refusal? { .ofTakenRole(constraint) }

    package func decide(at desk: any CommandDesk) async throws(StoreError) -> CommandVerdict {
        let file = try await desk.role(self.role)
        return self.decide(file, at: desk)
    }

    private func decide(_ file: RoleFile?, at desk: any CommandDesk) -> CommandVerdict {
        do throws(Refusal) {
            guard let file else { throw Refusal(.notFound) }
            let tenant = try desk.origin.tenantOfRoles(file.ground)
            let before = file.role
            let role = try CustomRole(
                id: self.role, code: self.edit.code ?? before.role.code,
                permissions: self.edit.permissions ?? before.role.permissions)
            try desk.origin.actor.checkManaging([before.role, role], of: tenant)
            if let expected = self.expected, expected != before.version { throw .stale(before.version) }
            var after = before
            after.role = role
            if let name = self.edit.name { after.name = name.text }
            let change = RoleChange(before, to: after, tenant, now: desk.now)
            guard !change.changes.isEmpty else { return .decided(change.nothing(self.action)) }
            desk.keep(change.after)
            let told = role.permissions == before.role.permissions ? [] : Self.told(file, role, now: desk.now)
            return .decided(change.decision("role:updated", self.action, told))
        } catch {
            return .refused(error)
        }
    }

    /// Everybody who has the role may do something else from now on.
    private static func told(_ file: RoleFile, _ role: CustomRole, now: Timestamp) -> [DecidedEvent] {
        file.holders.map { holder in
            var user = holder
            user.roles = holder.roles.map { given in
                guard case .custom(let old) = given.assignment.role, old.id == role.id else { return given }
                let place = given.assignment
                return UserRecord.Given(
                    id: given.id,
                    RoleAssignment(.custom(role), property: place.property, department: place.department))
            }
            let event = AccountChange.permissionsChanged(from: holder, to: user, file.ground)
            var decided = DecidedEvent(
                event, of: EntityReference("user", user.id, version: user.version), occurredAt: now)
            decided.people = [user.id.raw]
            return decided
        }
    }
}

/// A tenant gives up a role of its own: nobody has it any more.
package final class DeleteRole: HotelCommand {
    package let role: RoleID
    package let expected: Int64?

    package init(_ role: RoleID, expected: Int64?) {
        self.role = role
        self.expected = expected
    }

    package var action: String { "role:delete" }
    package var subject: EntityReference? { EntityReference("role", self.role) }

    package func decide(at desk: any CommandDesk) async throws(StoreError) -> CommandVerdict {
        let file = try await desk.role(self.role)
        return self.decide(file, at: desk)
    }

    private func decide(_ file: RoleFile?, at desk: any CommandDesk) -> CommandVerdict {
        do throws(Refusal) {
            guard let file else { throw Refusal(.notFound) }
            let tenant = try desk.origin.tenantOfRoles(file.ground)
            try desk.origin.actor.checkManaging([file.role.role], of: tenant)
            if let expected = self.expected, expected != file.role.version { throw .stale(file.role.version) }
            var told: [DecidedEvent] = []
            var rows: [AuditRow] = []
            for holder in file.holders {
                var user = holder
                user.roles.removeAll { given in
                    if case .custom(let role) = given.assignment.role { role.id == self.role } else { false }
                }
                var change = AccountChange(holder, to: user, file.ground, desk.origin, now: desk.now)
                change.tellRoles()
                desk.keep(change.after, before: holder)
                let events = change.decidedEvents()
                rows.append(change.auditRow("user:change_roles", event: events.first?.id))
                told += events
            }
            let change = RoleChange(file.role, to: file.role, tenant, now: desk.now)
            desk.delete(change.after)
            return .decided(change.decision("role:deleted", self.action, told, rows))
        } catch {
            return .refused(error)
        }
    }
}

/// A decided change of a role: what becomes of it, and what there is to tell.
private struct RoleChange {
    let before: RoleRecord?
    let after: RoleRecord
    let changes: [FieldChange]
    private let tenant: TenantID
    private let now: Timestamp

    init(_ before: RoleRecord?, to after: RoleRecord, _ tenant: TenantID, now: Timestamp) {
        var after = after
        if let before {
            after.version = before.version + 1
            after.updatedAt = now
        }
        self.before = before
        self.after = after
        self.tenant = tenant
        self.now = now
        self.changes = before.map { Self.changes($0, after) } ?? []
    }

    func decision(
        _ event: String, _ action: String, _ others: [DecidedEvent] = [], _ audit: [AuditRow] = []
    ) -> CommandDecision {
        let entity = EntityReference("role", self.after.role.id, version: self.after.version)
        let members: [EventField] = [
            .open("id", .string(self.after.role.id.description)), .open("code", .string(self.after.role.code.text)),
            .open("name", .string(self.after.name)), .open("permissions", Self.words(self.after)),
        ]
        var decided = DecidedEvent(
            .configured(event, members, changes: self.changes, for: Addressees(tenant: self.tenant)), of: entity,
            occurredAt: self.now)
        decided.changes = self.changes
        let row = AuditRow(
            action, on: entity, before: self.before.map { Self.audited($0) }, after: Self.audited(self.after),
            event: decided.id)
        return CommandDecision(events: [decided] + others, audit: [row] + audit, answer: Self.answer(self.after))
    }

    /// What holds already was said again.
    func nothing(_ action: String) -> CommandDecision {
        let role = self.before ?? self.after
        let entity = EntityReference("role", role.role.id, version: role.version)
        return CommandDecision(events: [], audit: [AuditRow(action, on: entity)], answer: Self.answer(role))
    }

    private static func answer(_ role: RoleRecord) -> CommandAnswer {
        CommandAnswer(.applied, entity: RoleShape.shape.text(of: .custom(role)), version: role.version)
    }

    private static func words(_ role: RoleRecord) -> JSONValue {
        .array(Permission.allCases.filter { role.role.permissions.contains($0) }.map { .string($0.rawValue) })
    }

    private static func audited(_ role: RoleRecord) -> JSONValue {
        ["code": .string(role.role.code.text), "name": .string(role.name), "permissions": self.words(role)]
    }

    private static func changes(_ before: RoleRecord, _ after: RoleRecord) -> [FieldChange] {
        let fields: [(String, JSONValue, JSONValue)] = [
            ("code", .string(before.role.code.text), .string(after.role.code.text)),
            ("name", .string(before.name), .string(after.name)),
            ("permissions", self.words(before), self.words(after)),
        ]
        return fields.filter { $0.1 != $0.2 }.map { FieldChange($0.0, from: $0.1, to: $0.2) }
    }
}

extension CommandOrigin {
    /// Only tenants have roles of their own.
    fileprivate func tenantOfRoles(_ ground: UserGround) throws(Refusal) -> TenantID {
        guard let tenant = self.tenant, ground.directory != nil else { throw Refusal(.notFound) }
        return tenant
    }
}

extension Actor {
    /// Nobody makes a role, or changes one, that gives more than they have.
    fileprivate func checkManaging(_ roles: [CustomRole], of tenant: TenantID) throws(Refusal) {
        let place = Place.tenant(tenant)
        guard self.may(.roleManage, at: place) == .full, roles.allSatisfy({ self.mayGive(.custom($0), at: place) })
        else { throw Refusal(.forbidden, params: ["permission": .string(Permission.roleManage.rawValue)]) }
    }
}

extension Refusal {
    fileprivate static func ofTakenRole(_ constraint: String) -> Refusal? {
        constraint == "role_code" ? .field("code", .taken) : nil
    }
}
