internal import Hotel
internal import Ports
internal import Shared

/// What requests about roles say.
enum RoleInput {
    typealias One = SubjectInput.One<Subject.Role>
    typealias Create = SubjectInput.New<NewRole>
    typealias Change = SubjectInput.Change<Subject.Role, RoleEdit>
    typealias Act = SubjectInput.Act<Subject.Role>

    struct List: RESTInput {
        let tenant: TenantID?
        let page: RESTPageRequest<RESTCursorPair<String, RoleID>>

        init(reading request: inout RESTReader) {
            self.tenant = request.tenant()
            self.page = request.page()
        }
    }
}

/// The body of a new role.
struct NewRole: JSONDecodable, Sendable {
    let code: Code
    let name: Name
    let permissions: [Permission]

    init(fields: inout JSONFields) {
        self.code = fields.required("code", .text(Code.self))
        self.name = fields.required("name", .text(Name.self))
        self.permissions = fields.required("permissions", .permissions)
    }
}

/// The body of a change.
struct RoleEdit: JSONDecodable, Sendable {
    let edit: EditRole.Edit

    init(fields: inout JSONFields) {
        var edit = EditRole.Edit()
        edit.code = fields.optional("code", .text(Code.self))
        edit.name = fields.optional("name", .text(Name.self))
        edit.permissions = fields.optional("permissions", .permissions).map { Set($0) }
        self.edit = edit
    }
}

extension JSONRule where Value == [Permission] {
    fileprivate static var permissions: Self {
        .array(of: .oneOf(Permission.self), count: 0...Permission.allCases.count)
    }
}
