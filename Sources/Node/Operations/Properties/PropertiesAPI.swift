internal import Hotel
package import Ports
internal import Shared
internal import Wire

/// Properties over REST (`contract.md` 4).
package struct PropertiesAPI: Sendable {
    package static let tag = RESTTag("Properties", "The houses of a tenant.")

    private let properties: any PropertyDirectory
    private let tenants: any ActorDirectory
    private let commands: CommandService

    package init(properties: any PropertyDirectory, tenants: any ActorDirectory, commands: CommandService) {
        self.properties = properties
        self.tenants = tenants
        self.commands = commands
    }

    package var operations: [RESTOperation] { self.readings + self.writings }

    private var readings: [RESTOperation] {
        [
            RESTOperation(
                .get, "/v1/properties", id: "listProperties", "Properties in the order of their codes.",
                tag: Self.tag.name, permission: nil, takes: PropertyInput.List.self,
                answers: .page(of: PropertyShape.shape), refuses: [.notFound]
            ) { try await self.list($0) },
            RESTOperation(
                .get, "/v1/properties/{id:uuid}", id: "getProperty", "One property.", tag: Self.tag.name,
                permission: nil, takes: PropertyInput.One.self,
                answers: .one(PropertyShape.shape, version: \.version)
            ) { try await self.find($0) },
        ]
    }

    private var writings: [RESTOperation] {
        let manage = Permission.propertyManage
        return [
            RESTOperation(
                .post, "/v1/properties", id: "createProperty", "A new property.", tag: Self.tag.name,
                permission: manage.rawValue, takes: PropertyInput.Create.self,
                answers: .outcome("property", PropertyShape.shape, version: \.version, creates: true),
                refuses: [.notFound]
            ) { request in
                let input = request.input
                let tenant = try request.caller.tenant(asked: input.tenant)
                if request.caller.tenant == nil, try await self.tenants.directory(of: tenant) == nil {
                    throw Refusal(.notFound)
                }
                return try await self.commands.answer(
                    CommandOrder(
                        CreateProperty(.new(), input.body.fields, businessDate: input.body.businessDate),
                        to: request.about(tenant), under: input.key))
            },
            RESTOperation(
                .patch, "/v1/properties/{id:uuid}", id: "changeProperty", "Changes what a property is like.",
                tag: Self.tag.name, permission: manage, takes: PropertyInput.Change.self,
                answers: .outcome("property", PropertyShape.shape, version: \.version),
                refuses: [.transitionNotAllowed],
                by: self.commands
            ) { ChangeProperty($0.id, $0.body.fields, expected: $0.version) },
            RESTOperation(
                .delete, "/v1/properties/{id:uuid}", id: "archiveProperty", "Closes a property for good.",
                tag: Self.tag.name, permission: manage, takes: PropertyInput.Archive.self,
                answers: .outcome("property", PropertyShape.shape, version: \.version),
                refuses: [.transitionNotAllowed, .roomOccupied],
                by: self.commands
            ) { ArchiveProperty($0.id, expected: $0.version) },
        ]
    }

    private func list(_ request: RESTRequest<PropertyInput.List>) async throws -> RESTPage<PropertyRecord> {
        let input = request.input
        let (tenant, seen) = try await request.caller.seenProperties(of: input.tenant, in: self.tenants)
        let after = input.page.after.map {
            CodeSelection.Position(property: $0.second, sortKey: $0.first, id: $0.second.raw)
        }
        let (position, properties) = try await self.properties.properties(
            CodeSelection(properties: seen, after: after, limit: input.page.rowsWanted, status: input.status),
            of: tenant)
        return input.page.answer(properties, at: position) { RESTCursorPair($0.sortKey, $0.id) }
    }

    private func find(_ request: RESTRequest<PropertyInput.One>) async throws -> PropertyRecord {
        let tenant = try request.caller.tenant(asked: request.input.tenant)
        guard request.caller.actor.sees(request.input.id, of: tenant),
            let found = try await self.properties.property(request.input.id, of: tenant)
        else { throw Refusal(.notFound) }
        return found.record
    }
}
