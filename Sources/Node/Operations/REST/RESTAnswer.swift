package import Shared
internal import Wire

/// How an operation answers when it did what was asked: the statuses, their schemas, and the writing of both.
package struct RESTAnswer<Output>: Sendable {
    let cases: [RESTAnswerCase]
    let response: @Sendable (Output) -> HTTPResponse
}

/// One status with which an operation answers, in words.
struct RESTAnswerCase: Sendable {
    let status: HTTPStatus
    let summary: String
    /// `nil`: no body.
    let schema: JSONSchema?
    var entityTag = EntityTag.never

    enum EntityTag: Sendable {
        case never
        /// Not when what is answered is a result that was kept.
        case usually
        case always
    }
}

/// A body, and fields of the answer that come with it, such as `Set-Cookie`.
package struct RESTReply<Body> {
    package var body: Body
    package var fields: [(name: StaticString, value: String)]

    package init(_ body: Body, fields: [(name: StaticString, value: String)] = []) {
        self.body = body
        self.fields = fields
    }
}

extension RESTReply: Sendable where Body: Sendable {}

/// What became of a write, and a text that its sender is told besides.
package struct RESTTellingOutcome<Entity> {
    package let outcome: RESTOutcome<Entity>
    package let secret: String?

    /// Only who has just made something is told: a repeat cannot be, because what it tells is kept nowhere.
    package init(_ outcome: RESTOutcome<Entity>, secret: String?) {
        self.outcome = outcome
        self.secret = outcome.kind == .applied ? secret : nil
    }
}

extension RESTTellingOutcome: Sendable where Entity: Sendable {}

extension RESTAnswer {
    /// One entity.
    ///
    /// - Parameter version: makes it a versioned entity: the answer has an `ETag`, which `If-Match` takes.
    package static func one(
        _ shape: JSONShape<Output>, version: (@Sendable (Output) -> Int64)? = nil
    ) -> Self {
        Self(cases: [
            .init(
                status: .ok, summary: "It is here.", schema: shape.schema, entityTag: version == nil ? .never : .always)
        ]) { output in
            var response = HTTPResponse(json: shape.text(of: output))
            if let version { response.setField("ETag", RESTEntityTag.text(version(output))) }
            return response
        }
    }

    /// A page of a list.
    package static func page<Item>(of shape: JSONShape<Item>) -> Self where Output == RESTPage<Item> {
        let page = RESTPage.shape(of: shape)
        return Self(cases: [.init(status: .ok, summary: "A page of the list.", schema: page.schema)]) { output in
            HTTPResponse(json: page.text(of: output))
        }
    }

    /// What became of a write.
    ///
    /// - Parameters:
    ///   - name: of the entity in the answer.
    ///   - registers: which a write of several registers may name.
    ///   - creates: whether an applied write is answered with 201.
    package static func outcome<Entity>(
        _ name: StaticString, _ shape: JSONShape<Entity>, version: (@Sendable (Entity) -> Int64)? = nil,
        registers: [String] = [], creates: Bool = false
    ) -> Self where Output == RESTOutcome<Entity> {
        self.outcome(
            RESTOutcome.shape(name, shape, registers: registers), version: version, creates: creates, \.self)
    }

    /// The same, with a text beside it that is told once and kept nowhere: `null` in the answer to a repeat.
    package static func outcome<Entity>(
        _ name: StaticString, _ shape: JSONShape<Entity>, telling secret: StaticString,
        version: (@Sendable (Entity) -> Int64)? = nil, creates: Bool = false
    ) -> Self where Output == RESTTellingOutcome<Entity> {
        func members(_ members: inout JSONMembers<Output>) {
            RESTOutcome.add(name, shape, to: &members) { $0.outcome }
            members.nullable(secret, .text) { $0.secret }
        }
        let whole = shape.schema.name.map { JSONShape<Output>.object("Telling\($0)Outcome", members) }
        return self.outcome(whole ?? .object(members), version: version, creates: creates, \.outcome)
    }

    private static func outcome<Entity>(
        _ shape: JSONShape<Output>, version: (@Sendable (Entity) -> Int64)?, creates: Bool,
        _ outcome: @escaping @Sendable (Output) -> RESTOutcome<Entity>
    ) -> Self {
        let summary = creates ? "It was there already." : "What became of it."
        let tag = version == nil ? RESTAnswerCase.EntityTag.never : .usually
        var cases = [RESTAnswerCase(status: .ok, summary: summary, schema: shape.schema, entityTag: tag)]
        if creates {
            cases.append(.init(status: .created, summary: "It was made.", schema: shape.schema, entityTag: tag))
        }
        return Self(cases: cases) { output in
            let found = outcome(output)
            let isNew = creates && found.kind == .applied
            var response = HTTPResponse(json: shape.text(of: output), status: isNew ? .created : .ok)
            if let tag = version.flatMap({ found.version($0) }) { response.setField("ETag", RESTEntityTag.text(tag)) }
            return response
        }
    }

    /// A body with fields of its own beside it.
    package static func reply<Body>(_ shape: JSONShape<Body>) -> Self where Output == RESTReply<Body> {
        Self(cases: [.init(status: .ok, summary: "It is here.", schema: shape.schema)]) { output in
            var response = HTTPResponse(json: shape.text(of: output.body))
            for field in output.fields { response.setField(field.name, field.value) }
            return response
        }
    }
}

extension RESTOutcome {
    /// The version of the entity, as far as it is known.
    fileprivate func version(_ version: (Entity) -> Int64) -> Int64? {
        switch self.content {
        case .entity(let entity): version(entity)
        case .kept: self.keptVersion
        }
    }
}

extension RESTAnswer where Output == RESTReply<Void> {
    /// Done, and nothing to say but in fields.
    package static var nothingWithFields: Self {
        Self(cases: RESTAnswer<Void>.nothing.cases) { output in
            var response = RESTAnswer<Void>.nothing.response(())
            for field in output.fields { response.setField(field.name, field.value) }
            return response
        }
    }
}

extension RESTAnswer where Output == Void {
    /// Done, and nothing to say.
    package static var nothing: Self {
        Self(cases: [.init(status: .noContent, summary: "It was done.", schema: nil)]) { _ in
            HTTPResponse(status: .noContent)
        }
    }
}

extension HTTPResponse {
    /// An answer in JSON.
    fileprivate init(json: [UInt8], status: HTTPStatus = .ok) {
        self.init(status: status, contentType: "application/json", body: json)
    }
}
