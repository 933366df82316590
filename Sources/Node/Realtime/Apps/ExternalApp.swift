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

    package init(_ credentials: AppCredentials, options: AppOptions = AppOptions()) {
        self.credentials = credentials
        self.options = options
        self.signer = PusherSigner(credentials)
        self.origins = options.origins.map { Set($0.compactMap { HTTPOrigin($0) }) }
    }
}

/// What serves external apps, on all loops of a node.
package struct ExternalApps: Sendable {
    package let apps: [ExternalApp]
    package let doors: AppDoors
    package var terms: PusherTerms
    package let metrics: AppMetrics

    package init(
        _ apps: [ExternalApp], doors: AppDoors, terms: PusherTerms = PusherTerms(), metrics: AppMetrics
    ) {
        self.apps = apps
        self.doors = doors
        self.terms = terms
        self.metrics = metrics
    }

    /// The number of the app with this key.
    package func index(ofKey key: String) -> Int? { self.apps.firstIndex { $0.credentials.key == key } }

    /// The number of the app with this id.
    func index(ofID id: some StringProtocol) -> Int? { self.apps.firstIndex { $0.credentials.id == id } }
}

/// What sockets and calls of external apps count.
package struct AppMetrics: Sendable {
    let refusedSockets: Counter
    let subscriptions: Counter
    let refusedSubscriptions: Counter
    let malformed: Counter
    let excess: Counter
    let published: Counter
    let clientEvents: Counter
    let refusedCalls: Counter
    let unreadable: Counter

    /// Creates the families in `registry`.
    package init(in registry: MetricsRegistry) {
        func counter(_ name: String, _ help: String) -> Counter {
            registry.counter("bellhop_apps_\(name)", help: help)
        }
        self.refusedSockets = counter("sockets_refused_total", "Sockets closed for protocol version or origin.")
        self.subscriptions = counter("subscriptions_total", "Subscriptions admitted.")
        self.refusedSubscriptions = counter("subscriptions_refused_total", "Subscriptions refused.")
        self.malformed = counter("messages_malformed_total", "Messages that are none of the protocol.")
        self.excess = counter("messages_excess_total", "Messages beyond the rate.")
        self.published = counter("events_published_total", "Events that back ends published, once per channel.")
        self.clientEvents = counter("client_events_total", "Events that clients told each other.")
        self.refusedCalls = counter("calls_refused_total", "Calls of the HTTP API that were refused.")
        self.unreadable = counter("casts_unreadable_total", "Messages between nodes that could not be read.")
    }
}
