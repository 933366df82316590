package import Reactor
package import Shared

/// One subscription of one socket, for as long as it lasts.
package struct SubscriptionID: Hashable, Sendable {
    let slot: UInt32
    let generation: UInt32
}

/// What a protocol needs to know of a subscription when it hears of it.
package struct HubSubscription {
    package let id: SubscriptionID
    package let connection: ConnectionID
    /// The channel as the subscriber spelled it.
    package let channel: String
}

/// Where a client says it has come to.
package struct ResumePoint: Equatable, Sendable {
    package let epoch: Epoch
    package let seq: Int64

    package init(epoch: Epoch, seq: Int64) {
        self.epoch = epoch
        self.seq = seq
    }
}

/// The protocol behind some sockets of a loop: it writes what the hub has no words for. Called on the loop's thread, possibly
/// before `subscribe` returns; what it sends goes out before any event that follows.
///
/// For each subscription: `subscribed` or `refused` first, once; then, if it came with a position, `resumed` when everything
/// missed has been sent, or `resyncRequired`; `resyncRequired` may come again whenever the stream is reset.
package protocol HubListener: AnyObject {
    /// From this position on the subscription is complete; events of later numbers follow.
    func subscribed(_ subscription: HubSubscription, at position: StreamHead)

    /// Everything that was missed has been sent: so many events, up to this number. Live events follow.
    func resumed(_ subscription: HubSubscription, at seq: Int64, replayed: Int)

    /// What was missed cannot be sent: the client has to load anew. Events behind this position follow.
    func resyncRequired(_ subscription: HubSubscription, at position: StreamHead)

    /// There is no such stream; the subscription is gone.
    func refused(_ subscription: HubSubscription)

    /// An event is about to be told on this loop: the moment for what must take effect before it, such as a revocation. Who
    /// ends subscriptions here and wants the events before this one to go out still, calls the hub's `turnEnded` first.
    func willTell(_ event: LoggedEvent, of stream: EventStream)
}

extension HubListener {
    package func willTell(_ event: LoggedEvent, of stream: EventStream) {}
}
