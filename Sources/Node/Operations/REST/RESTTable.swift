internal import Shared
internal import Wire

/// A group of operations in the document.
package struct RESTTag: Equatable, Sendable {
    package let name: String
    package let summary: String

    package init(_ name: String, _ summary: String) {
        self.name = name
        self.summary = summary
    }
}

/// Why a table of operations cannot be served: each of these is a mistake in the table, found at start.
package enum RESTTableError: Error, Equatable, Sendable {
    /// The router refuses it; in words.
    case route(String)
    case notBelowRoot(path: String)
    case repeatedID(String)
    case unknownTag(String, operation: String)
    /// The path names a parameter that the input does not read, or the other way round.
    case pathParameters(operation: String)
    /// One name twice at one place.
    case repeatedParameter(String, operation: String)
    /// What is not GET takes an `Idempotency-Key` or says that it needs none; GET takes none.
    case idempotency(operation: String)
    /// GET and DELETE take no body (RFC 9110 9.3.1, 9.3.5).
    case bodyNotAllowed(operation: String)
    /// Two different records under one name.
    case repeatedSchema(String)
}

/// All operations of the node: what requests are matched against, and what the document is generated from.
package final class RESTTable: Sendable {
    /// Below which all operations are.
    static let root = "/v1"
    /// Where the document is.
    static let documentPath = "/openapi.json"

    let operations: [RESTOperation]
    let tags: [RESTTag]
    let router: Router<Int>
    /// The document of this table: OpenAPI 3.1, the same bytes for the same table.
    package let document: [UInt8]

    /// Checks the table.
    package init(_ operations: [RESTOperation], tags: [RESTTag]) throws(RESTTableError) {
        self.operations = operations
        self.tags = tags
        var routes: [Router<Int>.Route] = []
        var ids: Set<String> = []
        do throws(RouteError) {
            for (index, operation) in operations.enumerated() {
                routes.append(try .init(operation.method, operation.path, index))
            }
            self.router = try Router(routes)
        } catch {
            throw .route("\(error)")
        }
        for (operation, route) in zip(operations, routes) {
            guard ids.insert(operation.id).inserted else { throw .repeatedID(operation.id) }
            try Self.check(operation, route.pattern, tags)
        }
        var builder = OpenAPIBuilder(operations, patterns: routes.map(\.pattern), tags: tags)
        let document = builder.document()
        if let name = builder.conflicts.first { throw .repeatedSchema(name) }
        self.document = document.serialized
    }

    private static func check(
        _ operation: RESTOperation, _ pattern: RoutePattern, _ tags: [RESTTag]
    ) throws(RESTTableError) {
        guard operation.path.hasPrefix(self.root + "/") else { throw .notBelowRoot(path: operation.path) }
        guard tags.contains(where: { $0.name == operation.tag }) else {
            throw .unknownTag(operation.tag, operation: operation.id)
        }
        let parameters = operation.input.parameters
        let inPath = parameters.filter { $0.place == .path }.map(\.name)
        guard inPath.sorted() == pattern.parameterNames.sorted() else {
            throw .pathParameters(operation: operation.id)
        }
        for (index, parameter) in parameters.enumerated() {
            let isRepeated = parameters[..<index].contains { $0.name == parameter.name && $0.place == parameter.place }
            guard !isRepeated else { throw .repeatedParameter(parameter.name, operation: operation.id) }
        }
        let isRead = operation.method == .get
        let mustHaveKey = !isRead && operation.effect == .byMethod
        guard operation.input.isWrite == mustHaveKey else { throw .idempotency(operation: operation.id) }
        guard operation.input.body == nil || operation.method != .get && operation.method != .delete else {
            throw .bodyNotAllowed(operation: operation.id)
        }
    }
}
