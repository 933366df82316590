internal import Hotel
internal import Ports
internal import Shared

/// Which tenant and which of its properties a request is about.
///
/// Of the caller, not of the directory: an extension of a protocol is generic, which meets the fault of Swift 6.3.1 that README.md
/// describes.
extension RESTCaller {
    /// The tenant that a request is about. Others than the own are not there for a tenant's users.
    func tenant(asked: TenantID?) throws(Refusal) -> TenantID {
        guard let own = self.tenant else {
            guard let asked else { throw .field("tenant_id", .required) }
            // The all-zero id is the platform's own row, which is no tenant.
            guard asked.raw != 0 else { throw Refusal(.notFound) }
            return asked
        }
        guard asked == nil || asked == own else { throw Refusal(.notFound) }
        return own
    }

    /// In which tenant a request is about people; `nil` for the platform. Of other tenants than the own nobody learns anything.
    func scope(_ asked: TenantID?) throws(Refusal) -> TenantID? {
        guard self.tenant == nil, asked == nil else { return try self.tenant(asked: asked) }
        return nil
    }

    /// The tenant that a request is about, and those of its properties that are there for the caller.
    func seenProperties(of asked: TenantID?, in tenants: any ActorDirectory) async throws -> (TenantID, [PropertyID]) {
        let tenant = try self.tenant(asked: asked)
        guard let directory = try await tenants.directory(of: tenant) else { throw Refusal(.notFound) }
        return (tenant, directory.sortedProperties.filter { self.actor.sees($0, of: tenant) })
    }

    /// The caller's tenant, and the properties whose rooms a list may show: the one that was asked for, or all that the caller
    /// may look into.
    func readableProperties(
        asked: PropertyID?, in tenants: any ActorDirectory
    ) async throws -> (TenantID, [PropertyID]) {
        guard let tenant = self.tenant else { throw Refusal(.forbidden) }
        let readable = try await tenants.directory(of: tenant)?.properties(where: self.actor, may: .roomRead) ?? []
        guard let asked else { return (tenant, readable) }
        guard readable.contains(asked) else { throw Refusal(.notFound) }
        return (tenant, [asked])
    }
}
