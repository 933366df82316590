internal import Hotel
internal import Shared
internal import Wire

/// Writes the document of a table: OpenAPI 3.1, everything in the order of the table, so that equal tables give equal bytes.
struct OpenAPIBuilder {
    private let operations: [RESTOperation]
    private let patterns: [RoutePattern]
    private let tags: [RESTTag]
    private var names = JSONSchemaNames(prefix: "#/components/schemas/")
    /// Refusals that several operations share, each once.
    private var refusals = JSONObject()

    init(_ operations: [RESTOperation], patterns: [RoutePattern], tags: [RESTTag]) {
        self.operations = operations
        self.patterns = patterns
        self.tags = tags
    }

    /// Names that stand for two different records.
    var conflicts: [String] { self.names.conflicts }

    mutating func document() -> JSONValue {
        let paths = self.paths()
        _ = Refusal.schema.text(&self.names)
        var schemas = JSONObject()
        for (name, text) in self.names.descriptions { schemas[name] = text }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "Bellhop", "version": .string(BuildInfo.version),
                "summary": "Real-time operations of hotels.",
            ],
            "servers": [["url": "/"]],
            "tags": .array(
                self.tags.map { ["name": .string($0.name), "description": .string($0.summary)] }),
            "paths": .object(paths),
            "components": [
                "securitySchemes": ["bearer": ["type": "http", "scheme": "bearer", "bearerFormat": "JWT"]],
                "responses": .object(self.refusals),
                "schemas": .object(schemas),
            ],
        ]
    }

    private mutating func paths() -> JSONObject {
        var paths = JSONObject()
        for (operation, pattern) in zip(self.operations, self.patterns) {
            let path = Self.path(pattern)
            var item = JSONObject()
            if case .object(let known)? = paths[path] { item = known }
            item["\(operation.method.name)".lowercased()] = .object(self.describe(operation))
            paths[path] = .object(item)
        }
        return paths
    }

    private static func path(_ pattern: RoutePattern) -> String {
        pattern.segments.map { segment in
            switch segment {
            case .literal(let text): "/\(text)"
            case .parameter(let name, _): "/{\(name)}"
            }
        }.joined()
    }

    private mutating func describe(_ operation: RESTOperation) -> JSONObject {
        var object: JSONObject = [
            "operationId": .string(operation.id), "summary": .string(operation.summary),
            "tags": [.string(operation.tag)],
        ]
        if let permission = operation.permission {
            object["description"] = .string("Needs the permission `\(permission)`.")
            object["x-permission"] = .string(permission)
        }
        object["security"] = operation.needsCaller ? [["bearer": []]] : []
        let parameters = operation.input.parameters.map { self.describe($0) }
        if !parameters.isEmpty { object["parameters"] = .array(parameters) }
        if let body = operation.input.body {
            object["requestBody"] = [
                "required": .bool(body.isRequired),
                "content": ["application/json": ["schema": body.schema.text(&self.names)]],
            ]
        }
        object["responses"] = .object(self.responses(of: operation))
        return object
    }

    private mutating func describe(_ parameter: RESTInputDescription.Parameter) -> JSONValue {
        var schema = parameter.schema.text(&self.names)
        if let usually = parameter.usually, case .object(var object) = schema {
            object["default"] = usually
            schema = .object(object)
        }
        var object: JSONObject = [
            "name": .string(parameter.name), "in": .string(parameter.place.rawValue),
            "required": .bool(parameter.isRequired),
        ]
        if let note = parameter.note { object["description"] = .string(note) }
        if case .array = parameter.schema {
            object["style"] = "form"
            object["explode"] = false
        }
        object["schema"] = schema
        return .object(object)
    }

    private mutating func responses(of operation: RESTOperation) -> JSONObject {
        var responses = JSONObject()
        for answer in operation.answers.sorted(by: { $0.status.rawValue < $1.status.rawValue }) {
            var object: JSONObject = ["description": .string(answer.summary)]
            if answer.entityTag != .never {
                object["headers"] = [
                    "ETag": [
                        "required": .bool(answer.entityTag == .always),
                        "description": "The version, for `If-Match`.",
                        "schema": ["type": "string", "pattern": .string(RESTEntityTag.pattern)],
                    ]
                ]
            }
            if let schema = answer.schema {
                object["content"] = ["application/json": ["schema": schema.text(&self.names)]]
            }
            responses["\(answer.status.rawValue)"] = .object(object)
        }
        let codes = operation.allRefusals
        let statuses = Set(codes.map(\.status)).sorted()
        for status in statuses {
            responses["\(status)"] = self.refusal(status, codes.filter { $0.status == status })
        }
        for status in [HTTPStatus.uriTooLong, .fieldsTooLarge] { responses["\(status.rawValue)"] = self.early(status) }
        return responses
    }

    /// A reference to what HTTP refuses by itself, before there is a request that an operation could answer.
    private mutating func early(_ status: HTTPStatus) -> JSONValue {
        let name = "\(status.rawValue)"
        self.refusals[name] = [
            "description": .string("\(status.reason)"),
            "content": ["application/json": ["schema": Refusal.schema.text(&self.names)]],
        ]
        return ["$ref": .string("#/components/responses/\(name)")]
    }

    /// A reference to the answer with this status and these codes.
    private mutating func refusal(_ status: Int, _ codes: [RefusalCode]) -> JSONValue {
        let name = ([String(status)] + codes.map(\.rawValue)).joined(separator: ".")
        let reference: JSONValue = ["$ref": .string("#/components/responses/\(name)")]
        guard self.refusals[name] == nil else { return reference }
        var object: JSONObject = [
            "description": .string(codes.map { "`\($0.rawValue)`" }.joined(separator: ", ")),
            "x-error-codes": .array(codes.map { .string($0.rawValue) }),
        ]
        var headers = JSONObject()
        if status == RefusalCode.unauthenticated.status {
            headers["WWW-Authenticate"] = ["required": true, "schema": ["type": "string"]]
        }
        if codes.contains(where: \.isTemporary) {
            headers["Retry-After"] = [
                "required": .bool(codes.allSatisfy(\.isTemporary)), "description": "Seconds.",
                "schema": ["type": "integer", "minimum": 1],
            ]
        }
        if !headers.members.isEmpty { object["headers"] = .object(headers) }
        object["content"] = ["application/json": ["schema": Refusal.schema.text(&self.names)]]
        self.refusals[name] = .object(object)
        return reference
    }
}
