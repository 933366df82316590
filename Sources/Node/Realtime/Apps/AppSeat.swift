internal import Reactor
internal import Shared

/// What is kept of a socket of an external app.
struct AppSeat: SocketSeat {
    /// A channel that the socket hears or will hear.
    struct Subscription {
        let channel: String
        /// Tells it from an earlier one of the same channel.
        let ticket: UInt64
        /// Of presence channels.
        let member: PresenceMember?
        /// By which the presence hall knows it, once it was asked.
        var presence: UInt64?
        var isHeard = false
    }

    /// As whom the socket has signed in.
    struct SignIn {
        let user: AppIdentity.User
        /// By which the presence hall knows that the user is there.
        let presence: UInt64
        /// By which it knows that others are watched, and who they are.
        var watch: (ticket: UInt64, channels: [AppChannel])?
    }

    let id: ConnectionID
    let number: UInt64
    let app: Int
    var credit: MessageCredit
    /// What it may tell others.
    var eventCredit: MessageCredit
    var subscriptions: [Subscription] = []
    var signIn: SignIn?
    /// Whether it has shown a signature of its app's back end.
    var isAuthorized = false
    var isEnding = false

    func subscription(to channel: String) -> Subscription? { self.subscriptions.first { $0.channel == channel } }

    mutating func change(_ channel: String, _ body: (inout Subscription) -> Void) {
        guard let place = self.subscriptions.firstIndex(where: { $0.channel == channel }) else { return }
        body(&self.subscriptions[place])
    }
}

/// A subscription on its way: the share is opened, then the last event is asked for, then the user comes in.
final class AppWish {
    let id: ConnectionID
    let app: Int
    let channel: String
    /// How often success is to be told: clients may ask twice.
    var answers = 1
    /// Of cache channels: what was remembered when it was asked.
    var remembered: [UInt8]?
    /// Whether the hall keeps what arrives meanwhile.
    var listens = false

    init(_ id: ConnectionID, app: Int, channel: String) {
        self.id = id
        self.app = app
        self.channel = channel
    }

    var name: AppHall.Name { AppHall.Name(app: self.app, channel: self.channel) }
}
