import Reactor
import Realtime
import Shared
import Wire

/// Every socket hears every body that is posted: one loop's part of it.
final class FanoutEndpoint: WebSocketEndpoint {
    private(set) var terms = WebSocketTerms(limits: WebSocketLimits(), deflate: PerMessageDeflate.Policy())
    private let broadcast: Broadcast

    init(host: SessionHost) {
        self.broadcast = Broadcast(host: host)
        // Suites and benchmarks expect nothing that they did not ask for.
        self.terms.timings.pingAfter = nil
    }

    func publish(_ body: [UInt8]) { body.withUnsafeBytes { self.broadcast.publish(text: $0) } }

    func opened(_ id: ConnectionID, request: HTTPRequest) { self.broadcast.join(id) }

    func received(_ id: ConnectionID, _ payload: UnsafeRawBufferPointer, isText: Bool) {}

    func closed(_ id: ConnectionID) { self.broadcast.leave(id) }

    func turnEnded() { self.broadcast.flush() }
}

/// Brings a posted body to the sockets of all loops, and in the same order to each: the first loop decides the order.
final class FanoutDesk: Sendable {
    private let loops = Locked<[LoopHandle]>([])

    /// Called by each loop's thread before it turns, in the order of the loops.
    func add(_ loop: EventLoop, _ endpoint: FanoutEndpoint) {
        loop.attach(endpoint)
        let handle = loop.handle
        self.loops.withLock { $0.append(handle) }
    }

    func publish(_ body: [UInt8], from loop: EventLoop) {
        if loop.handle.index == 0 {
            self.spread(body, on: loop)
        } else {
            self.loops.withLock { $0 }.first?.post { first in self.spread(body, on: first) }
        }
    }

    /// On the first loop.
    private func spread(_ body: [UInt8], on first: EventLoop) {
        for other in self.loops.withLock({ $0 }).dropFirst() {
            other.post { loop in loop.attachment(FanoutEndpoint.self)?.publish(body) }
        }
        first.attachment(FanoutEndpoint.self)?.publish(body)
    }
}
