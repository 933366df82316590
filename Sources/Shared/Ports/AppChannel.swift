/// A channel of one app of the Pusher protocol.
package struct AppChannel: Hashable, Sendable {
    /// The app's id.
    package let app: String
    package let name: String

    package init(app: String, name: String) {
        self.app = app
        self.name = name
    }

    /// App and channel in one; an app's id has no colon.
    package var scope: String { "\(self.app):\(self.name)" }

    /// - Returns: `nil` for what is no `scope`.
    package init?(scope: String) {
        guard let colon = scope.firstIndex(of: ":") else { return nil }
        self.init(app: String(scope[..<colon]), name: String(scope[scope.index(after: colon)...]))
    }

    /// The share of its app's channels that it travels with, and whose server keeps what is known of it (architecture 1.3).
    package var share: UInt8 { Self.share(of: self.name) }

    /// Few enough to subscribe to, enough to spread an app evenly over several servers.
    package static let shareCount: UInt8 = 64

    /// The same on every node.
    package static func share(of name: String) -> UInt8 { UInt8(StableHash.of(name) % UInt64(self.shareCount)) }

    /// What decides which server carries a share.
    package static func shard(app: String, share: UInt8) -> String { "\(app):\(share)" }

    package var shard: String { Self.shard(app: self.app, share: self.share) }

    /// Where the news of who is in this channel go.
    package var news: BusChannel { BusChannel(name: "bellhop:presence:\(self.scope)", shard: self.shard) }

    /// Where the events of a share go.
    package static func casts(app: String, share: UInt8) -> BusChannel {
        BusChannel(name: "bellhop:app:\(app):\(share)", shard: Self.shard(app: app, share: share))
    }

    package var casts: BusChannel { Self.casts(app: self.app, share: self.share) }

    /// Where one user of an app is present with each socket that has signed in as that user.
    package static func user(_ id: String, of app: String) -> AppChannel {
        AppChannel(app: app, name: Self.userPrefix + id)
    }

    /// The user, if it is such a channel.
    package var user: String? {
        self.name.hasPrefix(Self.userPrefix) ? String(self.name.dropFirst(Self.userPrefix.count)) : nil
    }

    package var isUser: Bool { self.name.hasPrefix(Self.userPrefix) }

    private static let userPrefix = "#user-"
}
