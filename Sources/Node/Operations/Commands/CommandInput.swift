internal import Hotel
internal import Shared

/// What a request says that changes something.
protocol CommandInput: RESTInput {
    /// By which a repetition is known.
    var key: OperationID { get }
    /// Whose things, for callers of the platform; a tenant's own need not say it.
    var tenant: TenantID? { get }
}

/// What requests about things of a tenant have in common. `tenant_id` says whose they are, for callers who have no tenant.
enum SubjectInput {
    /// One of them.
    struct One<Subject>: RESTInput {
        let id: ID<Subject>
        let tenant: TenantID?

        init(reading request: inout RESTReader) {
            self.id = request.path("id", .id())
            self.tenant = request.tenant()
        }
    }

    /// A new one.
    struct New<Body: JSONDecodable & Sendable>: CommandInput {
        let key: OperationID
        let tenant: TenantID?
        let body: Body

        init(reading request: inout RESTReader) {
            self.key = request.idempotencyKey()
            self.tenant = request.tenant()
            self.body = request.body()
        }
    }

    /// An edit, which says on what it is based.
    struct Edit<Subject, Body: JSONDecodable & Sendable>: CommandInput {
        let id: ID<Subject>
        let key: OperationID
        let version: Int64
        let tenant: TenantID?
        let body: Body

        init(reading request: inout RESTReader) {
            self.id = request.path("id", .id())
            self.key = request.idempotencyKey()
            self.version = request.version()
            self.tenant = request.tenant()
            self.body = request.body()
        }
    }

    /// Something done to it with words, which may say on what it is based.
    struct Change<Subject, Body: JSONDecodable & Sendable>: CommandInput {
        let id: ID<Subject>
        let key: OperationID
        let version: Int64?
        let tenant: TenantID?
        let body: Body

        init(reading request: inout RESTReader) {
            self.id = request.path("id", .id())
            self.key = request.idempotencyKey()
            self.version = request.optionalVersion()
            self.tenant = request.tenant()
            self.body = request.body()
        }
    }

    /// Something done to it without words, its end too.
    struct Act<Subject>: CommandInput {
        let id: ID<Subject>
        let key: OperationID
        let version: Int64?
        let tenant: TenantID?

        init(reading request: inout RESTReader) {
            self.id = request.path("id", .id())
            self.key = request.idempotencyKey()
            self.version = request.optionalVersion()
            self.tenant = request.tenant()
        }
    }
}

extension RESTReader {
    /// Whose things, for callers of the platform.
    mutating func tenant() -> TenantID? { self.query("tenant_id", .id()) }
}
