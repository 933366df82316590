package import Hotel
package import Ports
package import Shared

/// Somebody opens a property.
package final class CreateProperty: HotelCommand {
    package let id: PropertyID
    package let fields: Edits<PropertyRecord>
    /// `nil`: the day that it is by the clock.
    package let businessDate: CalendarDate?

    package init(_ id: PropertyID, _ fields: Edits<PropertyRecord>, businessDate: CalendarDate?) {
        self.id = id
        self.fields = fields
        self.businessDate = businessDate
    }

    package var action: String { "property:create" }
    package var subject: EntityReference? { EntityReference("property", self.id) }
    package func refusal(ofTaken constraint: String) -> Refusal? { PropertyRefusals.taken(constraint) }

    package func decide(at desk: any CommandDesk) async throws(StoreError) -> CommandVerdict {
        let property = self.fields.applied(to: PropertyRecord(id: self.id))
        // Who may not is told before anything is looked up.
        if let refusal = self.refusal(for: desk.origin) { return .refused(refusal) }
        let today = try await desk.businessDay(
            by: PropertyClock(in: property.timeZone, rollingAt: property.dayRollTime))
        return self.decide(property, today.first, at: desk)
    }

    private func refusal(for origin: CommandOrigin) -> Refusal? {
        guard let tenant = origin.tenant else { return Refusal(.notFound) }
        do throws(Refusal) {
            // Somebody who manages some of the properties does not thereby open others.
            try origin.actor.require(.propertyManage, at: .tenant(tenant))
            return nil
        } catch {
            return error
        }
    }

    private func decide(_ wanted: PropertyRecord, _ today: CalendarDate?, at desk: any CommandDesk) -> CommandVerdict {
        guard let tenant = desk.origin.tenant else { return .refused(Refusal(.notFound)) }
        guard let today else { return .refused(.field("timezone", .unknownValue)) }
        guard wanted.status != .archived else { return .refused(.field("status", .unknownValue)) }
        var property = wanted
        property.businessDate = self.businessDate ?? today
        (property.createdAt, property.updatedAt) = (desk.now, desk.now)
        desk.add(property)
        return .decided(
            CommandDecision(
                .created, PropertyShape.kind, action: self.action, from: nil, to: property,
                at: ConfiguredPlace(property, of: tenant), now: desk.now))
    }
}

/// Somebody changes what a property is like, or opens its doors.
package final class ChangeProperty: HotelCommand {
    package let id: PropertyID
    package let fields: Edits<PropertyRecord>
    package let expected: Int64

    package init(_ id: PropertyID, _ fields: Edits<PropertyRecord>, expected: Int64) {
        self.id = id
        self.fields = fields
        self.expected = expected
    }

    package var action: String { "property:update" }
    package var subject: EntityReference? { EntityReference("property", self.id) }
    package func refusal(ofTaken constraint: String) -> Refusal? { PropertyRefusals.taken(constraint) }

    package func decide(at desk: any CommandDesk) async throws(StoreError) -> CommandVerdict {
        let found = try await desk.property(self.id)
        guard let before = found?.record else { return .refused(Refusal(.notFound)) }
        let wanted = self.fields.applied(to: before)
        if let refusal = self.refusal(of: before, wanted, for: desk.origin) { return .refused(refusal) }
        if self.fields.names.contains("timezone") {
            let today = try await desk.businessDay(
                by: PropertyClock(in: wanted.timeZone, rollingAt: wanted.dayRollTime))
            if today.isEmpty { return .refused(.field("timezone", .unknownValue)) }
        }
        if let department = wanted.defaultDepartment, department != before.defaultDepartment {
            let file = try await desk.department(department)
            guard let file, !file.record.isDeleted, file.record.property == self.id else {
                return .refused(.field("default_department_id", .unknownValue))
            }
        }
        return self.decide(before, at: desk)
    }

    private func refusal(of before: PropertyRecord, _ wanted: PropertyRecord, for origin: CommandOrigin) -> Refusal? {
        do throws(Refusal) {
            try PropertyRefusals.check(before, for: origin)
            try PropertyShape.kind.check(self.expected, against: before)
            // The end has a command of its own, which looks at who is still in.
            guard wanted.status != .archived || before.status == .archived else {
                throw .field("status", .unknownValue)
            }
            try before.status.go(to: wanted.status)
            return nil
        } catch {
            return error
        }
    }

    private func decide(_ before: PropertyRecord, at desk: any CommandDesk) -> CommandVerdict {
        guard let tenant = desk.origin.tenant else { return .refused(Refusal(.notFound)) }
        let after = PropertyShape.kind.edited(before, by: self.fields, at: desk.now)
        if after.version != before.version { desk.keep(after) }
        return .decided(
            CommandDecision(
                .updated, PropertyShape.kind, action: self.action, from: before, to: after,
                at: ConfiguredPlace(after, of: tenant), now: desk.now))
    }
}

/// Somebody closes a property for good. What it was stays.
package final class ArchiveProperty: HotelCommand {
    package let id: PropertyID
    package let expected: Int64?

    package init(_ id: PropertyID, expected: Int64?) {
        self.id = id
        self.expected = expected
    }

    package var action: String { "property:archive" }
    package var subject: EntityReference? { EntityReference("property", self.id) }

    package func decide(at desk: any CommandDesk) async throws(StoreError) -> CommandVerdict {
        let found = try await desk.property(self.id)
        let occupied = try await desk.occupiedRooms(of: self.id)
        guard let before = found?.record else { return .refused(Refusal(.notFound)) }
        return self.decide(before, occupied, at: desk)
    }

    private func decide(_ before: PropertyRecord, _ occupied: [String], at desk: any CommandDesk) -> CommandVerdict {
        do throws(Refusal) {
            let tenant = try PropertyRefusals.check(before, for: desk.origin)
            try PropertyShape.kind.check(self.expected, against: before)
            try before.status.go(to: .archived)
            guard occupied.isEmpty else {
                throw Refusal(.roomOccupied, current: ["rooms": .array(occupied.map { .string($0) })])
            }
            var after = before
            after.status = .archived
            after = PropertyShape.kind.touched(after, from: before, at: desk.now)
            desk.keep(after)
            return .decided(
                CommandDecision(
                    .archived, PropertyShape.kind, action: self.action, from: before, to: after,
                    at: ConfiguredPlace(after, of: tenant), now: desk.now))
        } catch {
            return .refused(error)
        }
    }
}

private enum PropertyRefusals {
    static func taken(_ constraint: String) -> Refusal? {
        constraint == "property_code" ? .field("code", .taken) : nil
    }

    /// Refuses who may not manage a property.
    @discardableResult
    static func check(_ property: PropertyRecord, for origin: CommandOrigin) throws(Refusal) -> TenantID {
        guard let tenant = origin.tenant, !property.isDeleted, origin.actor.sees(property.id, of: tenant) else {
            throw Refusal(.notFound)
        }
        try origin.actor.require(.propertyManage, at: .property(property.id, of: tenant))
        return tenant
    }
}
