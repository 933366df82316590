package import Hotel
package import Ports
package import Shared

/// Somebody adds a room to a property.
package final class CreateRoom: HotelCommand {
    package let id: RoomID
    package let property: PropertyID
    package let fields: Edits<RoomConfiguration>

    package init(_ id: RoomID, at property: PropertyID, _ fields: Edits<RoomConfiguration>) {
        self.id = id
        self.property = property
        self.fields = fields
    }

    package var action: String { "room:create" }
    package var subject: EntityReference? { EntityReference("room", self.id) }
    package func refusal(ofTaken constraint: String) -> Refusal? { RoomPlan.taken(constraint) }

    package func decide(at desk: any CommandDesk) async throws(StoreError) -> CommandVerdict {
        let found = try await desk.site(self.property)
        guard let site = found else { return .refused(Refusal(.notFound)) }
        let plan = RoomPlan(self.fields, over: nil, today: site.rules.businessDate)
        let type = try await desk.roomType(plan.configuration.roomType, isToChange: false)
        let others = try await desk.rooms(plan.named)
        return self.decide(plan, site, type, others, at: desk)
    }

    private func decide(
        _ plan: RoomPlan, _ site: PropertySite, _ type: SiteFile<RoomTypeRecord>?, _ others: [RoomFile],
        at desk: any CommandDesk
    ) -> CommandVerdict {
        do throws(Refusal) {
            guard let tenant = desk.origin.tenant else { throw Refusal(.notFound) }
            try site.check(.roomConfigure, of: desk.origin.actor, in: tenant)
            let code = try plan.check(self.id, at: site.id, type?.record, others, hasParts: false)
            let configuration = plan.configuration
            let room = RoomRecord(
                id: self.id, property: self.property, configuration: configuration, roomTypeCode: code,
                state: RoomState(isPseudo: configuration.isPseudo), version: 1, createdAt: desk.now,
                updatedAt: desk.now)
            desk.add(room)
            return .decided(
                CommandDecision(
                    .created, RoomShape.kind, action: self.action, from: nil, to: ShownRoom(room, site.rules),
                    at: ConfiguredPlace(site.rules, of: tenant), now: desk.now))
        } catch {
            return .refused(error)
        }
    }
}

/// Somebody says anew what is configured of a room. Its status is none of it.
package final class ConfigureRoom: HotelCommand {
    package let id: RoomID
    package let fields: Edits<RoomConfiguration>
    package let expected: Int64

    package init(_ id: RoomID, _ fields: Edits<RoomConfiguration>, expected: Int64) {
        self.id = id
        self.fields = fields
        self.expected = expected
    }

    package var action: String { "room:configure" }
    package var subject: EntityReference? { EntityReference("room", self.id) }
    package func refusal(ofTaken constraint: String) -> Refusal? { RoomPlan.taken(constraint) }

    package func decide(at desk: any CommandDesk) async throws(StoreError) -> CommandVerdict {
        // All rooms that it names, in one order with everybody who names them.
        let named = self.fields.applied(
            to: RoomConfiguration(
                number: .placeholder, roomType: RoomTypeID(raw: 0), activeFrom: CalendarDate(daysSince1970: 0)))
        let rooms = try await desk.rooms([self.id] + RoomPlan(named).named.filter { $0 != self.id })
        guard let file = rooms.first(where: { $0.room.id == self.id }), !file.room.isDeleted else {
            return .refused(Refusal(.notFound))
        }
        let plan = RoomPlan(self.fields, over: file.room.configuration, today: file.property.businessDate)
        let site = try await desk.site(file.property.id)
        let type = try await desk.roomType(plan.configuration.roomType, isToChange: false)
        let ties = try await desk.ties(of: self.id)
        guard let site else { return .refused(Refusal(.notFound)) }
        return self.decide(plan, file, site, type, rooms, ties, at: desk)
    }

    private func decide(
        _ plan: RoomPlan, _ file: RoomFile, _ site: PropertySite, _ type: SiteFile<RoomTypeRecord>?,
        _ rooms: [RoomFile], _ ties: RoomTies, at desk: any CommandDesk
    ) -> CommandVerdict {
        do throws(Refusal) {
            guard let tenant = desk.origin.tenant else { throw Refusal(.notFound) }
            try site.check(.roomConfigure, of: desk.origin.actor, in: tenant)
            let before = ShownRoom(file.room, site.rules)
            try RoomShape.kind.check(self.expected, against: before)
            var room = file.room
            room.roomTypeCode = try plan.check(
                self.id, at: site.id, type?.record, rooms, hasParts: !ties.parts.isEmpty)
            room.configuration = plan.configuration
            if !RoomShape.kind.changes(from: before, to: ShownRoom(room, site.rules)).isEmpty {
                (room.version, room.updatedAt) = (room.version + 1, desk.now)
                desk.configure(room)
            }
            return .decided(
                CommandDecision(
                    .updated, RoomShape.kind, action: self.action, from: before, to: ShownRoom(room, site.rules),
                    at: ConfiguredPlace(site.rules, of: tenant), now: desk.now))
        } catch {
            return .refused(error)
        }
    }
}

/// Somebody takes a room away. What became of it stays in the log and in its history.
package final class RetireRoom: HotelCommand {
    package let id: RoomID
    package let expected: Int64?

    package init(_ id: RoomID, expected: Int64?) {
        self.id = id
        self.expected = expected
    }

    package var action: String { "room:delete" }
    package var subject: EntityReference? { EntityReference("room", self.id) }

    package func decide(at desk: any CommandDesk) async throws(StoreError) -> CommandVerdict {
        let found = try await desk.room(self.id)
        guard let file = found, !file.room.isDeleted else { return .refused(Refusal(.notFound)) }
        let site = try await desk.site(file.property.id)
        let ties = try await desk.ties(of: self.id)
        guard let site else { return .refused(Refusal(.notFound)) }
        return self.decide(file, site, ties, at: desk)
    }

    private func decide(
        _ file: RoomFile, _ site: PropertySite, _ ties: RoomTies, at desk: any CommandDesk
    ) -> CommandVerdict {
        do throws(Refusal) {
            guard let tenant = desk.origin.tenant else { throw Refusal(.notFound) }
            try site.check(.roomConfigure, of: desk.origin.actor, in: tenant)
            let before = ShownRoom(file.room, site.rules)
            try RoomShape.kind.check(self.expected, against: before)
            guard file.room.state.foOccupancy == .vacant else {
                throw Refusal(.roomOccupied, current: ["rooms": [.string(file.room.configuration.number.text)]])
            }
            guard ties.isEmpty else {
                throw .inUse([
                    "parts": .array(ties.parts.map { .string($0) }),
                    "connecting": .array(ties.neighbours.map { .string($0) }),
                ])
            }
            var room = file.room
            (room.isDeleted, room.version, room.updatedAt) = (true, room.version + 1, desk.now)
            desk.configure(room)
            return .decided(
                CommandDecision(
                    .retired, RoomShape.kind, action: self.action, from: before, to: ShownRoom(room, site.rules),
                    at: ConfiguredPlace(site.rules, of: tenant), now: desk.now))
        } catch {
            return .refused(error)
        }
    }
}
