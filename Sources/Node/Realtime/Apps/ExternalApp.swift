internal import Crypto
package import Shared
internal import Wire

/// An app of the Pusher protocol that belongs to somebody else's back end: its own key, secret, channels and HTTP API. Names are
/// scoped by app, so its `private-tenant.1` is not the hotel's.
package struct ExternalApp: Sendable {
    package let credentials: AppCredentials
    package let options: AppOptions
    let signer: PusherSigner
    /// Whose pages may connect; `nil` for everybody's.
    let origins: Set<HTTPOrigin>?
    /// Where the events of its channels go, by their share.
    private let casts: [BusChannel]
    /// Its sockets on this node.
    let sockets = Locked(0)

    package init(_ credentials: AppCredentials, options: AppOptions = AppOptions()) {
        self.credentials = credentials
        self.options = options
        self.signer = PusherSigner(credentials)
        self.casts = (0..<AppChannel.shareCount).map { AppChannel.casts(app: credentials.id, share: $0) }
        self.origins = options.origins.map { Set($0.compactMap { HTTPOrigin($0) }) }
    }
}

extension ExternalApp {
    /// Where the events of a channel go.
    func casts(of channel: String) -> BusChannel { self.casts[Int(AppChannel.share(of: channel))] }
}

/// What the nodes know together of the channels of apps.
package struct AppCommons: Sendable {
    package let census: any AppCensus
    package let memory: any AppMemory
    package let directory: any PresenceDirectory
    /// To the node's desk for presence.
    package let presence: PresenceDoors
    /// To the node's desk for those who ask what is connected.
    package let connections: ConnectionDoors
    /// Carries news to back ends.
    package let news: AppNewsDesk

    package init(
        census: any AppCensus, memory: any AppMemory, directory: any PresenceDirectory, presence: PresenceDoors,
        connections: ConnectionDoors, news: @escaping AppNewsDesk
    ) {
        self.census = census
        self.memory = memory
        self.directory = directory
        self.presence = presence
        self.connections = connections
        self.news = news
    }
}

/// What serves external apps, on all loops of a node.
package struct ExternalApps: Sendable {
    package let apps: [ExternalApp]
    package let doors: AppDoors
    package let shared: AppCommons
    package var terms: PusherTerms
    package let metrics: AppMetrics

    package init(
        _ apps: [ExternalApp], doors: AppDoors, shared: AppCommons, terms: PusherTerms = .external,
        metrics: AppMetrics
    ) {
        self.apps = apps
        self.doors = doors
        self.shared = shared
        self.terms = terms
        self.metrics = metrics
    }

    /// The number of the app with this key.
    package func index(ofKey key: String) -> Int? { self.apps.firstIndex { $0.credentials.key == key } }

    /// The number of the app with this id.
    func index(ofID id: some StringProtocol) -> Int? { self.apps.firstIndex { $0.credentials.id == id } }

    /// How a channel's subscribers are told how many they are, for apps that want it.
    package static func countCast(for apps: [ExternalApp]) -> AppCountCast {
        let counting = Set(apps.filter(\.options.hasSubscriptionCounts).map(\.credentials.id))
        return { channel in
            guard counting.contains(channel.app), !channel.name.hasPrefix("presence-"), !channel.name.hasPrefix("#")
            else { return nil }
            return AppCast.count(in: channel.name)
        }
    }
}
