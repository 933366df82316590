internal import Hotel
package import Ports
internal import Shared
internal import Wire

/// Departments over REST (`contract.md` 4).
package struct DepartmentsAPI: Sendable {
    package static let tag = RESTTag("Departments", "Who does what in a house.")

    private let departments: any PropertyDirectory
    private let tenants: any ActorDirectory
    private let commands: CommandService

    package init(departments: any PropertyDirectory, tenants: any ActorDirectory, commands: CommandService) {
        self.departments = departments
        self.tenants = tenants
        self.commands = commands
    }

    package var operations: [RESTOperation] { self.readings + self.writings }

    private var readings: [RESTOperation] {
        [
            RESTOperation(
                .get, "/v1/departments", id: "listDepartments", "Departments by property and code.",
                tag: Self.tag.name, permission: nil, takes: DepartmentInput.List.self,
                answers: .page(of: DepartmentShape.shape), refuses: [.notFound]
            ) { try await self.list($0) },
            RESTOperation(
                .get, "/v1/departments/{id:uuid}", id: "getDepartment", "One department.", tag: Self.tag.name,
                permission: nil, takes: DepartmentInput.One.self,
                answers: .one(DepartmentShape.shape, version: \.version)
            ) { try await self.find($0) },
        ]
    }

    private var writings: [RESTOperation] {
        let manage = Permission.propertyManage
        return [
            RESTOperation(
                .post, "/v1/departments", id: "createDepartment", "A new department.", tag: Self.tag.name,
                permission: manage, takes: DepartmentInput.Create.self,
                answers: .outcome("department", DepartmentShape.shape, version: \.version, creates: true),
                refuses: [.notFound, .transitionNotAllowed],
                by: self.commands
            ) { CreateDepartment(.new(), at: $0.body.property, $0.body.fields) },
            RESTOperation(
                .patch, "/v1/departments/{id:uuid}", id: "changeDepartment", "Changes what a department is like.",
                tag: Self.tag.name, permission: manage, takes: DepartmentInput.Change.self,
                answers: .outcome("department", DepartmentShape.shape, version: \.version),
                refuses: [.transitionNotAllowed],
                by: self.commands
            ) { ChangeDepartment($0.id, $0.body.fields, expected: $0.version) },
            RESTOperation(
                .delete, "/v1/departments/{id:uuid}", id: "deleteDepartment", "Closes a department.",
                tag: Self.tag.name, permission: manage, takes: DepartmentInput.Remove.self,
                answers: .outcome("department", DepartmentShape.shape, version: \.version),
                refuses: [.transitionNotAllowed],
                by: self.commands
            ) { RetireDepartment($0.id, expected: $0.version) },
        ]
    }

    private func list(_ request: RESTRequest<DepartmentInput.List>) async throws -> RESTPage<DepartmentRecord> {
        let input = request.input
        let (tenant, seen) = try await request.caller.seenProperties(of: input.tenant, in: self.tenants)
        if let asked = input.property, !seen.contains(asked) { throw Refusal(.notFound) }
        let after = input.page.after.map {
            CodeSelection.Position(property: $0.first, sortKey: $0.second.first, id: $0.second.second.raw)
        }
        let (position, departments) = try await self.departments.departments(
            CodeSelection(
                properties: input.property.map { [$0] } ?? seen, after: after, limit: input.page.rowsWanted,
                kind: input.kind), of: tenant)
        return input.page.answer(departments, at: position) {
            RESTCursorPair($0.property, RESTCursorPair($0.sortKey, $0.id))
        }
    }

    private func find(_ request: RESTRequest<DepartmentInput.One>) async throws -> DepartmentRecord {
        let tenant = try request.caller.tenant(asked: request.input.tenant)
        guard let found = try await self.departments.department(request.input.id, of: tenant),
            request.caller.actor.sees(found.record.property, of: tenant)
        else { throw Refusal(.notFound) }
        return found.record
    }
}
