/// A socket that ended, as operators want to know of it.
package struct Disconnect: Equatable, Sendable {
    package let time: Timestamp
    /// The app's id.
    package let app: String
    /// With which it was closed; 0 where the client or the network ended it.
    package let code: Int
    package let reason: String
    /// Whose it was, as far as it had said so.
    package let tenant: TenantID?

    package init(time: Timestamp, app: String, code: Int, reason: String, tenant: TenantID?) {
        self.time = time
        self.app = app
        self.code = code
        self.reason = reason
        self.tenant = tenant
    }
}

/// What is connected to one node, or to all of them.
package struct Connections: Equatable, Sendable {
    /// Sockets by the app's id.
    package var sockets: [String: Int] = [:]
    /// Subscriptions by channel.
    package var channels: [AppChannel: Int] = [:]
    /// The latest, not in order.
    package var disconnects: [Disconnect] = []

    package init() {}

    package mutating func add(_ other: Connections) {
        self.sockets.merge(other.sockets, uniquingKeysWith: +)
        self.channels.merge(other.channels, uniquingKeysWith: +)
        self.disconnects += other.disconnects
    }
}

/// What is connected to the cluster.
package final class ConnectionReport: Sendable {
    /// By the node's name.
    package let nodes: [String: Connections]
    /// Nodes that live and have not answered in time.
    package let silent: [String]

    package init(nodes: [String: Connections], silent: [String]) {
        self.nodes = nodes
        self.silent = silent
    }
}

/// Asks all nodes what is connected to them. From any thread.
package protocol ConnectionBoard: Sendable {
    /// - Parameter tenant: whose sockets and channels are of interest; `nil` for all.
    func connections(of tenant: TenantID?) async -> ConnectionReport
}
