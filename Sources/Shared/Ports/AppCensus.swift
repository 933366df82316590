/// How many sockets hear a channel, and of a presence channel how many users are in it.
package struct AppFigure: Equatable, Sendable {
    package let subscriptions: Int
    package let users: Int

    package init(subscriptions: Int, users: Int) {
        self.subscriptions = subscriptions
        self.users = users
    }
}

/// What somebody wants to know of an app's channels.
package final class AppQuestion: Sendable {
    package enum Scope: Sendable {
        /// These, occupied or not.
        case channels([String])
        /// All that somebody hears and whose name begins like this.
        case occupied(prefix: String)
    }

    /// The app's id.
    package let app: String
    package let scope: Scope
    /// Whether users are to be counted; 0 otherwise.
    package let countsUsers: Bool

    package init(app: String, _ scope: Scope, countsUsers: Bool = false) {
        self.app = app
        self.scope = scope
        self.countsUsers = countsUsers
    }
}

/// What was found out.
package final class AppFigures: Sendable {
    /// By name. Of what was asked for by name, all; nobody is in those with 0.
    package let channels: [String: AppFigure]
    /// All was forgotten not long ago: what is missing here may only not have been told again.
    package let isSettled: Bool

    package init(_ channels: [String: AppFigure], isSettled: Bool = true) {
        self.channels = channels
        self.isSettled = isSettled
    }
}

/// Another number of sockets hears a channel than before.
package struct AppCountChange: Sendable {
    package let channel: AppChannel
    package let before: Int
    package let now: Int

    package init(_ channel: AppChannel, before: Int, now: Int) {
        self.channel = channel
        self.before = before
        self.now = now
    }

    /// Whether it became occupied or vacated.
    package var isOccupancy: Bool { (self.before > 0) != (self.now > 0) }
}

/// How many sockets of the whole cluster hear which channel of an app. From any thread.
///
/// What always holds: what a node noted is known to all nodes a moment later, as soon as the place where it is kept can be
/// reached; what a node noted that died counts no more.
package protocol AppCensus: AnyObject, Sendable {
    /// How many sockets of one of this node's loops hear channels now; of channels that are left out it is what it was. Returns
    /// at once.
    func note(_ counts: [AppChannel: Int], on loop: Int)

    /// What is known now; of this node all that it noted.
    func figures(_ question: AppQuestion) async throws(PresenceError) -> AppFigures

    /// Calls `body` with what changed: each change on one node, the one that noted it or that cleared away after a dead one. From
    /// any thread.
    func whenCountsChange(_ body: @escaping @Sendable ([AppCountChange]) -> Void)
}

/// How subscribers are told how many they are: the bytes before and behind the number; `nil` of apps and channels that tell
/// nobody.
package typealias AppCountCast = @Sendable (_ channel: AppChannel) -> (head: [UInt8], tail: [UInt8])?
