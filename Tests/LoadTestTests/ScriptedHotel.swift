import Reactor
import Shared

@testable import LoadTest
@testable import Wire

/// A node with a hotel of two tenants, as far as the load tester asks, which misbehaves as the test says.
final class ScriptedHotel: Sendable {
    /// What it does wrong; nothing: an honest node.
    enum Fault: Sendable, Equatable {
        case wrongPassword, throttled, shortTokens, noRooms
        /// Refuses to sign channels, or to let them be subscribed, or closes instead.
        case noSignature, noSubscription, closesAtSubscription
        /// Every third event is not told to the first socket of its tenant.
        case loses
        /// Every event is told twice.
        case repeats
        /// A command is carried out twice: two events with places of their own.
        case doubles
        /// Every second event is told after the one behind it.
        case swaps
        /// Events are told to everybody.
        case leaks
        /// Does the first attempt at each command and hangs up instead of answering.
        case hangsUpAfterCommands
        /// Answers the first attempt at each command with 503 and does nothing.
        case busy
        case refusesCommands
        /// Tells what somebody else does, too.
        case hasOthers
    }

    static let tenants = ["private-tenant.a", "private-tenant.b"]
    private let loop: ListeningLoop
    /// How often each key was tried.
    let attempts: Locked<[String: Int]>

    init(_ fault: Fault? = nil) throws {
        let attempts = Locked<[String: Int]>([:])
        self.attempts = attempts
        self.loop = try ListeningLoop { Handler(fault, loop: $0, attempts: attempts) }
    }

    var port: UInt16 { self.loop.port }

    func stop() { self.loop.stop() }

    private final class Handler: ConnectionHandler {
        private let fault: Fault?
        private unowned let loop: EventLoop
        private let attempts: Locked<[String: Int]>
        private var inputs: [ConnectionID: [UInt8]] = [:]
        private var readers: [ConnectionID: WebSocketReader] = [:]
        /// By tenant, in the order in which they came.
        private var listeners: [[ConnectionID]] = [[], []]
        private var seqs: [Int64] = [0, 0]
        private var kept: [String: Int64] = [:]
        private var held: [ConnectionID: String] = [:]

        init(_ fault: Fault?, loop: EventLoop, attempts: Locked<[String: Int]>) {
            (self.fault, self.loop, self.attempts) = (fault, loop, attempts)
        }

        func opened(_ id: ConnectionID, peer: SocketAddress?) { self.inputs[id] = [] }

        func received(_ id: ConnectionID, _ bytes: UnsafeMutableRawBufferPointer) {
            guard self.inputs[id] != nil else { return self.readFrames(id, bytes) }
            self.inputs[id]?.append(contentsOf: bytes)
            while let (head, body) = self.nextRequest(id) { self.answer(id, head, body) }
        }

        private func nextRequest(_ id: ConnectionID) -> (head: String, body: String)? {
            let text = String(decoding: self.inputs[id] ?? [], as: UTF8.self)
            guard let end = text.firstRange(of: "\r\n\r\n") else { return nil }
            let head = String(text[..<end.lowerBound])
            let length = Int(Self.field("Content-Length", of: head) ?? "0") ?? 0
            let rest = text[end.upperBound...]
            guard rest.utf8.count >= length else { return nil }
            self.inputs[id] = Array(rest.utf8.dropFirst(length))
            return (head, String(decoding: rest.utf8.prefix(length), as: UTF8.self))
        }

        private static func field(_ name: String, of head: String) -> String? {
            head.split(separator: "\r\n").first { $0.hasPrefix("\(name): ") }.map {
                String($0.dropFirst(name.count + 2))
            }
        }

        // MARK: REST

        private func answer(_ id: ConnectionID, _ head: String, _ body: String) {
            let words = head.split(separator: " ")
            let tenant = Self.field("Authorization", of: head)?.hasSuffix("northern.example") == true ? 1 : 0
            switch (String(words[0]), String(words[1].prefix { $0 != "?" })) {
            case ("GET", "/readyz"): self.say(id, 200, "{}")
            case ("POST", "/v1/auth/login"): self.login(id, body)
            case ("GET", "/v1/me"):
                self.say(
                    id, 200,
                    #"{"channels":["private-user.1","\#(ScriptedHotel.tenants[tenant])","private-tenant.a.x"]}"#)
            case ("GET", "/v1/rooms"): self.list(id, String(words[1]), tenant)
            case ("PATCH", _): self.change(id, head, tenant)
            case ("POST", "/broadcasting/auth"):
                guard self.fault != .noSignature else { return self.say(id, 403, "{}") }
                self.say(id, 200, #"{"auth":"key:signature","channel_data":"{}"}"#)
            case ("GET", "/app/key"): self.welcome(id, head)
            default: self.say(id, 404, "{}")
            }
        }

        private func login(_ id: ConnectionID, _ body: String) {
            guard self.fault != .throttled else { return self.say(id, 429, "{}", fields: "Retry-After: 17\r\n") }
            guard self.fault != .wrongPassword, body.contains(#""password":"secret""#) else {
                return self.say(id, 401, "{}")
            }
            let email = JSONText(body)["email"]?.text ?? ""
            let life: Int64 = self.fault == .shortTokens ? 10_000 : 900_000
            let expiry = Timestamp(milliseconds: SystemClock.now.milliseconds + life)
            self.say(id, 200, #"{"access_token":"\#(email)","expires_at":"\#(expiry)"}"#)
        }

        /// Two rooms on two pages.
        private func list(_ id: ConnectionID, _ path: String, _ tenant: Int) {
            guard self.fault != .noRooms else { return self.say(id, 200, #"{"items":[],"next":null,"seq":0}"#) }
            let isLast = path.contains("after=more")
            let room =
                #"{"id":"\#(tenant)-\#(isLast ? 2 : 1)","hk_status":"\#(isLast ? "dirty" : "inspected")","is_pseudo":false}"#
            self.say(id, 200, #"{"items":[\#(room)],"next":\#(isLast ? "null" : #""more""#),"seq":0}"#)
        }

        private func change(_ id: ConnectionID, _ head: String, _ tenant: Int) {
            let key = Self.field("Idempotency-Key", of: head) ?? ""
            let attempt = self.attempts.withLock { attempts in
                attempts[key, default: 0] += 1
                return attempts[key] ?? 0
            }
            if self.fault == .refusesCommands { return self.say(id, 403, "{}") }
            if self.fault == .busy, attempt == 1 { return self.say(id, 503, "{}") }
            if let seq = self.kept[key] { return self.say(id, 200, #"{"outcome":"duplicate","seq":\#(seq)}"#) }
            if self.fault == .hasOthers { self.tell(tenant, self.nextSeq(tenant), key: nil) }
            self.tell(tenant, self.nextSeq(tenant), key: key)
            if self.fault == .doubles { self.tell(tenant, self.nextSeq(tenant), key: key) }
            self.kept[key] = self.seqs[tenant]
            if self.fault == .hangsUpAfterCommands { return self.loop.drop(id) }
            self.say(id, 200, #"{"outcome":"applied","seq":\#(self.seqs[tenant])}"#)
        }

        private func nextSeq(_ tenant: Int) -> Int64 {
            self.seqs[tenant] += 1
            return self.seqs[tenant]
        }

        private func say(_ id: ConnectionID, _ status: Int, _ body: String, fields: String = "") {
            let text = "HTTP/1.1 \(status) X\r\n\(fields)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
            Array(text.utf8).withUnsafeBytes { _ = self.loop.send(id, $0) }
        }

        // MARK: Sockets

        private func welcome(_ id: ConnectionID, _ head: String) {
            let key = Array((Self.field("Sec-WebSocket-Key", of: head) ?? "").utf8)
            let accept = String(decoding: key.withUnsafeBytes { WebSocketHandshake.acceptKey(for: $0) }, as: UTF8.self)
            let text =
                "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: \(accept)\r\n\r\n"
            Array(text.utf8).withUnsafeBytes { _ = self.loop.send(id, $0) }
            self.inputs[id] = nil
            self.readers[id] = WebSocketReader(role: .server)
            self.frame(
                id,
                #"{"event":"pusher:connection_established","data":"{\"socket_id\":\"1.2\",\"activity_timeout\":120}"}"#)
        }

        private func readFrames(_ id: ConnectionID, _ bytes: UnsafeMutableRawBufferPointer) {
            var input = bytes
            while let event = try? self.readers[id]?.next(&input, limits: WebSocketLimits()) {
                switch event {
                case .text(let message): self.subscribe(id, JSONText(String(decoding: message, as: UTF8.self)))
                case .close:
                    var bytes: [UInt8] = []
                    WebSocketFrame.appendClose(.normal, to: &bytes)
                    bytes.withUnsafeBytes { _ = self.loop.send(id, $0) }
                default: break
                }
            }
        }

        private func subscribe(_ id: ConnectionID, _ message: JSONText) {
            guard message["event"]?.text == "pusher:subscribe", let channel = message["data"]?["channel"]?.text,
                let tenant = ScriptedHotel.tenants.firstIndex(of: channel)
            else { return }
            switch self.fault {
            case .noSubscription:
                self.frame(
                    id, #"{"event":"pusher:subscription_error","channel":"\#(channel)","data":"{\"status\":401}"}"#)
            case .closesAtSubscription:
                var bytes: [UInt8] = []
                WebSocketFrame.appendClose(WebSocketCloseCode(rawValue: 4009), to: &bytes)
                bytes.withUnsafeBytes { _ = self.loop.send(id, $0) }
            default:
                self.listeners[tenant].append(id)
                self.frame(
                    id, #"{"event":"pusher_internal:subscription_succeeded","channel":"\#(channel)","data":"{}"}"#)
            }
        }

        private func tell(_ tenant: Int, _ seq: Int64, key: String?) {
            let name = ScriptedHotel.tenants[tenant]
            let operation = key.map { #"\"\#($0)\""# } ?? "null"
            let event =
                #"{"event":"RoomStatusChanged","channel":"\#(name)","seq":\#(seq),"data":"{\"meta\":{\"op_id\":\#(operation)}}"}"#
            let audience = self.fault == .leaks ? self.listeners.flatMap { $0 } : self.listeners[tenant]
            for (place, id) in audience.enumerated() {
                switch self.fault {
                case .loses where place == 0 && seq % 3 == 0: break
                case .repeats:
                    self.frame(id, event)
                    self.frame(id, event)
                case .swaps where seq % 2 == 1: self.held[id] = event
                default:
                    self.frame(id, event)
                    if let before = self.held.removeValue(forKey: id) { self.frame(id, before) }
                }
            }
        }

        private func frame(_ id: ConnectionID, _ text: String) {
            var bytes: [UInt8] = []
            Array(text.utf8).withUnsafeBytes { WebSocketFrame.append(.text, $0, to: &bytes) }
            bytes.withUnsafeBytes { _ = self.loop.send(id, $0) }
        }

        func inputEnded(_ id: ConnectionID) { self.loop.finish(id) }
        func drained(_ id: ConnectionID) {}
        func deadlinePassed(_ id: ConnectionID) {}
        func closed(_ id: ConnectionID, _ reason: CloseReason) {
            (self.inputs[id], self.readers[id], self.held[id]) = (nil, nil, nil)
            for tenant in self.listeners.indices { self.listeners[tenant].removeAll { $0 == id } }
        }
        func turnEnded() {}
    }
}

/// A JSON text as a tree; nothing if it is none.
private struct JSONText {
    private let tree: JSONValue

    init(_ text: String) { self.tree = (try? JSONValue(parsing: Array(text.utf8))) ?? .null }

    subscript(name: String) -> JSONValue? { self.tree[name] }
}
