internal import Hotel
internal import Ports
internal import Shared

/// What requests about roles say.
enum RoleInput {
    struct One: RESTInput {
        let id: RoleID
        let tenant: TenantID?

        init(reading request: inout RESTReader) {
            self.id = request.path("id", .id())
            self.tenant = request.tenant()
        }
    }

    struct List: RESTInput {
        let tenant: TenantID?
        let page: RESTPageRequest<RESTCursorPair<String, RoleID>>

        init(reading request: inout RESTReader) {
            self.tenant = request.tenant()
            self.page = request.page()
        }
    }

    struct Create: RESTInput {
        let tenant: TenantID?
        let key: OperationID
        let body: NewRole

        init(reading request: inout RESTReader) {
            self.tenant = request.tenant()
            self.key = request.idempotencyKey()
            self.body = request.body()
        }
    }

    struct Change: RESTInput {
        let id: RoleID
        let tenant: TenantID?
        let key: OperationID
        let version: Int64?
        let body: RoleEdit

        init(reading request: inout RESTReader) {
            self.id = request.path("id", .id())
            self.tenant = request.tenant()
            self.key = request.idempotencyKey()
            self.version = request.optionalVersion()
            self.body = request.body()
        }
    }

    struct Act: RESTInput {
        let id: RoleID
        let tenant: TenantID?
        let key: OperationID
        let version: Int64?

        init(reading request: inout RESTReader) {
            self.id = request.path("id", .id())
            self.tenant = request.tenant()
            self.key = request.idempotencyKey()
            self.version = request.optionalVersion()
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
