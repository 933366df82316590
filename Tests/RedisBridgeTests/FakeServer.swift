import Glibc
import Reactor
import Shared
import Synchronization

/// Something that listens where a Redis should, and behaves as a test says.
final class FakeServer: Sendable {
    /// What it does when bytes come: `nil` closes the connection, else these are sent.
    typealias Answer = @Sendable (_ input: String, _ connection: Int) -> String?

    private let group: LoopGroup
    private let record = Locked<(port: UInt16, opened: Int)>((0, 0))

    /// - Parameter hello: sent, or closed with, as soon as a connection is there.
    init(hello: String? = "", answer: @escaping Answer) throws {
        let record = self.record
        self.group = try LoopGroup(count: 1, options: LoopOptions(), places: 50) { loop throws(SystemError) in
            let handler = Handler(loop: loop, hello: hello, answer: answer) {
                record.withLock { record in
                    record.opened += 1
                    return record.opened
                }
            }
            guard let address = SocketAddress("127.0.0.1", port: 0) else { throw SystemError("inet_pton", errno: 22) }
            let listener = try loop.listen(at: address, handler: loop.register(handler))
            record.withLock { $0.port = listener.address.port }
        }
    }

    deinit { self.group.stop() }

    /// A server that lets everyone in, then answers as the test says.
    static func greeting(_ answer: @escaping Answer) throws -> FakeServer {
        try FakeServer { input, connection in
            guard input.contains("SETNAME") else { return answer(input, connection) }
            return "+OK\r\n+PONG\r\n"
        }
    }

    var opened: Int { self.record.withLock { $0.opened } }

    func server() throws -> RedisServer {
        try RedisServer(setting: "redis://127.0.0.1:\(self.record.withLock { $0.port })")
    }

    private final class Handler: ConnectionHandler {
        unowned let loop: EventLoop
        let hello: String?
        let answer: Answer
        let count: () -> Int
        var numbers: [ConnectionID: Int] = [:]

        init(loop: EventLoop, hello: String?, answer: @escaping Answer, count: @escaping () -> Int) {
            self.loop = loop
            self.hello = hello
            self.answer = answer
            self.count = count
        }

        func opened(_ id: ConnectionID, peer: SocketAddress?) {
            self.numbers[id] = self.count()
            self.say(self.hello, to: id)
        }

        func received(_ id: ConnectionID, _ bytes: UnsafeMutableRawBufferPointer) {
            let input = String(decoding: UnsafeRawBufferPointer(bytes), as: UTF8.self)
            self.say(self.answer(input, self.numbers[id] ?? 0), to: id)
        }

        private func say(_ text: String?, to id: ConnectionID) {
            guard let text else { return self.loop.drop(id) }
            guard !text.isEmpty else { return }
            _ = Array(text.utf8).withUnsafeBytes { self.loop.send(id, $0) }
        }

        func inputEnded(_ id: ConnectionID) { self.loop.finish(id) }
        func drained(_ id: ConnectionID) {}
        func deadlinePassed(_ id: ConnectionID) {}
        func closed(_ id: ConnectionID, _ reason: CloseReason) { self.numbers[id] = nil }
        func turnEnded() {}
    }
}
