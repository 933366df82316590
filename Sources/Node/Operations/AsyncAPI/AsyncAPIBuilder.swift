internal import Hotel
internal import Shared
internal import Wire

/// Writes the document of what is told live, everything in the order of its tables, so that equal tables give equal bytes.
struct AsyncAPIBuilder {
    private let appKey: String
    private let records: [String: JSONSchema]
    private var names = JSONSchemaNames(prefix: "#/components/schemas/")
    /// Those that channels refer to.
    private var messages = JSONObject()

    init(appKey: String, records: [String: JSONSchema]) {
        self.appKey = appKey
        self.records = records
    }

    /// Names that stand for two different records.
    var conflicts: [String] { self.names.conflicts }

    /// The channel of what concerns the connection itself.
    static let connection = "connection"

    mutating func document() -> JSONValue {
        for form in PusherForm.all { self.messages[form.key] = self.describe(form) }
        for kind in EventCatalogue.all {
            for projection in Self.projections(of: kind) {
                self.messages[Self.key(kind, projection)] = self.describe(kind, projection)
            }
        }
        var schemas = JSONObject()
        for (name, text) in self.names.descriptions { schemas[name] = text }
        return [
            "asyncapi": "3.0.0", "info": Self.info, "defaultContentType": "application/json",
            "servers": self.servers, "channels": self.channels, "operations": Self.operations,
            "components": [
                "messages": .object(self.messages), "schemas": .object(schemas),
                "securitySchemes": [
                    "bearer": [
                        "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
                        "description": .string(
                            "The access token of `POST /v1/auth/login`, for `POST /broadcasting/auth`, which signs a "
                                + "subscription for one socket and channel. No token travels over the socket itself."),
                    ]
                ],
            ],
        ]
    }

    // MARK: Whom to ask

    private static let info: JSONValue = [
        "title": "Bellhop", "version": .string(BuildInfo.version),
        "description": .string(
            "What a hotel's screens hear, over the Pusher Channels protocol 7. One frame is one JSON object; the `data` of "
                + "what the server says is a string that holds JSON (only that of `pusher:error` is an object). Every event "
                + "of the log has a `seq`: within a channel they come in its order, each once, none skipped. Whoever keeps "
                + "the last `seq` and the `epoch` misses nothing: it says them as `since` and `epoch` when it subscribes "
                + "again. Gaps in `seq` are normal: other channels have the numbers between. The REST side is in "
                + "`/openapi.json`."),
    ]

    private var servers: JSONValue {
        func server(_ scheme: String, _ summary: String) -> JSONValue {
            [
                "host": "{host}", "pathname": "/app/{key}", "protocol": .string(scheme), "protocolVersion": "13",
                "description": .string(summary),
                "variables": [
                    "host": ["default": "localhost:8080", "description": "Where this document was found."],
                    "key": ["default": .string(self.appKey), "description": "The app's key. It is no secret."],
                ],
            ]
        }
        return ["tls": server("wss", "Behind the balancer, which ends TLS."), "plain": server("ws", "A node itself.")]
    }

    // MARK: Channels

    private var channels: JSONValue {
        var channels: JSONObject = [Self.connection: Self.connectionChannel]
        for pattern in ChannelPattern.allCases { channels[pattern.rawValue] = Self.describe(pattern) }
        return .object(channels)
    }

    private static var connectionChannel: JSONValue {
        var messages = JSONObject()
        for form in PusherForm.all where !self.isOfPresence(form) {
            messages[form.key] = self.reference("components/messages", form.key)
        }
        return [
            "address": nil, "title": "The connection",
            "description": "The socket itself: the protocol's own messages, also those that name a channel.",
            "messages": .object(messages),
            "bindings": [
                "ws": [
                    "method": "GET",
                    "query": [
                        "type": "object", "required": ["protocol"],
                        "properties": [
                            "protocol": ["type": "integer", "enum": [5, 6, 7]], "client": ["type": "string"],
                            "version": ["type": "string"],
                        ],
                    ],
                    "bindingVersion": "0.1.0",
                ]
            ],
        ]
    }

    private static func isOfPresence(_ form: PusherForm) -> Bool {
        form.key == "member_added" || form.key == "member_removed"
    }

    private static func describe(_ pattern: ChannelPattern) -> JSONValue {
        var messages = JSONObject()
        for kind in EventCatalogue.all {
            for listener in kind.listeners where ChannelPattern(listener.code) == pattern {
                let key = self.key(kind, listener.projection)
                messages[key] = self.reference("components/messages", key)
            }
        }
        if pattern.access == .presence {
            for form in PusherForm.all where self.isOfPresence(form) {
                messages[form.key] = self.reference("components/messages", form.key)
            }
        }
        var object: JSONObject = [
            "address": .string(pattern.address), "title": .string(self.words(pattern.rawValue)),
            "description": .string(pattern.audience), "messages": .object(messages),
        ]
        var parameters = JSONObject()
        for parameter in pattern.parameters {
            var about: JSONObject = ["description": .string(parameter.summary)]
            if !parameter.choices.isEmpty { about["enum"] = .array(parameter.choices.map { .string($0) }) }
            parameters[parameter.rawValue] = .object(about)
        }
        if !parameters.members.isEmpty { object["parameters"] = .object(parameters) }
        if !pattern.aliases.isEmpty { object["x-aliases"] = .array(pattern.aliases.map { .string($0) }) }
        object["x-access"] = .string("\(pattern.access)")
        if pattern.access != .public { object["x-roles"] = .array(pattern.roles.map { .string($0.rawValue) }) }
        return .object(object)
    }

    private static func words(_ name: String) -> String {
        name.prefix(1).uppercased() + name.dropFirst().split(separator: "_").joined(separator: " ")
    }

    // MARK: Messages

    /// The projections that listeners of an event get; one that nobody is told yet is described in full.
    private static func projections(of kind: EventKind) -> [Projection] {
        let told = Projection.allCases.filter { projection in kind.listeners.contains { $0.projection == projection } }
        return told.isEmpty ? [.full] : told
    }

    /// What a message is called: the event's name; with the projection where the event has several, and this is a lesser one.
    private static func key(_ kind: EventKind, _ projection: Projection) -> String {
        let name = kind.name.split(separator: ":").joined(separator: ".")
        return projection == self.projections(of: kind).first ? name : "\(name).\(self.word(projection))"
    }

    private static func word(_ projection: Projection) -> String {
        switch projection {
        case .full: "full"
        case .nonPersonal: "non_personal"
        case .compact: "compact"
        case .resident: "resident"
        }
    }

    private mutating func describe(_ kind: EventKind, _ projection: Projection) -> JSONValue {
        let data = kind.data.schema(projection, isLogged: kind.isLogged, records: self.records)
        let seq = JSONSchema.Member(name: "seq", schema: .integer(1 ... .max), isRequired: true)
        return [
            "name": .string(kind.pascal), "title": .string(kind.name), "contentType": "application/json",
            "payload": self.frame(
                event: kind.pascal, namesChannel: true, .encoded(data), additions: kind.isLogged ? [seq] : []),
            "x-canonical-name": .string(kind.name), "x-socket-io-name": .string(kind.socketIO),
            "x-projection": .string(Self.word(projection)), "x-logged": .bool(kind.isLogged),
        ]
    }

    private mutating func describe(_ form: PusherForm) -> JSONValue {
        [
            "name": .string(form.event ?? "\(PusherForm.prefix){name}"), "summary": .string(form.summary),
            "contentType": "application/json",
            "payload": self.frame(
                event: form.event, namesChannel: form.namesChannel, form.payload, additions: form.additions),
        ]
    }

    private mutating func frame(
        event: String?, namesChannel: Bool, _ payload: PusherForm.Payload, additions: [JSONSchema.Member]
    ) -> JSONValue {
        var properties: JSONObject = [
            "event": event.map { ["type": "string", "const": .string($0)] }
                ?? ["type": "string", "pattern": .string("^\(PusherForm.prefix)"), "maxLength": 200]
        ]
        if namesChannel { properties["channel"] = ["type": "string"] }
        switch payload {
        case .plain(let schema): properties["data"] = schema.text(&self.names)
        case .encoded(let schema):
            // The words are of a later draft of JSON Schema than AsyncAPI's own; older readers pass over them.
            properties["data"] = [
                "type": "string", "contentMediaType": "application/json", "contentSchema": schema.text(&self.names),
            ]
        }
        for member in additions { properties[member.name] = member.schema.text(&self.names) }
        let required = ["event"] + (namesChannel ? ["channel"] : []) + ["data"]
        let needed = required + additions.filter(\.isRequired).map(\.name)
        return [
            "type": "object", "properties": .object(properties), "required": .array(needed.map { .string($0) }),
        ]
    }

    // MARK: Operations

    private static var operations: JSONValue {
        var operations = JSONObject()
        for form in PusherForm.all where form.sender == .client {
            operations[form.key] = .object(self.describe(form))
        }
        operations["tell_connection"] = self.telling(
            self.connection, PusherForm.all.filter { $0.sender == .server && !self.isOfPresence($0) }.map(\.key))
        for pattern in ChannelPattern.allCases {
            operations["tell_\(pattern.rawValue)"] = self.telling(pattern.rawValue)
        }
        return .object(operations)
    }

    /// The server tells something: on a channel of the hotel all that is told there.
    private static func telling(_ channel: String, _ messages: [String]? = nil) -> JSONValue {
        var object: JSONObject = ["action": "send", "channel": self.reference("channels", channel)]
        if let messages {
            object["messages"] = .array(messages.map { self.reference("channels/\(channel)/messages", $0) })
        }
        return .object(object)
    }

    /// A client says something, and is answered.
    private static func describe(_ form: PusherForm) -> JSONObject {
        let place = "channels/\(self.connection)/messages"
        var object: JSONObject = [
            "action": "receive", "channel": self.reference("channels", self.connection),
            "summary": .string(form.summary), "messages": [self.reference(place, form.key)],
        ]
        let replies =
            switch form.key {
            case "subscribe": ["subscription_succeeded", "subscription_error"]
            case "signin": ["signin_success", "error"]
            case "ping": ["pong"]
            default: [String]()
            }
        if !replies.isEmpty {
            object["reply"] = [
                "channel": self.reference("channels", self.connection),
                "messages": .array(replies.map { self.reference(place, $0) }),
            ]
        }
        if form.key == "subscribe" || form.key == "signin" {
            object["security"] = [self.reference("components/securitySchemes", "bearer")]
        }
        return object
    }

    private static func reference(_ place: String, _ name: String) -> JSONValue {
        ["$ref": .string("#/\(place)/\(name)")]
    }
}
