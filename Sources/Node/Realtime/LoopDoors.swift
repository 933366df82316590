internal import Reactor
internal import Shared

/// How objects on all loops and the one object that serves them find each other: the only thing of them that threads share.
///
/// One is made per node, before the loops. What the loops say before the one is there waits for it.
package final class LoopDoors<Center: AnyObject>: Sendable {
    typealias Message = @Sendable (Center) -> Void

    private struct State {
        var center: LoopHandle?
        var waiting: [Message] = []
        var loops: [Int: LoopHandle] = [:]
    }

    private let state = Locked(State())

    package init() {}

    func add(_ loop: LoopHandle) { self.state.withLock { $0.loops[loop.index] = loop } }

    func loop(_ index: Int) -> LoopHandle? { self.state.withLock { $0.loops[index] } }

    var loopCount: Int { self.state.withLock { $0.loops.count } }

    /// Does something on each of the loops.
    func tellAll(_ message: @escaping @Sendable (EventLoop) -> Void) {
        for loop in self.state.withLock({ Array($0.loops.values) }) { loop.post(message) }
    }

    /// The one lives on this loop from now on, attached to it.
    func open(_ loop: LoopHandle) {
        let waiting = self.state.withLock { state in
            state.center = loop
            defer { state.waiting = [] }
            return state.waiting
        }
        for message in waiting { Self.post(message, to: loop) }
    }

    /// Messages of one loop arrive in their order.
    func tell(_ message: @escaping Message) {
        let loop = self.state.withLock { state in
            if state.center == nil { state.waiting.append(message) }
            return state.center
        }
        if let loop { Self.post(message, to: loop) }
    }

    private static func post(_ message: @escaping Message, to loop: LoopHandle) {
        loop.post { loop in
            if let center = loop.attachment(Center.self) { message(center) }
        }
    }
}

/// Between the followers and the hubs of all loops.
package typealias FanoutDoors = LoopDoors<Followers>
