/// Something in an external app that its back end may want to be told (protocol, section 11).
///
/// Of what can be looked up, only that it may have changed: who carries the news compares what holds with what the back end was told
/// last, so noting it twice, or on several nodes, is as good as once.
package enum AppNews: Sendable {
    /// A channel may have become occupied or vacated.
    case occupancy(channel: String)
    /// A user may have come into a presence channel or gone.
    case membership(channel: String, user: String)
    /// The number of a channel's subscribers may be another.
    case subscriptionCount(channel: String)
    /// Somebody came into a cache channel that remembers nothing. Noted once in the cluster.
    case cacheMiss(channel: String)
    /// A client told others something. Noted by the node of that client.
    case clientEvent(AppClientEvent)
}

/// What a client told the others in a channel.
package final class AppClientEvent: Sendable {
    package let channel: String
    package let event: String
    /// As the client sent it: a JSON text.
    package let data: [UInt8]
    package let socketID: String
    /// Of presence channels only.
    package let user: String?

    package init(channel: String, event: String, data: [UInt8], socketID: String, user: String?) {
        self.channel = channel
        self.event = event
        self.data = data
        self.socketID = socketID
        self.user = user
    }
}

/// Who carries news to back ends. From any thread; returns at once, whatever becomes of it.
package typealias AppNewsDesk = @Sendable (_ news: AppNews, _ app: String) -> Void
