internal import Reactor
internal import Shared

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

/// As whom a socket of the hotel's app has signed in.
struct PusherSignIn {
    let subscriber: PusherSubscriber
    /// The loop's second in which it ends.
    let expires: UInt32
}
