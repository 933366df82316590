internal import Crypto
internal import Hotel
internal import Ports
package import Shared

/// A role that somebody is to be given, as its sender names it.
package struct WantedRole: Hashable, Sendable {
    package let code: String
    package let property: PropertyID?
    package let department: DepartmentID?

    package init(_ code: String, property: PropertyID? = nil, department: DepartmentID? = nil) {
        self.code = code
        self.property = property
        self.department = department
    }
}

extension UserGround {
    /// What the names of roles and places mean here. What is another tenant's is as unknown as what is nobody's.
    func assignments(_ wanted: [WantedRole]) throws(Refusal) -> [RoleAssignment] {
        var made: [RoleAssignment] = []
        for (index, wish) in wanted.enumerated() {
            guard let role = self.role(wish.code) else { throw .field("roles[\(index)].role", .unknownCode) }
            if let property = wish.property {
                guard let departments = self.directory?.properties[property] else {
                    throw .field("roles[\(index)].property_id", .unknownCode)
                }
                // Who owns the tenant owns all of it.
                guard role.builtIn != .tenantOwner else { throw .field("roles[\(index)].property_id", .unknownValue) }
                guard wish.department == nil || departments.contains(where: { $0.id == wish.department }) else {
                    throw .field("roles[\(index)].department_id", .unknownCode)
                }
            } else if wish.department != nil {
                throw .field("roles[\(index)].property_id", .required)
            }
            let assignment = RoleAssignment(role, property: wish.property, department: wish.department)
            if !made.contains(assignment) { made.append(assignment) }
        }
        return made
    }
}

extension CommandDesk {
    /// A tenant that is gone has no directory; that must not make its users the platform's.
    func isSound(_ ground: UserGround) -> Bool { (ground.directory == nil) == (self.origin.tenant == nil) }

    /// The role that somebody must hold.
    fileprivate var lastingRole: Role { self.origin.tenant == nil ? .superAdmin : .tenantOwner }

    func refusal(ofLast user: UserRecord) -> Refusal {
        .transition(from: user.status.rawValue, allowed: [], because: "last_\(self.lastingRole.rawValue)")
    }
}

/// A user that a command is about, or why it is refused.
///
/// A class, and what looks it up is no member of the desk's protocol, because of the fault of Swift 6.3.1 that README.md describes.
final class SeenUser {
    private let result: Result<UserFile, Refusal>

    private init(_ result: Result<UserFile, Refusal>) { self.result = result }

    func get() throws(Refusal) -> UserFile { try self.result.get() }

    /// A user of the origin's tenant whom its actor sees, in the version that its sender has seen.
    static func find(_ id: UserID, expected: Int64?, at desk: any CommandDesk) async throws(StoreError) -> SeenUser {
        let found = try await desk.user(id)
        return SeenUser(Self.judge(found, expected: expected, at: desk))
    }

    private static func judge(
        _ found: UserFile?, expected: Int64?, at desk: any CommandDesk
    ) -> Result<UserFile, Refusal> {
        guard let file = found, desk.isSound(file.ground) else { return .failure(Refusal(.notFound)) }
        let actor = desk.origin.actor
        let managed = ManagedUser(file.user.id, file.user.assignments, in: file.ground.directory)
        let isSeen =
            actor.kind == .system || actor.id == file.user.id.raw
            || UserReach(of: actor, in: file.ground.directory).sees(managed)
        guard isSeen else { return .failure(Refusal(.notFound)) }
        if let expected, expected != file.user.version { return .failure(.stale(file.user.version)) }
        return .success(file)
    }

    /// Whether nobody may take somebody away without whom nobody could undo it: the last owner of a tenant, the last super
    /// administrator of the platform.
    ///
    /// - Parameter roles: which the user holds afterwards, if they are there and active then.
    static func isLastHolder(
        _ before: UserRecord, keeping roles: [RoleAssignment], at desk: any CommandDesk
    ) async throws(StoreError) -> Bool {
        let role = desk.lastingRole
        guard before.assignments.contains(where: { $0.role.builtIn == role }),
            !roles.contains(where: { $0.role.builtIn == role })
        else { return false }
        let others = try await desk.others(than: before.id, holding: role)
        return others == 0
    }
}

extension Refusal {
    /// The sender has seen another version than the one that holds.
    static func stale(_ version: Int64) -> Refusal {
        Refusal(.versionConflict, current: ["version": .number(JSONNumber(version))])
    }
}

/// A decided change of an account: what becomes of it, and what there is to tell.
struct AccountChange {
    /// `nil` of a new one.
    let before: UserRecord?
    private(set) var after: UserRecord
    let ground: UserGround
    private let origin: CommandOrigin
    private let now: Timestamp
    private(set) var events: [DomainEvent] = []
    private(set) var changes: [FieldChange] = []

    init(_ before: UserRecord?, to after: UserRecord, _ ground: UserGround, _ origin: CommandOrigin, now: Timestamp) {
        self.before = before
        self.ground = ground
        self.origin = origin
        self.now = now
        self.after = after
        if let before {
            self.after.version = before.version + 1
            self.after.updatedAt = now
            self.changes = Self.changes(before, after)
        }
    }

    private var view: UserView { self.after.view(of: self.ground) }

    mutating func tell(_ decision: UserDecision) {
        self.events += DomainEvent.of(
            decision, self.view, tenant: self.origin.tenant, at: self.now, changes: self.changes)
        guard decision.followUps.contains(.raiseTokenEpoch) else { return }
        self.events.append(
            .sessionRevoked(
                self.after.id, tenant: self.origin.tenant, session: nil, reason: SessionEnd.epochRaised.rawValue))
    }

    mutating func tellEdit() {
        self.events.append(.userUpdated(self.view, tenant: self.origin.tenant, self.changes))
    }

    /// The roles are others now: what that gives and takes.
    mutating func tellRoles() {
        guard let before = self.before, before.assignments != self.after.assignments else { return }
        let places = Set(before.assignments).symmetricDifference(self.after.assignments).map(\.property)
        let property = Set(places).count == 1 ? places[0] : nil
        self.tellEdit()
        self.events.append(
            .userRoleChanged(
                self.after.id, tenant: self.origin.tenant, property: property, before: before.roleCodes,
                after: self.after.roleCodes))
        self.events.append(Self.permissionsChanged(from: before, to: self.after, self.ground))
    }

    /// What a user may do and hear now that they could not before, and the other way round.
    static func permissionsChanged(from before: UserRecord, to after: UserRecord, _ ground: UserGround) -> DomainEvent {
        let tenant = ground.directory?.tenant
        let (old, new) = (before.actor(of: tenant), after.actor(of: tenant))
        let heard = ChannelEntitlement(old, in: ground.directory).all
        let hears = ChannelEntitlement(new, in: ground.directory).all
        let places = UserProfile.places(of: ground.directory, ground.directory?.sortedProperties ?? [])
        let permissions = Permission.allCases.filter { permission in
            places.contains { !new.may(permission, at: $0).isRefused }
        }
        return .permissionsChanged(
            after.id, tenant: tenant, permissions: permissions, lost: heard.filter { !hears.contains($0) },
            gained: hears.filter { !heard.contains($0) })
    }

    private var entity: EntityReference { EntityReference("user", self.after.id, version: self.after.version) }

    /// What there is to tell, ready to be appended.
    func decidedEvents() -> [DecidedEvent] {
        self.events.map { event in
            var decided = DecidedEvent(event, of: self.entity, occurredAt: self.now)
            decided.people = [self.after.id.raw]
            decided.changes = event.kind.name == "user:updated" ? self.changes : []
            return decided
        }
    }

    func auditRow(_ action: String, event: EventID?) -> AuditRow {
        AuditRow(
            action, on: self.entity, before: self.before.map { Self.audited($0) }, after: Self.audited(self.after),
            event: event)
    }

    func decision(_ action: String) -> CommandDecision {
        let events = self.decidedEvents()
        return CommandDecision(
            events: events, audit: [self.auditRow(action, event: events.first?.id)],
            answer: CommandAnswer(
                .applied, entity: UserShape.shape.text(of: ShownUser(self.after)), version: self.after.version))
    }

    /// What the audit may keep for ever: nothing by which a person is known but the id beside it.
    private static func audited(_ user: UserRecord) -> JSONValue {
        [
            "status": .string(user.status.rawValue), "roles": self.json(user.assignments),
            "token_epoch": .number(JSONNumber(user.epoch.raw)),
        ]
    }

    private static func changes(_ before: UserRecord, _ after: UserRecord) -> [FieldChange] {
        var changes: [FieldChange] = []
        func note(_ field: String, _ from: JSONValue, _ to: JSONValue, isPersonal: Bool = false) {
            if from != to { changes.append(FieldChange(field, from: from, to: to, isPersonal: isPersonal)) }
        }
        note("email", .string(before.email), .string(after.email), isPersonal: true)
        note("name", .string(before.name), .string(after.name))
        note("phone", JSONValue(before.phone), JSONValue(after.phone), isPersonal: true)
        note("locale", .string(before.locale), .string(after.locale))
        note("job_title", JSONValue(before.jobTitle), JSONValue(after.jobTitle))
        note("status", .string(before.status.rawValue), .string(after.status.rawValue))
        note("roles", self.json(before.assignments), self.json(after.assignments))
        return changes
    }

    private static func json(_ roles: [RoleAssignment]) -> JSONValue {
        .array(
            roles.map { role in
                [
                    "role": .string(role.role.code), "property_id": JSONValue(id: role.property?.raw),
                    "department_id": JSONValue(id: role.department?.raw),
                ]
            })
    }
}

extension UserLink {
    /// For so long a link is good: an invitation waits for who is on holiday, a new password is wanted now.
    static func new(_ kind: Kind, _ token: TokenHash, now: Timestamp) -> UserLink {
        let hours: Int64 = kind == .invitation ? 7 * 24 : 24
        return UserLink(kind, token, expiresAt: Timestamp(milliseconds: now.milliseconds + hours * 3_600_000))
    }
}
