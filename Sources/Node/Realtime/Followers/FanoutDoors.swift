internal import Reactor
internal import Shared

/// How the hubs of all loops and the node's followers find each other: the only thing of them that threads share.
///
/// One is made per node, before the loops. What hubs say before the followers are there waits for them.
package final class FanoutDoors: Sendable {
    typealias Message = @Sendable (Followers) -> Void

    private struct State {
        var followers: LoopHandle?
        var waiting: [Message] = []
        var hubs: [Int: LoopHandle] = [:]
    }

    private let state = Locked(State())

    package init() {}

    func add(hubOf loop: LoopHandle) { self.state.withLock { $0.hubs[loop.index] = loop } }

    func hub(_ index: Int) -> LoopHandle? { self.state.withLock { $0.hubs[index] } }

    /// The followers live on this loop from now on.
    func open(_ loop: LoopHandle) {
        let waiting = self.state.withLock { state in
            state.followers = loop
            defer { state.waiting = [] }
            return state.waiting
        }
        for message in waiting { Self.post(message, to: loop) }
    }

    /// Messages of one loop arrive in their order.
    func tellFollowers(_ message: @escaping Message) {
        let loop = self.state.withLock { state in
            if state.followers == nil { state.waiting.append(message) }
            return state.followers
        }
        if let loop { Self.post(message, to: loop) }
    }

    private static func post(_ message: @escaping Message, to loop: LoopHandle) {
        loop.post { loop in
            if let followers = loop.attachment(Followers.self) { message(followers) }
        }
    }
}
