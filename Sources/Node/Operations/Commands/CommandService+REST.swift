internal import Hotel
package import Ports
package import Shared
internal import Wire

extension CommandService {
    /// Carries out what a request asks for, and makes its answer.
    ///
    /// - Parameter tenant: whose rows it is about, where the caller is the platform's.
    package func answer<Input, Entity>(
        _ command: any HotelCommand, to request: RESTRequest<Input>, under key: OperationID, in tenant: TenantID? = nil
    ) async throws -> RESTOutcome<Entity> {
        let outcome = try await self.perform(
            command, from: request.origin(under: key, in: tenant), deadline: request.visit.deadline)
        return try RESTOutcome(outcome)
    }
}

extension RESTRequest {
    /// Where the command that it asks for comes from.
    ///
    /// - Parameter tenant: whose rows it is about, where the caller is the platform's; a tenant's own staff act in their tenant.
    func origin(under key: OperationID, in tenant: TenantID? = nil) -> CommandOrigin {
        CommandOrigin(
            tenant: self.caller.tenant ?? tenant, actor: self.caller.actor,
            // Only pages of the web say whence they come.
            source: self.visit.origin == .noOrigin ? .api : .web,
            operation: OperationStamp(id: key, requestHash: self.visit.requestHash),
            // One request is one cause of all that follows from it.
            correlation: CorrelationID.new(), address: self.visit.client?.address.description)
    }
}
