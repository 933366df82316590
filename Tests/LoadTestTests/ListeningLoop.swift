import Reactor
import Shared

/// A loop of its own with one listener on a free port of loopback: what every scripted server stands on.
final class ListeningLoop: Sendable {
    private let group: LoopGroup
    private let listener: Locked<ListenerID?>

    /// - Parameter handler: makes what is called for each connection; on the loop's thread.
    init(_ handler: @escaping @Sendable (EventLoop) -> any ConnectionHandler) throws {
        let listener = Locked<ListenerID?>(nil)
        self.listener = listener
        self.group = try LoopGroup(count: 1, options: LoopOptions(), places: 1000) { loop throws(SystemError) in
            guard let address = SocketAddress("127.0.0.1", port: 0) else { throw SystemError("inet_pton", errno: 22) }
            let id = try loop.listen(at: address, handler: loop.register(handler(loop)))
            listener.withLock { $0 = id }
        }
    }

    var port: UInt16 { self.listener.withLock { $0?.address.port ?? 0 } }

    func stop() { self.group.stop() }
}
