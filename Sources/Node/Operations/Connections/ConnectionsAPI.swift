internal import Hotel
package import Shared
internal import Wire

/// What is connected, for operators (`domain.md` 6.3): the platform's administrators see all of it, owners and general managers
/// their own tenant.
package struct ConnectionsAPI: Sendable {
    package static let tag = RESTTag("Connections", "Who is connected to which node, and why others are not any more.")

    private let board: any ConnectionBoard

    package init(board: any ConnectionBoard) { self.board = board }

    package var operations: [RESTOperation] {
        [
            RESTOperation(
                .get, "/v1/connections", id: "getConnections",
                "Sockets by node and app, subscriptions by channel, and the latest ends of sockets.",
                tag: Self.tag.name,
                permission: nil, takes: ConnectionsInput.self, answers: .one(ConnectionsView.shape),
                refuses: [.forbidden]
            ) { try await self.look($0) }
        ]
    }

    private func look(_ request: RESTRequest<ConnectionsInput>) async throws -> ConnectionsView {
        let (caller, asked) = (request.caller, request.input.tenant)
        let isOperator = !caller.actor.roles(at: .platform).isDisjoint(with: [.superAdmin, .platformAdmin])
        if caller.tenant == nil {
            guard isOperator else { throw Refusal(.forbidden) }
            return ConnectionsView(await self.board.connections(of: asked), limit: request.input.limit)
        }
        let tenant = try caller.tenant(asked: asked)
        let roles = Set(caller.actor.assignments.compactMap(\.role.builtIn))
        guard !roles.isDisjoint(with: [.tenantOwner, .propertyManager]) else { throw Refusal(.forbidden) }
        return ConnectionsView(await self.board.connections(of: tenant), limit: request.input.limit)
    }
}

/// What the request says.
struct ConnectionsInput: RESTInput {
    let tenant: TenantID?
    let limit: Int

    init(reading request: inout RESTReader) {
        self.tenant = request.tenant()
        self.limit = request.query(
            "limit", in: 1...1_000, usually: 100,
            note: "At most so many channels, those with the most subscriptions, and ends.")
    }
}

/// The answer.
struct ConnectionsView: Sendable {
    struct App: Sendable {
        let app: String
        let connections: Int
    }

    struct Node: Sendable {
        let node: String
        let connections: Int
        let apps: [App]
    }

    struct Channel: Sendable {
        let app: String
        let channel: String
        let subscriptions: Int
    }

    struct End: Sendable {
        let node: String
        let disconnect: Disconnect
    }

    let connections: Int
    let nodes: [Node]
    let silent: [String]
    let channelCount: Int
    let channels: [Channel]
    let ends: [End]

    init(_ report: ConnectionReport, limit: Int) {
        var sum = Connections()
        for connections in report.nodes.values { sum.add(connections) }
        self.connections = sum.sockets.values.reduce(0, +)
        self.nodes = report.nodes.sorted { $0.key < $1.key }.map { name, found in
            Node(
                node: name, connections: found.sockets.values.reduce(0, +),
                apps: found.sockets.sorted { $0.key < $1.key }.map { App(app: $0.key, connections: $0.value) })
        }
        self.silent = report.silent
        self.channelCount = sum.channels.count
        let largest = sum.channels.sorted { one, other in
            one.value == other.value ? one.key.scope < other.key.scope : one.value > other.value
        }
        self.channels = largest.prefix(limit).map {
            Channel(app: $0.key.app, channel: $0.key.name, subscriptions: $0.value)
        }
        let ends = report.nodes.flatMap { name, found in found.disconnects.map { End(node: name, disconnect: $0) } }
        self.ends = Array(
            ends.sorted { one, other in
                one.disconnect.time == other.disconnect.time
                    ? one.node < other.node : one.disconnect.time > other.disconnect.time
            }.prefix(limit))
    }

    private static let app = JSONShape<App>.object("ConnectionApp") { members in
        members.member("app", .text, \.app)
        members.member("connections", .int(0 ... .max), \.connections)
    }

    private static let node = JSONShape<Node>.object("ConnectionNode") { members in
        members.member("node", .text, \.node)
        members.member("connections", .int(0 ... .max), \.connections)
        members.member("apps", .array(of: Self.app), \.apps)
    }

    private static let channel = JSONShape<Channel>.object("ConnectionChannel") { members in
        members.member("app", .text, \.app)
        members.member("channel", .text, \.channel)
        members.member("subscriptions", .int(0 ... .max), \.subscriptions)
    }

    private static let end = JSONShape<End>.object("ConnectionEnd") { members in
        members.member("at", .timestamp, \.disconnect.time)
        members.member("node", .text, \.node)
        members.member("app", .text, \.disconnect.app)
        members.member("code", .int(0 ... .max), \.disconnect.code)
        members.member("reason", .text, \.disconnect.reason)
        members.nullable("tenant_id", .text, \.disconnect.tenant?.description)
    }

    static let shape = JSONShape<ConnectionsView>.object("Connections") { members in
        members.member("connections", .int(0 ... .max), \.connections)
        members.member("nodes", .array(of: Self.node), \.nodes)
        members.member("silent_nodes", .array(of: .text), \.silent)
        members.member("channel_count", .int(0 ... .max), \.channelCount)
        members.member("channels", .array(of: Self.channel), \.channels)
        members.member("disconnects", .array(of: Self.end), \.ends)
    }
}
