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
        [
            RESTOperation(
                .get, "/v1/rooms", id: "listRooms", "Rooms in the order of their numbers.", tag: Self.tag.name,
                permission: Permission.roomRead.rawValue, takes: RoomInput.List.self,
                answers: .page(of: RoomShape.shape), refuses: [.notFound]
            ) { try await self.list($0) },
            RESTOperation(
                .get, "/v1/rooms/{id:uuid}", id: "getRoom", "One room.", tag: Self.tag.name,
                permission: Permission.roomRead.rawValue, takes: RoomInput.One.self,
                answers: .one(RoomShape.shape, version: \.room.version)
            ) { try await self.find($0) },
            RESTOperation(
                .patch, "/v1/rooms/{id:uuid}", id: "changeRoom", "Says something about a room's status.",
                tag: Self.tag.name, permission: Permission.roomSetHKStatus.rawValue, takes: RoomInput.Change.self,
                answers: .outcome(
                    "room", RoomShape.shape, version: \.room.version, registers: RoomRegister.allCases.map(\.rawValue)),
                refuses: [.transitionNotAllowed, .roomFlagRequiresOccupied, .selfInspection, .offlineTooOld]
            ) { request in
                let input = request.input
                return try await self.commands.answer(
                    ChangeRoom(input.id, input.change.wishes, claim: input.change.claim, expected: input.version),
                    to: request, under: input.key)
            },
        ]
    }

    private func list(_ request: RESTRequest<RoomInput.List>) async throws -> RESTPage<ShownRoom> {
        let input = request.input
        guard let tenant = request.caller.tenant else { throw Refusal(.forbidden) }
        let readable =
            try await self.tenants.directory(of: tenant)?.properties(
                where: request.caller.actor, may: .roomRead) ?? []
        if let asked = input.property, !readable.contains(asked) { throw Refusal(.notFound) }
        var wanted = RoomSelection(
            properties: input.property.map { [$0] } ?? readable, limit: input.page.rowsWanted)
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

    private func find(_ request: RESTRequest<RoomInput.One>) async throws -> ShownRoom {
        guard let tenant = request.caller.tenant,
            let shown = try await self.rooms.room(request.input.id, of: tenant),
            !request.caller.actor.may(.roomRead, at: .property(shown.room.property, of: tenant)).isRefused
        else { throw Refusal(.notFound) }
        return shown
    }
}
