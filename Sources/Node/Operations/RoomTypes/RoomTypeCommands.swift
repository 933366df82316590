package import Hotel
package import Ports
package import Shared

/// Somebody sets up a type of room.
package final class CreateRoomType: HotelCommand {
    package let id: RoomTypeID
    package let property: PropertyID
    package let fields: Edits<RoomTypeRecord>

    package init(_ id: RoomTypeID, at property: PropertyID, _ fields: Edits<RoomTypeRecord>) {
        self.id = id
        self.property = property
        self.fields = fields
    }

    package var action: String { "room_type:create" }
    package var subject: EntityReference? { EntityReference("room_type", self.id) }
    package func refusal(ofTaken constraint: String) -> Refusal? { RoomTypeRefusals.taken(constraint) }

    package func decide(at desk: any CommandDesk) async throws(StoreError) -> CommandVerdict {
        let site = try await desk.site(self.property)
        return self.decide(site, at: desk)
    }

    private func decide(_ site: PropertySite?, at desk: any CommandDesk) -> CommandVerdict {
        guard let site, let tenant = desk.origin.tenant else { return .refused(Refusal(.notFound)) }
        var type = self.fields.applied(to: RoomTypeRecord(id: self.id, property: self.property))
        do throws(Refusal) {
            try site.check(.roomConfigure, of: desk.origin.actor, in: tenant)
            try RoomTypeRefusals.check(type)
        } catch {
            return .refused(error)
        }
        (type.createdAt, type.updatedAt) = (desk.now, desk.now)
        desk.add(type)
        return .decided(
            CommandDecision(
                .created, RoomTypeShape.kind, action: self.action, from: nil, to: type,
                at: ConfiguredPlace(site.rules, of: tenant), now: desk.now))
    }
}

/// Somebody changes what a type of room is like.
package final class ChangeRoomType: HotelCommand {
    package let id: RoomTypeID
    package let fields: Edits<RoomTypeRecord>
    package let expected: Int64

    package init(_ id: RoomTypeID, _ fields: Edits<RoomTypeRecord>, expected: Int64) {
        self.id = id
        self.fields = fields
        self.expected = expected
    }

    package var action: String { "room_type:update" }
    package var subject: EntityReference? { EntityReference("room_type", self.id) }
    package func refusal(ofTaken constraint: String) -> Refusal? { RoomTypeRefusals.taken(constraint) }

    package func decide(at desk: any CommandDesk) async throws(StoreError) -> CommandVerdict {
        let found = try await desk.roomType(self.id, isToChange: true)
        return self.decide(found, at: desk)
    }

    private func decide(_ found: SiteFile<RoomTypeRecord>?, at desk: any CommandDesk) -> CommandVerdict {
        let kind = RoomTypeShape.kind
        do throws(Refusal) {
            let (file, tenant) = try RoomTypeRefusals.check(found, for: desk.origin)
            try kind.check(self.expected, against: file.record)
            let after = kind.edited(file.record, by: self.fields, at: desk.now)
            try RoomTypeRefusals.check(after)
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

/// Somebody gives a type of room up. Rooms that are of it must become others first.
package final class RetireRoomType: HotelCommand {
    package let id: RoomTypeID
    package let expected: Int64?

    package init(_ id: RoomTypeID, expected: Int64?) {
        self.id = id
        self.expected = expected
    }

    package var action: String { "room_type:delete" }
    package var subject: EntityReference? { EntityReference("room_type", self.id) }

    package func decide(at desk: any CommandDesk) async throws(StoreError) -> CommandVerdict {
        let found = try await desk.roomType(self.id, isToChange: true)
        // Asked after the lock: whoever makes a room of this type waits for it.
        let rooms = try await desk.rooms(of: self.id)
        return self.decide(found, rooms, at: desk)
    }

    private func decide(
        _ found: SiteFile<RoomTypeRecord>?, _ rooms: [String], at desk: any CommandDesk
    ) -> CommandVerdict {
        let kind = RoomTypeShape.kind
        do throws(Refusal) {
            let (file, tenant) = try RoomTypeRefusals.check(found, for: desk.origin)
            try kind.check(self.expected, against: file.record)
            guard rooms.isEmpty else {
                let first = rooms.prefix(10).map { JSONValue.string($0) }
                throw .inUse(["rooms": JSONValue(rooms.count), "numbers": .array(first)])
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

private enum RoomTypeRefusals {
    static func taken(_ constraint: String) -> Refusal? {
        constraint == "room_type_code" ? .field("code", .taken) : nil
    }

    /// Between fields that may have been said at different times.
    static func check(_ type: RoomTypeRecord) throws(Refusal) {
        guard type.maxOccupancy >= type.baseOccupancy else { throw .field("max_occupancy", .range) }
    }

    static func check(
        _ found: SiteFile<RoomTypeRecord>?, for origin: CommandOrigin
    ) throws(Refusal) -> (SiteFile<RoomTypeRecord>, TenantID) {
        guard let file = found, let tenant = origin.tenant, !file.record.isDeleted else { throw Refusal(.notFound) }
        try file.site.check(.roomConfigure, of: origin.actor, in: tenant)
        return (file, tenant)
    }
}
