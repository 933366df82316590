internal import Hotel
package import Ports
internal import Shared
internal import Wire

/// Rooms over REST (`contract.md` 4).
package struct RoomsAPI: Sendable {
    package static let tag = RESTTag("Rooms", "Rooms, and the axes of their status.")

    private let rooms: any RoomDirectory
    private let tenants: any ActorDirectory
    private let commands: CommandService

    package init(rooms: any RoomDirectory, tenants: any ActorDirectory, commands: CommandService) {
        self.rooms = rooms
        self.tenants = tenants
        self.commands = commands
    }

    package var operations: [RESTOperation] {
        self.readings + self.statusWritings + self.deskWritings + self.configurations
    }

    private var readings: [RESTOperation] {
        let read = Permission.roomRead.rawValue
        return [
            RESTOperation(
                .get, "/v1/rooms", id: "listRooms", "Rooms in the order of their numbers.", tag: Self.tag.name,
                permission: read, takes: RoomInput.List.self, answers: .page(of: RoomShape.shape),
                refuses: [.notFound]
            ) { try await self.list($0) },
            RESTOperation(
                .get, "/v1/rooms/{id:uuid}", id: "getRoom", "One room.", tag: Self.tag.name,
                permission: read, takes: RoomInput.One.self,
                answers: .one(RoomShape.shape, version: \.room.version)
            ) { try await self.find($0.input.id, for: $0.caller).shown },
            RESTOperation(
                .get, "/v1/rooms/{id:uuid}/history", id: "getRoomHistory",
                "What became of a room's axes, the latest first.", tag: Self.tag.name, permission: read,
                takes: RoomInput.History.self, answers: .page(of: RoomHistoryEntry.shape)
            ) { try await self.history($0) },
        ]
    }

    /// What every screen of housekeeping does: the last write wins.
    private var statusWritings: [RESTOperation] {
        let registers = RoomRegister.allCases.map(\.rawValue)
        return [
            RESTOperation(
                .patch, "/v1/rooms/{id:uuid}", id: "changeRoom", "Says something about a room's status.",
                tag: Self.tag.name, permission: .roomSetHKStatus, takes: RoomInput.Change.self,
                answers: .outcome("room", RoomShape.shape, version: \.room.version, registers: registers),
                refuses: [.transitionNotAllowed, .roomFlagRequiresOccupied, .selfInspection, .offlineTooOld],
                by: self.commands
            ) { ChangeRoom($0.id, $0.body.wishes, claim: $0.body.claim, expected: $0.version) },
            RESTOperation(
                .post, "/v1/rooms/bulk-status", id: "changeRooms",
                "Says the same about many rooms; each has its own outcome.", tag: Self.tag.name,
                permission: .roomSetHKStatus, takes: RoomInput.Bulk.self,
                answers: .outcome("results", RoomResult.list), by: self.commands
            ) { ChangeRooms($0.body.rooms, $0.body.change.wishes, claim: $0.body.change.claim) },
            RESTOperation(
                .post, "/v1/rooms/{id:uuid}/resolve-discrepancy", id: "resolveDiscrepancy",
                "What housekeeping saw was wrong, or is settled.", tag: Self.tag.name,
                permission: .roomResolveDiscrepancy, takes: RoomInput.Act.self,
                answers: .outcome("room", RoomShape.shape, version: \.room.version, registers: registers),
                refuses: [.transitionNotAllowed], by: self.commands
            ) { ChangeRoom.resolveDiscrepancy($0.id, expected: $0.version) },
        ]
    }

    /// What the front office does.
    private var deskWritings: [RESTOperation] {
        let assign = Permission.reservationRoomAssign
        return [
            RESTOperation(
                .post, "/v1/rooms/{id:uuid}/hold", id: "holdRoom", "Keeps a room for somebody, for a time.",
                tag: Self.tag.name, permission: assign, takes: RoomInput.Hold.self,
                answers: .outcome("room", RoomShape.shape, version: \.room.version), refuses: [.transitionNotAllowed],
                by: self.commands
            ) { ChangeRoom.hold($0.id, until: $0.body.until, expected: $0.version) },
            RESTOperation(
                .post, "/v1/rooms/{id:uuid}/release", id: "releaseRoom", "Keeps it no longer.",
                tag: Self.tag.name, permission: assign, takes: RoomInput.Act.self,
                answers: .outcome("room", RoomShape.shape, version: \.room.version), refuses: [.transitionNotAllowed],
                by: self.commands
            ) { ChangeRoom.release($0.id, expected: $0.version) },
        ]
    }

    /// A resource of its own, not fields of the room's PATCH: there the last write wins, register by register, whoever comes
    /// late; here an edit is based on a version, needs another permission, and has one fate. One answer could not say both.
    private var configurations: [RESTOperation] {
        let configure = Permission.roomConfigure
        return [
            RESTOperation(
                .post, "/v1/rooms", id: "createRoom", "A new room.", tag: Self.tag.name, permission: configure,
                takes: RoomInput.Create.self,
                answers: .outcome("room", RoomShape.shape, version: \.room.version, creates: true),
                refuses: [.notFound, .transitionNotAllowed],
                by: self.commands
            ) { CreateRoom(.new(), at: $0.body.property, $0.body.fields) },
            RESTOperation(
                .put, "/v1/rooms/{id:uuid}/configuration", id: "configureRoom",
                "Says anew what is configured of a room.", tag: Self.tag.name, permission: configure,
                takes: RoomInput.Configure.self,
                answers: .outcome("room", RoomShape.shape, version: \.room.version), refuses: [.transitionNotAllowed],
                by: self.commands
            ) { ConfigureRoom($0.id, $0.body.fields, expected: $0.version) },
            RESTOperation(
                .delete, "/v1/rooms/{id:uuid}", id: "deleteRoom", "Takes a room away.", tag: Self.tag.name,
                permission: configure, takes: RoomInput.Act.self,
                answers: .outcome("room", RoomShape.shape, version: \.room.version),
                refuses: [.transitionNotAllowed, .roomOccupied],
                by: self.commands
            ) { RetireRoom($0.id, expected: $0.version) },
        ]
    }

    private func list(_ request: RESTRequest<RoomInput.List>) async throws -> RESTPage<ShownRoom> {
        let input = request.input
        let (tenant, readable) = try await request.caller.readableProperties(asked: input.property, in: self.tenants)
        var wanted = RoomSelection(properties: readable, limit: input.page.rowsWanted)
        wanted.floor = input.floor
        wanted.hkStatus = input.hkStatus
        wanted.roomType = input.roomType
        wanted.after = input.page.after.map {
            RoomSelection.Position(property: $0.first, sortKey: $0.second.first, room: $0.second.second)
        }
        let (position, rooms) = try await self.rooms.rooms(wanted, of: tenant)
        return input.page.answer(rooms, at: position) { shown in
            RoomInput.List.Order(
                shown.room.property, RESTCursorPair(shown.room.sortKey, shown.room.id))
        }
    }

    private func find(_ id: RoomID, for caller: RESTCaller) async throws -> (tenant: TenantID, shown: ShownRoom) {
        guard let tenant = caller.tenant, let shown = try await self.rooms.room(id, of: tenant),
            !caller.actor.may(.roomRead, at: .property(shown.room.property, of: tenant)).isRefused
        else { throw Refusal(.notFound) }
        return (tenant, shown)
    }

    private func history(_ request: RESTRequest<RoomInput.History>) async throws -> RESTPage<RoomHistoryEntry> {
        let page = request.input.page
        let (tenant, shown) = try await self.find(request.input.id, for: request.caller)
        let after = page.after.map {
            RoomHistoryEntry.Position(recordedAt: $0.first, event: $0.second.first, axis: $0.second.second)
        }
        let (position, entries) = try await self.rooms.history(
            RoomHistorySelection(of: shown.room.id, after: after, limit: page.rowsWanted), of: tenant)
        return page.answer(entries, at: position) {
            RESTCursorPair($0.position.recordedAt, RESTCursorPair($0.position.event, $0.position.axis))
        }
    }
}
