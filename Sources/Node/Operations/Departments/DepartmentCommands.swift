package import Hotel
package import Ports
package import Shared

/// Somebody sets up a department.
package final class CreateDepartment: HotelCommand {
    package let id: DepartmentID
    package let property: PropertyID
    package let fields: Edits<DepartmentRecord>

    package init(_ id: DepartmentID, at property: PropertyID, _ fields: Edits<DepartmentRecord>) {
        self.id = id
        self.property = property
        self.fields = fields
    }

    package var action: String { "department:create" }
    package var subject: EntityReference? { EntityReference("department", self.id) }
    package func refusal(ofTaken constraint: String) -> Refusal? { DepartmentRefusals.taken(constraint) }

    package func decide(at desk: any CommandDesk) async throws(StoreError) -> CommandVerdict {
        let site = try await desk.site(self.property)
        var department = self.fields.applied(to: DepartmentRecord(id: self.id, property: self.property))
        department.slug = ChannelSlug(department.code)
        let staff = try await desk.staff(among: department.supervisor.map { [$0] } ?? [])
        let hasNobody = DepartmentRefusals.namesNobody(department, instead: nil, among: staff)
        return self.decide(department, site, hasNobody, at: desk)
    }

    private func decide(
        _ wanted: DepartmentRecord, _ site: PropertySite?, _ hasNobody: Bool, at desk: any CommandDesk
    ) -> CommandVerdict {
        guard let site, let tenant = desk.origin.tenant else { return .refused(Refusal(.notFound)) }
        do throws(Refusal) {
            try site.check(.propertyManage, of: desk.origin.actor, in: tenant)
            if hasNobody { throw .field("supervisor_user_id", .unknownValue) }
        } catch {
            return .refused(error)
        }
        var department = wanted
        (department.createdAt, department.updatedAt) = (desk.now, desk.now)
        desk.add(department)
        return .decided(
            CommandDecision(
                .created, DepartmentShape.kind, action: self.action, from: nil, to: department,
                at: ConfiguredPlace(site.rules, of: tenant), now: desk.now))
    }
}

/// Somebody changes what a department is like. Its channels keep their name.
package final class ChangeDepartment: HotelCommand {
    package let id: DepartmentID
    package let fields: Edits<DepartmentRecord>
    package let expected: Int64

    package init(_ id: DepartmentID, _ fields: Edits<DepartmentRecord>, expected: Int64) {
        self.id = id
        self.fields = fields
        self.expected = expected
    }

    package var action: String { "department:update" }
    package var subject: EntityReference? { EntityReference("department", self.id) }
    package func refusal(ofTaken constraint: String) -> Refusal? { DepartmentRefusals.taken(constraint) }

    package func decide(at desk: any CommandDesk) async throws(StoreError) -> CommandVerdict {
        let found = try await desk.department(self.id)
        guard let file = found else { return .refused(Refusal(.notFound)) }
        let wanted = self.fields.applied(to: file.record)
        let staff = try await desk.staff(among: wanted.supervisor.map { [$0] } ?? [])
        let hasNobody = DepartmentRefusals.namesNobody(wanted, instead: file.record.supervisor, among: staff)
        return self.decide(file, hasNobody, at: desk)
    }

    private func decide(
        _ file: SiteFile<DepartmentRecord>, _ hasNobody: Bool, at desk: any CommandDesk
    ) -> CommandVerdict {
        let kind = DepartmentShape.kind
        do throws(Refusal) {
            let tenant = try DepartmentRefusals.check(file, for: desk.origin)
            try kind.check(self.expected, against: file.record)
            if hasNobody { throw .field("supervisor_user_id", .unknownValue) }
            let after = kind.edited(file.record, by: self.fields, at: desk.now)
            if after.version != file.record.version { desk.keep(after) }
            return .decided(
                CommandDecision(
                    .updated, kind, action: self.action, from: file.record, to: after,
                    at: ConfiguredPlace(file.site.rules, of: tenant), now: desk.now))
        } catch {
            return .refused(error)
        }
    }
}

/// Somebody closes a department. Whoever still works there must have another first.
package final class RetireDepartment: HotelCommand {
    package let id: DepartmentID
    package let expected: Int64?

    package init(_ id: DepartmentID, expected: Int64?) {
        self.id = id
        self.expected = expected
    }

    package var action: String { "department:delete" }
    package var subject: EntityReference? { EntityReference("department", self.id) }

    package func decide(at desk: any CommandDesk) async throws(StoreError) -> CommandVerdict {
        let found = try await desk.department(self.id)
        // Asked after the lock: whoever gives somebody a role here waits for it.
        let uses = try await desk.uses(of: self.id)
        guard let file = found else { return .refused(Refusal(.notFound)) }
        return self.decide(file, uses, at: desk)
    }

    private func decide(
        _ file: SiteFile<DepartmentRecord>, _ uses: [String: Int], at desk: any CommandDesk
    ) -> CommandVerdict {
        let kind = DepartmentShape.kind
        do throws(Refusal) {
            let tenant = try DepartmentRefusals.check(file, for: desk.origin)
            try kind.check(self.expected, against: file.record)
            guard uses.isEmpty else {
                var users = JSONObject()
                for (name, count) in uses.sorted(by: { $0.key < $1.key }) { users[name] = JSONValue(count) }
                throw .inUse(users)
            }
            var after = file.record
            (after.isDeleted, after.version, after.updatedAt) = (true, after.version + 1, desk.now)
            desk.keep(after)
            return .decided(
                CommandDecision(
                    .retired, kind, action: self.action, from: file.record, to: after,
                    at: ConfiguredPlace(file.site.rules, of: tenant), now: desk.now))
        } catch {
            return .refused(error)
        }
    }
}

private enum DepartmentRefusals {
    /// Two codes that make one slug would share their channels: neither may be taken.
    static func taken(_ constraint: String) -> Refusal? {
        constraint == "department_code" || constraint == "department_slug" ? .field("code", .taken) : nil
    }

    static func check(_ file: SiteFile<DepartmentRecord>, for origin: CommandOrigin) throws(Refusal) -> TenantID {
        guard let tenant = origin.tenant, !file.record.isDeleted else { throw Refusal(.notFound) }
        try file.site.check(.propertyManage, of: origin.actor, in: tenant)
        return tenant
    }

    /// Whether its new supervisor is not one of the tenant's staff.
    static func namesNobody(
        _ department: DepartmentRecord, instead former: UserID?, among staff: [UserID]
    ) -> Bool {
        guard let supervisor = department.supervisor, supervisor != former else { return false }
        return !staff.contains(supervisor)
    }
}
