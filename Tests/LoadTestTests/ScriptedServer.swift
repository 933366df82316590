import Reactor
import Shared

@testable import Wire

/// A server on its own loop that treats every socket as the test says: what a load tester meets in the wild.
final class ScriptedServer: Sendable {
    enum Manner: Sendable {
        /// Accepts and says this text right behind the handshake, if any.
        case accept(saying: [UInt8]?)
        /// Accepts and sends each text message back so many times.
        case echo(times: Int)
        /// Accepts and closes at the first message.
        case closeAtMessage
        case answer(String)
        case hangUp
        case silence
    }

    private let loop: ListeningLoop
    let requests: Locked<Int>

    init(_ manner: Manner) throws {
        let requests = Locked(0)
        self.requests = requests
        self.loop = try ListeningLoop { Handler(manner, loop: $0, requests: requests) }
    }

    var port: UInt16 { self.loop.port }

    func stop() { self.loop.stop() }

    private final class Handler: ConnectionHandler {
        private let manner: Manner
        private unowned let loop: EventLoop
        private let requests: Locked<Int>
        private var heads: [ConnectionID: String] = [:]
        private var readers: [ConnectionID: WebSocketReader] = [:]

        init(_ manner: Manner, loop: EventLoop, requests: Locked<Int>) {
            (self.manner, self.loop, self.requests) = (manner, loop, requests)
        }

        func opened(_ id: ConnectionID, peer: SocketAddress?) { self.heads[id] = "" }

        func received(_ id: ConnectionID, _ bytes: UnsafeMutableRawBufferPointer) {
            guard let head = self.heads[id] else { return self.readFrames(id, bytes) }
            let text = head + String(decoding: bytes, as: UTF8.self)
            self.heads[id] = text
            guard text.hasSuffix("\r\n\r\n") else { return }
            self.requests.withLock { $0 += 1 }
            self.answer(id, text)
        }

        private func answer(_ id: ConnectionID, _ request: String) {
            switch self.manner {
            case .silence: return
            case .hangUp: return self.loop.finish(id)
            case .answer(let text): return self.send(id, Array(text.utf8))
            case .accept, .echo, .closeAtMessage: break
            }
            let key = request.split(separator: "Sec-WebSocket-Key: ").last?.prefix { $0 != "\r\n" } ?? ""
            var bytes = Array(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
                    .utf8)
            bytes += Array(key.utf8).withUnsafeBytes { WebSocketHandshake.acceptKey(for: $0) } + Array("\r\n\r\n".utf8)
            if case .accept(let text?) = self.manner {
                text.withUnsafeBytes { WebSocketFrame.append(.text, $0, to: &bytes) }
            }
            self.heads[id] = nil
            self.readers[id] = WebSocketReader(role: .server)
            self.send(id, bytes)
        }

        private func readFrames(_ id: ConnectionID, _ bytes: UnsafeMutableRawBufferPointer) {
            var input = bytes
            while let event = try? self.readers[id]?.next(&input, limits: WebSocketLimits()) {
                var output: [UInt8] = []
                switch (event, self.manner) {
                case (.close, _): WebSocketFrame.appendClose(.normal, to: &output)
                case (.text(let message), .echo(let times)):
                    for _ in 0..<times { WebSocketFrame.append(.text, message, to: &output) }
                case (.text, .closeAtMessage): return self.loop.finish(id)
                default: break
                }
                self.send(id, output)
            }
        }

        private func send(_ id: ConnectionID, _ bytes: [UInt8]) { bytes.withUnsafeBytes { _ = self.loop.send(id, $0) } }

        func inputEnded(_ id: ConnectionID) { self.loop.finish(id) }
        func drained(_ id: ConnectionID) {}
        func deadlinePassed(_ id: ConnectionID) {}
        func closed(_ id: ConnectionID, _ reason: CloseReason) {
            self.heads[id] = nil
            self.readers[id] = nil
        }
        func turnEnded() {}
    }
}
