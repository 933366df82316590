internal import Crypto
internal import Hotel
internal import Ports
internal import Shared
internal import Wire

/// Among whose rows a request's command acts.
enum CommandScope {
    /// A tenant's, which callers of the platform must name.
    case tenant
    /// A tenant's, or the platform's own where its staff name none.
    case tenantOrPlatform

    fileprivate func narrow<Input: CommandInput>(_ request: RESTRequest<Input>) throws(Refusal) -> RESTRequest<Input> {
        switch self {
        case .tenant: request.about(try request.caller.tenant(asked: request.input.tenant))
        case .tenantOrPlatform: request.about(try request.caller.scope(request.input.tenant))
        }
    }
}

extension RESTOperation {
    /// An operation that carries out a command, which the words of its request make.
    init<Input: CommandInput, Entity>(
        _ method: HTTPMethod, _ path: String, id: String, _ summary: String, tag: String, permission: Permission,
        takes input: Input.Type, answers: RESTAnswer<RESTOutcome<Entity>>, refuses refusals: [RefusalCode] = [],
        by commands: CommandService, in scope: CommandScope = .tenant,
        command: @escaping @Sendable (Input) -> any HotelCommand
    ) {
        self.init(
            method, path, id: id, summary, tag: tag, permission: permission.rawValue, takes: input, answers: answers,
            refuses: refusals
        ) { request in
            try await commands.answer(
                CommandOrder(command(request.input), to: scope.narrow(request), under: request.input.key))
        }
    }

    /// One whose command makes a link, of which the token is told once.
    init<Input: CommandInput, Entity>(
        _ method: HTTPMethod, _ path: String, id: String, _ summary: String, tag: String, permission: Permission,
        takes input: Input.Type, answers: RESTAnswer<RESTTellingOutcome<Entity>>, refuses refusals: [RefusalCode] = [],
        by commands: CommandService, in scope: CommandScope = .tenant,
        command: @escaping @Sendable (Input, InvitationToken) -> any HotelCommand
    ) {
        self.init(
            method, path, id: id, summary, tag: tag, permission: permission.rawValue, takes: input, answers: answers,
            refuses: refusals
        ) { request in
            let token = InvitationToken()
            let outcome: RESTOutcome<Entity> = try await commands.answer(
                CommandOrder(command(request.input, token), to: scope.narrow(request), under: request.input.key))
            return RESTTellingOutcome(outcome, secret: token.text)
        }
    }
}
