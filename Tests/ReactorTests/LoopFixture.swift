import Shared
import Synchronization

@testable import Reactor

/// A number that threads count up.
final class Counter: Sendable {
    private let count = Atomic<Int>(0)
    var value: Int { self.count.load(ordering: .sequentiallyConsistent) }
    func add() { self.count.wrappingAdd(1, ordering: .sequentiallyConsistent) }
}

final class PostingThread: Sendable {
    let handle: LoopHandle
    let counter: Counter

    init(_ handle: LoopHandle, _ counter: Counter) {
        self.handle = handle
        self.counter = counter
    }
}

/// One loop that listens on a free port, does with its connections what the test says, and writes down what it heard.
final class LoopFixture: Sendable {
    typealias Event = @Sendable (EventLoop, ConnectionID) -> Void
    typealias Received = @Sendable (EventLoop, ConnectionID, UnsafeMutableRawBufferPointer) -> Void

    let group: LoopGroup
    private let record = Locked<(events: [String], peers: [String], listener: ListenerID?)>(([], [], nil))

    init(
        connectionLimit: Int = 100, options: LoopOptions = LoopOptions(), refusal: [UInt8] = [],
        opened: @escaping Event = { _, _ in }, received: @escaping Received,
        inputEnded: @escaping Event = { loop, id in loop.finish(id) }, deadlinePassed: @escaping Event = { _, _ in }
    ) throws {
        let record = self.record
        self.group = try LoopGroup(count: 1, options: options, places: connectionLimit) {
            loop throws(SystemError) in
            let handler = RecordingHandler(loop: loop, record: record)
            handler.onOpened = opened
            handler.onReceived = received
            handler.onInputEnded = inputEnded
            handler.onDeadline = deadlinePassed
            let id = loop.register(handler)
            loop.attach(HandlerBox(id))
            guard let address = SocketAddress("127.0.0.1", port: 0) else { throw SystemError("inet_pton", errno: 22) }
            let listener = try loop.listen(at: address, handler: id, refusal: refusal)
            record.withLock { $0.listener = listener }
        }
    }

    var listener: ListenerID {
        guard let listener = self.record.withLock({ $0.listener }) else { fatalError("the loop did not listen") }
        return listener
    }
    var port: UInt16 { self.listener.address.port }
    var events: [String] { self.record.withLock { $0.events } }
    var peers: [String] { self.record.withLock { $0.peers } }
    var statistics: LoopStatistics { self.group.handles[0].statistics }

    func connect(to port: UInt16, from source: String? = nil) {
        self.group.handles[0].post { loop in
            guard let address = SocketAddress("127.0.0.1", port: port), let box = loop.attachment(HandlerBox.self)
            else { return }
            _ = try? loop.connect(
                to: address, from: source.flatMap { SocketAddress($0, port: 0) }, handler: box.id, within: 5000)
        }
    }

    func stop() { self.group.stop() }
}

private final class HandlerBox {
    let id: HandlerID
    init(_ id: HandlerID) { self.id = id }
}

private final class RecordingHandler: ConnectionHandler {
    private unowned let loop: EventLoop
    private let record: Locked<(events: [String], peers: [String], listener: ListenerID?)>
    var onOpened: LoopFixture.Event = { _, _ in }
    var onReceived: LoopFixture.Received = { _, _, _ in }
    var onInputEnded: LoopFixture.Event = { _, _ in }
    var onDeadline: LoopFixture.Event = { _, _ in }

    init(loop: EventLoop, record: Locked<(events: [String], peers: [String], listener: ListenerID?)>) {
        self.loop = loop
        self.record = record
    }

    private func note(_ event: String) { self.record.withLock { $0.events.append(event) } }

    func opened(_ id: ConnectionID, peer: SocketAddress?) {
        self.note("opened")
        if let peer { self.record.withLock { $0.peers.append(peer.host) } }
        self.onOpened(self.loop, id)
    }

    func received(_ id: ConnectionID, _ bytes: UnsafeMutableRawBufferPointer) {
        self.note("received \(bytes.count)")
        self.onReceived(self.loop, id, bytes)
    }

    func inputEnded(_ id: ConnectionID) {
        self.note("inputEnded")
        self.onInputEnded(self.loop, id)
    }

    func drained(_ id: ConnectionID) { self.note("drained") }

    func deadlinePassed(_ id: ConnectionID) {
        self.note("deadline")
        self.onDeadline(self.loop, id)
    }

    func closed(_ id: ConnectionID, _ reason: CloseReason) { self.note("closed \(reason)") }

    func turnEnded() {}
}
