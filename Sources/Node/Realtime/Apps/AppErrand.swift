internal import Crypto
internal import Shared
package import Wire

/// What a call of an app's HTTP API has to wait for: run once, by whoever answers.
package final class AppErrand: Sendable {
    enum Question: Sendable {
        case channels(AppCall.Event)
        case batch([AppCall.Event])
        case occupied(prefix: String, AppInfo)
        case channel(String, AppInfo)
        case users(String)
    }

    /// Seconds for which the last event of a cache channel is kept (protocol, section 12).
    static let rememberedSeconds = 1_800

    private let app: ExternalApp
    private let service: ExternalApps
    /// To be told in this order.
    private let remembers: [RememberedEvent]
    private let question: Question?

    init(_ app: ExternalApp, _ service: ExternalApps, remembers: [RememberedEvent] = [], question: Question?) {
        self.app = app
        self.service = service
        self.remembers = remembers
        self.question = question
    }

    private var shared: AppCommons { self.service.shared }

    package func run() async -> HTTPResponse {
        do throws(PresenceError) {
            for event in self.remembers { try await self.shared.memory.publish(event) }
            guard let question = self.question else { return Self.empty }
            switch question {
            case .channels(let event): return try await self.figures(of: event)
            case .batch(let events): return try await self.figures(ofBatch: events)
            case .occupied: return try await self.occupied()
            case .channel: return try await self.channel()
            case .users(let name): return try await self.users(of: name)
            }
        } catch {
            var response = HTTPResponse(
                status: .serviceUnavailable, contentType: "text/plain; charset=utf-8",
                body: Array("What the nodes know together cannot be reached at the moment\n".utf8))
            response.setField("Retry-After", "1")
            return response
        }
    }

    package static let empty = HTTPResponse(status: .ok, contentType: "application/json", body: Array("{}".utf8))

    private static func json(_ body: (inout JSONWriter) -> Void) -> HTTPResponse {
        HTTPResponse(
            status: .ok, contentType: "application/json", body: JSONWriter.text { writer in writer.object(body) })
    }

    // MARK: Behind what was published

    private func figures(of event: AppCall.Event) async throws(PresenceError) -> HTTPResponse {
        let figures = try await self.ask(.channels(event.channels))
        let info = event.info
        return Self.json { writer in
            writer.name("channels")
            writer.object { channels in
                for name in event.channels {
                    channels.name(text: name)
                    channels.figure(figures.channels[name], of: name, info)
                }
            }
        }
    }

    private func figures(ofBatch events: [AppCall.Event]) async throws(PresenceError) -> HTTPResponse {
        let figures = try await self.ask(.channels(events.flatMap(\.channels)))
        return Self.json { writer in
            writer.name("batch")
            writer.array { batch in
                for event in events {
                    let name = event.channels.first ?? ""
                    batch.figure(figures.channels[name], of: name, event.info)
                }
            }
        }
    }

    private func ask(_ scope: AppQuestion.Scope) async throws(PresenceError) -> AppFigures {
        try await self.shared.census.figures(AppQuestion(app: self.app.credentials.id, scope, countsUsers: true))
    }

    // MARK: Channels

    private func occupied() async throws(PresenceError) -> HTTPResponse {
        guard case .occupied(let prefix, let info) = self.question else { return Self.empty }
        let figures = try await self.ask(.occupied(prefix: prefix))
        return Self.json { writer in
            writer.name("channels")
            writer.object { channels in
                for (name, figure) in figures.channels.sorted(by: { $0.key < $1.key }) where !name.hasPrefix("#") {
                    channels.name(text: name)
                    channels.figure(figure, of: name, info)
                }
            }
        }
    }

    private func channel() async throws(PresenceError) -> HTTPResponse {
        guard case .channel(let name, let info) = self.question else { return Self.empty }
        let figure = try await self.ask(.channels([name])).channels[name]
        var remembered: RememberedEvent?
        if info.cache {
            remembered = try await self.shared.memory.last(
                of: AppChannel(app: self.app.credentials.id, name: name))
        }
        let event = remembered
        return Self.json { writer in
            writer.name("occupied")
            writer.bool((figure?.subscriptions ?? 0) > 0)
            writer.counts(figure, of: name, info)
            guard info.cache else { return }
            writer.name("cache")
            writer.remembered(event)
        }
    }

    private func users(of name: String) async throws(PresenceError) -> HTTPResponse {
        let users = try await self.shared.directory.members(
            of: AppChannel(app: self.app.credentials.id, name: name)
        ).members.keys.sorted()
        return Self.json { writer in
            writer.name("users")
            writer.array { list in
                for id in users {
                    list.object { user in
                        user.name("id")
                        user.string(id)
                    }
                }
            }
        }
    }
}

extension JSONWriter {
    /// What was asked for of a channel, as an object.
    fileprivate mutating func figure(_ figure: AppFigure?, of name: String, _ info: AppInfo?) {
        self.object { writer in if let info { writer.counts(figure, of: name, info) } }
    }

    /// The numbers that were asked for, and that such a channel has.
    fileprivate mutating func counts(_ figure: AppFigure?, of name: String, _ info: AppInfo) {
        if info.users, name.hasPrefix("presence-") {
            self.name("user_count")
            self.int(figure?.users ?? 0)
        }
        if info.subscriptions {
            self.name("subscription_count")
            self.int(figure?.subscriptions ?? 0)
        }
    }

    /// The last event of a cache channel.
    fileprivate mutating func remembered(_ event: RememberedEvent?) {
        guard let event, let data = Self.data(of: AppCast.message(in: event.cast)) else { return self.null() }
        self.object { writer in
            writer.name("data")
            writer.string(data)
            writer.name("ttl")
            writer.int(event.seconds)
        }
    }

    private static func data(of message: [UInt8]) -> String? {
        message.withUnsafeBytes { bytes in
            guard let reader = try? JSONReader(bytes, limits: JSONLimits(bytes: bytes.count, depth: 64)) else {
                return nil
            }
            return reader["data"].flatMap { reader.text(of: $0) }
        }
    }
}
