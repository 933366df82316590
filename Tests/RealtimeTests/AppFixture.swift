import Crypto
import Reactor
import Shared
import TestSupport
import Wire

@testable import Realtime

/// Nodes that serve external apps over one bus: a chatty app, whose clients may tell each other things and which may be reached
/// from one origin, and a plain one.
final class AppFixture: Sendable {
    let chatty = ExternalApp(
        AppFixture.credentials("chat:chat-key:a-secret-of-chat"), options: AppFixture.chattyOptions)
    let plain = ExternalApp(AppFixture.credentials("plain:plain-key:a-secret-of-plain"))
    let bus: any BusPublisher
    let metrics: AppMetrics
    let census: InProcessCensus
    /// What back ends would be told.
    let news = Locked<[String]>([])
    private let servers: [ClientServer]
    /// To ask each node what is connected.
    let boards: [ConnectionDoors]

    private static let chattyOptions = {
        var options = AppOptions()
        options.hasClientEvents = true
        options.origins = ["https://chat.example"]
        options.channelNameLength = 200
        options.hasWatchlists = true
        options.presenceMembers = 3
        return options
    }()

    private static func credentials(_ text: String) -> AppCredentials {
        guard let credentials = try? AppCredentials(setting: text) else { fatalError("wrong credentials") }
        return credentials
    }

    /// - Parameter subscriber: makes a node's ear on the bus, on its first loop.
    init(
        nodes: Int = 1, loops: Int = 1, linger: UInt64 = 50, bus: any BusPublisher,
        terms change: (inout PusherTerms) -> Void = { _ in },
        subscriber: @escaping @Sendable (EventLoop) -> any BusSubscriber
    ) throws {
        guard let address = SocketAddress("127.0.0.1", port: 0) else { fatalError("no loopback") }
        var terms = PusherTerms()
        change(&terms)
        let (metrics, apps, chosen) = (AppMetrics(in: MetricsRegistry()), [self.chatty, self.plain], terms)
        self.bus = bus
        self.metrics = metrics
        let directory = InProcessPresence(bus: bus)
        let census = InProcessCensus(bus: bus, presence: directory, cast: ExternalApps.countCast(for: apps))
        self.census = census
        let (memory, watching, news) = (
            InProcessMemory(bus: bus), PresenceWatchMetrics(in: MetricsRegistry()), self.news
        )
        census.whenCountsChange { changes in
            for change in changes where change.isOccupancy {
                news.withLock { $0.append("occupancy \(change.channel.scope) \(change.now)") }
            }
        }
        self.boards = (0..<nodes).map { _ in ConnectionDoors() }
        let boards = self.boards
        self.servers = try (0..<nodes).map { node in
            let board = boards[node]
            let shared = AppCommons(
                census: NodeCensus(census, node: node), memory: memory, directory: directory, presence: PresenceDoors(),
                connections: board,
                news: { piece, app in news.withLock { $0.append(Self.text(piece, app)) } })
            let service = ExternalApps(apps, doors: AppDoors(), shared: shared, terms: chosen, metrics: metrics)
            let server = try ClientServer(
                loops: loops, connectionLimit: 1000,
                clients: ClientServer.Port(address: address, service: Service(api: AppAPI(service, bus: bus))) { host in
                    host.add(AppEndpoint(host: host, service: service, bus: bus))
                }, metrics: NodeMetrics(in: MetricsRegistry(), loops: { [] }))
            server.loops[0].post { loop in
                let ear = subscriber(loop)
                loop.attach(Kept(ear))
                let ears = SharedEar(ear)
                loop.attach(ears)
                AppRelay(loop: loop, bus: ears.ear(), doors: service.doors, ids: ["chat", "plain"], linger: linger)
                PresenceDesk(
                    loop: loop, bus: ears.ear(), directory: directory, doors: shared.presence, metrics: watching)
                ConnectionDesk(loop: loop, bus: ears.ear(), publisher: bus, doors: board, node: "n\(node)")
            }
            return server
        }
    }

    private struct Service: HTTPService {
        let api: AppAPI

        func welcome(_ head: HTTPRequest, in context: HTTPContext) -> HTTPWelcome {
            self.api.serves(head) ? self.api.welcome(head) : .bodyUpTo(0)
        }

        func answer(_ request: HTTPRequest, in context: HTTPContext) -> HTTPAnswer {
            guard self.api.serves(request) else { return .upgrade(endpoint: 0) }
            return switch self.api.answer(request) {
            case .now(let response): .now(response)
            case .done: .now(AppErrand.empty)
            case .later(let errand): .later { reply in Task { reply.send(await errand.run()) } }
            }
        }
    }

    /// One census for several nodes, whose loops bear the same numbers.
    private final class NodeCensus: AppCensus {
        private let census: InProcessCensus
        private let node: Int

        init(_ census: InProcessCensus, node: Int) {
            self.census = census
            self.node = node
        }

        func note(_ counts: [AppChannel: Int], on loop: Int) { self.census.note(counts, on: loop + 100 * self.node) }

        func figures(_ question: AppQuestion) async throws(PresenceError) -> AppFigures {
            try await self.census.figures(question)
        }

        func whenCountsChange(_ body: @escaping @Sendable ([AppCountChange]) -> Void) {
            self.census.whenCountsChange(body)
        }
    }

    private static func text(_ news: AppNews, _ app: String) -> String {
        switch news {
        case .cacheMiss(let channel): "miss \(app):\(channel)"
        case .clientEvent(let event):
            "\(event.event) \(app):\(event.channel) \(String(decoding: event.data, as: UTF8.self)) \(event.user ?? "-")"
        case .occupancy(let channel), .subscriptionCount(let channel), .membership(let channel, _): "changed \(channel)"
        }
    }

    /// Nodes over a bus in this process.
    static func made(nodes: Int = 1, loops: Int = 1) throws -> AppFixture {
        let bus = InProcessBus()
        return try AppFixture(nodes: nodes, loops: loops, bus: bus) { bus.subscriber(on: $0) }
    }

    private final class Kept {
        let ear: any BusSubscriber
        init(_ ear: any BusSubscriber) { self.ear = ear }
    }

    func stop() { for server in self.servers { server.stop() } }

    /// Does something with the relay of a node and waits for it.
    func onRelay(_ node: Int = 0, _ body: @escaping @Sendable (AppRelay, any BusSubscriber) -> Void) {
        let done = Semaphore()
        self.servers[node].loops[0].post { loop in
            if let relay = loop.attachment(AppRelay.self), let kept = loop.attachment(Kept.self) {
                body(relay, kept.ear)
            }
            done.signal()
        }
        done.wait()
    }

    /// A client that has been told its socket id.
    func client(_ app: ExternalApp? = nil, node: Int = 0) throws -> AppClient {
        let client = self.stranger("/app/\((app ?? self.chatty).credentials.key)?protocol=7", app, node: node)
        _ = try client.next()
        return client
    }

    func stranger(_ path: String, _ app: ExternalApp? = nil, node: Int = 0, origin: String? = nil) -> AppClient {
        AppClient(
            SocketClient(port: self.servers[node].address?.port ?? 0, path: path, origin: origin), app ?? self.chatty)
    }

    /// A call as server SDKs make it: its status, and what it says.
    func call(
        _ body: String, to resource: String = "events", of app: ExternalApp? = nil, method: String = "POST",
        change: (inout [(name: String, value: String)]) -> Void = { _ in }
    ) -> (status: Int, text: String) {
        let credentials = (app ?? self.chatty).credentials
        let path = "/apps/\(credentials.id)/\(resource)"
        let call = PusherCall(method: method, rawPath: path, path: path, query: [], body: Array(body.utf8))
        var query = call.signed(by: PusherSigner(credentials), at: SystemClock.now)
        change(&query)
        let target = path + "?" + query.map { "\($0.name)=\($0.value)" }.joined(separator: "&")
        return self.ask("\(method) \(target)", body)
    }

    /// A question as server SDKs ask it.
    func get(_ resource: String, _ items: [(String, String)] = []) -> (status: Int, text: String) {
        let credentials = self.chatty.credentials
        let path = "/apps/\(credentials.id)/\(resource)"
        let call = PusherCall(
            method: "GET", rawPath: path, path: path, query: items.map { (name: $0.0, value: $0.1) }, body: [])
        let query = call.signed(by: PusherSigner(credentials), at: SystemClock.now)
        return self.ask("GET " + path + "?" + query.map { "\($0.name)=\($0.value)" }.joined(separator: "&"))
    }

    /// One request to the first node.
    func ask(_ line: String, _ body: String = "") -> (status: Int, text: String) {
        let socket = BlockingSocket(port: self.servers[0].address?.port ?? 0)
        let head = "\(line) HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
        socket.send(Array((head + body).utf8))
        let answer = String(decoding: socket.receiveToEnd() ?? [], as: UTF8.self)
        let parts = answer.split(separator: "\r\n\r\n", maxSplits: 1).map(String.init)
        return (Int(answer.dropFirst(9).prefix(3)) ?? 0, parts.count > 1 ? parts[1] : "")
    }
}

/// A Pusher client that turns what it hears into short words.
final class AppClient {
    let client: SocketClient
    let app: ExternalApp
    private(set) var socketID = ""
    /// What the last refusal said.
    private(set) var reason = ""

    init(_ client: SocketClient, _ app: ExternalApp) {
        self.client = client
        self.app = app
    }

    func send(_ text: String) { self.client.send(text) }

    /// Asks to be a member.
    func enter(_ channel: String, as user: String, info: String = "null") {
        self.enter(channel, data: #"{"user_id":"\#(user)","user_info":\#(info)}"#)
    }

    func enter(_ channel: String, data: String) {
        let quoted = String(decoding: JSONWriter.text { $0.string(data) }, as: UTF8.self)
        let auth = self.sign(channel, data)
        self.send(
            #"{"event":"pusher:subscribe","data":{"channel":"\#(channel)","auth":"\#(auth)","channel_data":\#(quoted)}}"#
        )
    }

    /// Asks to be a user.
    func signIn(_ data: String, auth: String? = nil) {
        guard let id = PusherSocketID(self.socketID) else { return }
        let quoted = String(decoding: JSONWriter.text { $0.string(data) }, as: UTF8.self)
        let signature = auth ?? PusherSigner(self.app.credentials).authentication(of: id, userData: data)
        self.send(#"{"event":"pusher:signin","data":{"auth":"\#(signature)","user_data":\#(quoted)}}"#)
    }

    func unsubscribe(_ channel: String) {
        self.send(#"{"event":"pusher:unsubscribe","data":{"channel":"\#(channel)"}}"#)
    }

    func sign(_ channel: String, _ data: String? = nil) -> String {
        guard let id = PusherSocketID(self.socketID), let name = PusherChannelName(channel, longest: 200) else {
            return ""
        }
        return PusherSigner(self.app.credentials).authorization(of: name, for: id, channelData: data)
    }

    func subscribe(_ channel: String, auth: String? = nil) {
        let signature = auth ?? (channel.hasPrefix("private-") ? self.sign(channel) : "")
        self.send(#"{"event":"pusher:subscribe","data":{"channel":"\#(channel)","auth":"\#(signature)"}}"#)
    }

    /// Subscribes and waits until it is in.
    func join(_ channels: String...) throws {
        for channel in channels {
            self.subscribe(channel)
            let word = try self.next()
            if word != "subscribed \(channel)" { throw Unexpected(word: word) }
        }
    }

    struct Unexpected: Error { let word: String }

    func whisper(_ name: String, _ channel: String, _ data: String) {
        self.send(#"{"event":"\#(name)","channel":"\#(channel)","data":\#(data)}"#)
    }

    func next() throws -> String {
        while true {
            switch try self.client.receive() {
            case .text(let text): return try self.word(text)
            case .ping(let payload): self.client.send(.pong, payload)
            case .pong, .binary: return "strange"
            case .close(let code): return "close \(code)"
            case .end: return "end"
            }
        }
    }

    func next(_ count: Int) throws -> [String] { try (0..<count).map { _ in try self.next() } }

    /// Everything up to the answer to a ping that is sent now, or to the end. No fence for what comes over other loops.
    func rest() throws -> [String] {
        self.send(#"{"event":"pusher:ping","data":""}"#)
        var heard: [String] = []
        while true {
            let word = try self.next()
            if word == "pong" { return heard }
            heard.append(word)
            if word == "end" || word.hasPrefix("close") { return heard }
        }
    }

    private func word(_ text: String) throws -> String {
        let frame = try JSONValue(parsing: Array(text.utf8))
        let (event, channel) = (frame["event"]?.text ?? "?", frame["channel"]?.text ?? "")
        // Events of apps may have any text as their data.
        let data = frame["data"].map { value in
            value.text.flatMap { try? JSONValue(parsing: Array($0.utf8)) } ?? value
        }
        switch event {
        case "pusher:connection_established":
            self.socketID = data?["socket_id"]?.text ?? ""
            return "established"
        case "pusher:pong": return "pong"
        case "pusher:error":
            self.reason = data?["message"]?.text ?? ""
            return "error \(data?["code"]?.integer.map { "\($0)" } ?? "null")"
        case "pusher:subscription_error":
            self.reason = data?["error"]?.text ?? ""
            return "refused \(channel) \(data?["type"]?.text ?? "") \(data?["status"]?.integer ?? 0)"
        case "pusher_internal:subscription_succeeded":
            guard let ids = data?["presence"]?["ids"] else { return "subscribed \(channel)" }
            guard case .array(let list) = ids else { return "strange" }
            return "subscribed \(channel) \(list.compactMap(\.text).joined(separator: ","))"
        case "pusher_internal:member_added": return "+\(data?["user_id"]?.text ?? "?") \(channel)"
        case "pusher_internal:member_removed": return "-\(data?["user_id"]?.text ?? "?") \(channel)"
        case "pusher:cache_miss": return "miss \(channel)"
        case "pusher:signin_success": return "signed in"
        case "pusher_internal:watchlist_events":
            guard case .array(let events) = data?["events"] else { return "strange" }
            return events.map { event in
                guard case .array(let ids) = event["user_ids"] else { return "?" }
                return "\(event["name"]?.text ?? "?") \(ids.compactMap(\.text).joined(separator: ","))"
            }.joined(separator: "; ")
        // As it came, so that nothing that was added or changed goes unseen.
        default: return text
        }
    }
}
