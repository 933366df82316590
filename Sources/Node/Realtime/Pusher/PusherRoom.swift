internal import Reactor
internal import Shared
internal import Wire

/// A presence channel of the hotel on one loop: who is in it anywhere, and whose sockets are in it here.
struct PusherRoom {
    struct Visitor {
        let user: String
        /// By which the presence hall knows it.
        let ticket: UInt64
        /// Whether it has been told who is in.
        var isTold = false
    }

    /// By id, as those here have been told.
    var members: [String: PresenceMember] = [:]
    var visitors: [ConnectionID: Visitor] = [:]
}

/// A socket on its way into a presence channel, or to a channel by another name.
struct PusherWaiting {
    let id: ConnectionID
    /// What it wished last: who asks twice is answered once.
    var wish: PusherCommand.Subscription
    var admitted: PusherAdmission.Admitted
}

/// As whom a socket of the hotel's app has signed in.
struct PusherSignIn {
    let subscriber: PusherSubscriber
    /// The loop's second in which it ends.
    let expires: UInt32
}
