internal import Hotel
package import Ports
internal import Shared
internal import Wire

/// Room types over REST (`contract.md` 4).
package struct RoomTypesAPI: Sendable {
    package static let tag = RESTTag("Room types", "What kinds of room a house has.")

    private let types: any RoomTypeDirectory
    private let tenants: any ActorDirectory
    private let commands: CommandService

    package init(types: any RoomTypeDirectory, tenants: any ActorDirectory, commands: CommandService) {
        self.types = types
        self.tenants = tenants
        self.commands = commands
    }

    package var operations: [RESTOperation] { self.readings + self.writings }

    private var readings: [RESTOperation] {
        let read = Permission.roomRead.rawValue
        return [
            RESTOperation(
                .get, "/v1/room-types", id: "listRoomTypes", "Room types by property and code.",
                tag: Self.tag.name, permission: read, takes: RoomTypeInput.List.self,
                answers: .page(of: RoomTypeShape.shape), refuses: [.notFound]
            ) { try await self.list($0) },
            RESTOperation(
                .get, "/v1/room-types/{id:uuid}", id: "getRoomType", "One room type.", tag: Self.tag.name,
                permission: read, takes: RoomTypeInput.One.self,
                answers: .one(RoomTypeShape.shape, version: \.version)
            ) { try await self.find($0) },
        ]
    }

    private var writings: [RESTOperation] {
        let configure = Permission.roomConfigure
        return [
            RESTOperation(
                .post, "/v1/room-types", id: "createRoomType", "A new room type.", tag: Self.tag.name,
                permission: configure, takes: RoomTypeInput.Create.self,
                answers: .outcome("room_type", RoomTypeShape.shape, version: \.version, creates: true),
                refuses: [.notFound, .transitionNotAllowed],
                by: self.commands
            ) { CreateRoomType(.new(), at: $0.body.property, $0.body.fields) },
            RESTOperation(
                .patch, "/v1/room-types/{id:uuid}", id: "changeRoomType", "Changes what a room type is like.",
                tag: Self.tag.name, permission: configure, takes: RoomTypeInput.Change.self,
                answers: .outcome("room_type", RoomTypeShape.shape, version: \.version),
                refuses: [.transitionNotAllowed],
                by: self.commands
            ) { ChangeRoomType($0.id, $0.body.fields, expected: $0.version) },
            RESTOperation(
                .delete, "/v1/room-types/{id:uuid}", id: "deleteRoomType", "Gives a room type up.",
                tag: Self.tag.name, permission: configure, takes: RoomTypeInput.Remove.self,
                answers: .outcome("room_type", RoomTypeShape.shape, version: \.version),
                refuses: [.transitionNotAllowed],
                by: self.commands
            ) { RetireRoomType($0.id, expected: $0.version) },
        ]
    }

    private func list(_ request: RESTRequest<RoomTypeInput.List>) async throws -> RESTPage<RoomTypeRecord> {
        let input = request.input
        let (tenant, readable) = try await request.caller.readableProperties(asked: input.property, in: self.tenants)
        let after = input.page.after.map {
            CodeSelection.Position(property: $0.first, sortKey: $0.second.first, id: $0.second.second.raw)
        }
        let (position, types) = try await self.types.roomTypes(
            CodeSelection(properties: readable, after: after, limit: input.page.rowsWanted), of: tenant)
        return input.page.answer(types, at: position) {
            RESTCursorPair($0.property, RESTCursorPair($0.sortKey, $0.id))
        }
    }

    private func find(_ request: RESTRequest<RoomTypeInput.One>) async throws -> RoomTypeRecord {
        guard let tenant = request.caller.tenant,
            let found = try await self.types.roomType(request.input.id, of: tenant),
            !request.caller.actor.may(.roomRead, at: .property(found.record.property, of: tenant)).isRefused
        else { throw Refusal(.notFound) }
        return found.record
    }
}
