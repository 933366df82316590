internal import Shared

/// What nodes ask each other about what is connected to them, and answer: JSON, and of what nobody here knows nothing is read.
enum ConnectionWords {
    struct Question: Equatable {
        /// Who asks, and the number by which it knows the answers.
        let node: String
        let number: Int64
        let tenant: TenantID?
    }

    struct Answer: Equatable {
        let node: String
        let number: Int64
        let connections: Connections
    }

    /// Where everybody hears questions.
    static let questions = BusChannel(name: "bellhop:connections", shard: "connections")

    /// Where a node hears answers.
    static func answers(to node: String) -> BusChannel {
        BusChannel(name: "bellhop:connections:\(node)", shard: "connections")
    }

    static func bytes(_ question: Question) -> [UInt8] {
        JSONWriter.text { writer in
            writer.object { writer in
                writer.member("node", question.node)
                writer.member("number", question.number)
                writer.member("tenant", question.tenant?.description)
            }
        }
    }

    static func question(_ bytes: UnsafeRawBufferPointer) -> Question? {
        guard let value = try? JSONValue(parsing: Array(bytes)), let node = value["node"]?.text,
            let number = value["number"]?.integer
        else { return nil }
        let tenant = value["tenant"]?.text
        let id = tenant.flatMap { TenantID($0) }
        // What cannot be read as a tenant must not be answered as if it were for all.
        guard tenant == nil || id != nil else { return nil }
        return Question(node: node, number: number, tenant: id)
    }

    static func bytes(_ answer: Answer) -> [UInt8] {
        JSONWriter.text { writer in
            writer.object { writer in
                writer.member("node", answer.node)
                writer.member("number", answer.number)
                writer.name("sockets")
                writer.object { sockets in
                    for (app, count) in answer.connections.sockets {
                        sockets.name(text: app)
                        sockets.int(count)
                    }
                }
                writer.name("channels")
                writer.object { channels in
                    for (channel, count) in answer.connections.channels {
                        channels.name(text: channel.scope)
                        channels.int(count)
                    }
                }
                writer.name("disconnects")
                writer.array { list in for end in answer.connections.disconnects { Self.write(end, to: &list) } }
            }
        }
    }

    private static func write(_ end: Disconnect, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("at", end.time.milliseconds)
            writer.member("app", end.app)
            writer.member("code", end.code)
            writer.member("reason", end.reason)
            writer.member("tenant", end.tenant?.description)
        }
    }

    static func answer(_ bytes: UnsafeRawBufferPointer) -> Answer? {
        // Nodes trust each other, but a limit costs nothing.
        let limits = JSONLimits(bytes: 16 << 20, depth: 8)
        guard let value = try? JSONValue(parsing: Array(bytes), limits: limits), let node = value["node"]?.text,
            let number = value["number"]?.integer
        else { return nil }
        var connections = Connections()
        if case .object(let sockets) = value["sockets"] {
            for member in sockets.members { connections.sockets[member.name] = Int(member.value.integer ?? 0) }
        }
        if case .object(let channels) = value["channels"] {
            for member in channels.members {
                guard let channel = AppChannel(scope: member.name) else { continue }
                connections.channels[channel] = Int(member.value.integer ?? 0)
            }
        }
        if case .array(let list) = value["disconnects"] { connections.disconnects = list.compactMap(Self.disconnect) }
        return Answer(node: node, number: number, connections: connections)
    }

    private static func disconnect(_ value: JSONValue) -> Disconnect? {
        guard let time = value["at"]?.integer, let app = value["app"]?.text, let code = value["code"]?.integer,
            let reason = value["reason"]?.text
        else { return nil }
        return Disconnect(
            time: Timestamp(milliseconds: time), app: app, code: Int(clamping: code), reason: reason,
            tenant: value["tenant"]?.text.flatMap { TenantID($0) })
    }
}
