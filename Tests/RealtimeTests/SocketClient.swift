import TestSupport
import Wire

/// A WebSocket client for tests: blocking, and as strict as the node about what it reads.
final class SocketClient {
    enum Received: Equatable {
        case text(String)
        case binary([UInt8])
        case ping([UInt8])
        case pong([UInt8])
        case close(UInt16)
        /// The stream ended.
        case end
    }

    let socket: BlockingSocket
    private(set) var responseHead = ""
    private var reader: WebSocketReader
    private let inflater = Inflater()
    private var pending: [UInt8] = []

    init(
        port: UInt16, path: String = "/socket", origin: String? = nil, deflate: Bool = false,
        behind extra: [UInt8] = [],
        receiveBuffer: Int32? = nil
    ) {
        self.socket = BlockingSocket(port: port, receiveBuffer: receiveBuffer)
        let offer = deflate ? "Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover\r\n" : ""
        let request =
            "GET \(path) HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\(offer)"
            + (origin.map { "Origin: \($0)\r\n" } ?? "")
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        self.socket.send(Array(request.utf8) + extra)
        var head: [UInt8] = []
        while !head.suffix(4).elementsEqual("\r\n\r\n".utf8) {
            let byte = self.socket.receive(exactly: 1)
            guard !byte.isEmpty else { break }
            head += byte
        }
        self.responseHead = String(decoding: head, as: UTF8.self)
        let agreed = self.responseHead.contains("permessage-deflate")
        self.reader = WebSocketReader(role: .client, deflate: agreed ? PerMessageDeflate() : nil)
    }

    static func frame(_ opcode: WebSocketOpcode, _ payload: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        payload.withUnsafeBytes { WebSocketFrame.append(opcode, $0, maskKey: 0x1234_5678, to: &output) }
        return output
    }

    func send(_ text: String) { self.socket.send(Self.frame(.text, Array(text.utf8))) }

    func send(_ opcode: WebSocketOpcode, _ payload: [UInt8]) { self.socket.send(Self.frame(opcode, payload)) }

    /// The next thing that the server says.
    func receive() throws -> Received {
        while true {
            if let received = try self.take() { return received }
            guard let more = self.socket.receive(), !more.isEmpty else { return .end }
            self.pending = more
        }
    }

    private func take() throws -> Received? {
        let count = self.pending.count
        var used = 0
        defer { self.pending.removeFirst(used) }
        return try self.pending.withUnsafeMutableBytes { bytes in
            var input = bytes
            defer { used = count - input.count }
            guard let event = try self.reader.next(&input, limits: WebSocketLimits(), inflater: self.inflater) else {
                return nil
            }
            switch event {
            case .text(let payload): return .text(String(decoding: payload, as: UTF8.self))
            case .binary(let payload): return .binary(Array(payload))
            case .ping(let payload): return .ping(Array(payload))
            case .pong(let payload): return .pong(Array(payload))
            case .close(let code, _): return .close(code.rawValue)
            }
        }
    }
}
