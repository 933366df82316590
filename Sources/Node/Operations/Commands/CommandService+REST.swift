internal import Hotel
package import Ports
internal import Shared
internal import Wire

extension CommandService {
    /// Carries out what a request asks for, and makes its answer.
    package func answer<Entity>(_ order: CommandOrder) async throws -> RESTOutcome<Entity> {
        try RESTOutcome(await self.perform(order))
    }
}

extension CommandOrder {
    /// What a request asks for.
    convenience init<Input>(_ command: any HotelCommand, to request: RESTRequest<Input>, under key: OperationID) {
        self.init(command, from: request.origin(under: key), deadline: request.visit.deadline)
    }
}

extension RESTRequest {
    /// Where the command that it asks for comes from.
    func origin(under key: OperationID) -> CommandOrigin {
        CommandOrigin(
            tenant: self.caller.tenant ?? self.tenant, actor: self.caller.actor,
            // Only pages of the web say whence they come.
            source: self.visit.origin == .noOrigin ? .api : .web,
            operation: OperationStamp(id: key, requestHash: self.visit.requestHash),
            // One request is one cause of all that follows from it.
            correlation: CorrelationID.new(), address: self.visit.client?.address.description)
    }

    /// The same, about a tenant's rows, where the caller is the platform's.
    func about(_ tenant: TenantID?) -> RESTRequest {
        var request = self
        request.tenant = tenant
        return request
    }
}
