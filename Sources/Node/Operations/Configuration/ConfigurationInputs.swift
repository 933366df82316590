internal import Hotel
internal import Shared

/// What requests about configured things have in common. `tenant_id` says whose they are, for callers who have no tenant.
enum ConfigurationInput {
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
    struct New<Body: JSONDecodable & Sendable>: RESTInput {
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
    struct Edit<Subject, Body: JSONDecodable & Sendable>: RESTInput {
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

    /// An end.
    struct Remove<Subject>: RESTInput {
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
    /// Whose things, for callers of the platform; a tenant's own need not say it.
    mutating func tenant() -> TenantID? { self.query("tenant_id", .id()) }
}
