internal import Crypto
package import Shared
package import Wire

/// The HTTP API of external apps: how their back ends publish and ask (protocol, section 10).
///
/// What always holds: nothing is told of a call whose signature is not its app's, or that has any fault; what is answered with 200
/// has been handed to the bus.
package struct AppAPI: Sendable {
    /// What becomes of a call.
    package enum Answer: Sendable {
        /// Nothing has to be waited for.
        case now(HTTPResponse)
        /// It is done, and nothing was asked.
        case done
        case later(AppErrand)
    }

    private static let root = "/apps/"
    /// pusher-http-python 3.3.4 leaves the app out of this one (protocol, section 10).
    private static let bareRoot = "/users/"
    /// Ten events of 10 KB whose every character is escaped, and room for their names.
    private static let longestBody = 1 << 20

    private let service: ExternalApps
    private let bus: any BusPublisher
    private let clock: @Sendable () -> Timestamp

    package init(
        _ service: ExternalApps, bus: any BusPublisher, clock: @escaping @Sendable () -> Timestamp = { SystemClock.now }
    ) {
        self.service = service
        self.bus = bus
        self.clock = clock
    }

    package func serves(_ request: HTTPRequest) -> Bool {
        let path = request.path
        return path.hasPrefix(Self.root) || Self.isBare(path)
    }

    private static func isBare(_ path: String) -> Bool {
        path.hasPrefix(self.bareRoot) && path.hasSuffix("/terminate_connections")
    }

    /// Looks who calls before the body is read: strangers send none.
    package func welcome(_ head: HTTPRequest) -> HTTPWelcome {
        guard let (app, _) = self.target(of: head) else {
            return .refused(self.refuse(.notFound, "There is no such app"))
        }
        guard head.queryValue("auth_key") == app.credentials.key else {
            return .refused(self.refuse(.unauthorized, PusherCall.Fault.key.rawValue))
        }
        return .bodyUpTo(Self.longestBody)
    }

    package func answer(_ request: HTTPRequest) -> Answer {
        guard let (app, resource) = self.target(of: request) else {
            return .now(self.refuse(.notFound, "There is no such app"))
        }
        let call = PusherCall(
            method: request.methodName, rawPath: request.rawPath, path: request.path, query: request.queryItems,
            body: request.body)
        do throws(PusherCall.Fault) {
            try call.verify(with: app.signer, now: self.clock())
        } catch {
            return .now(self.refuse(.unauthorized, error.rawValue))
        }
        guard app.options.isEnabled else { return .now(self.refuse(.forbidden, "This app is disabled")) }
        do throws(AppCall.Fault) {
            return try self.serve(request, resource, app)
        } catch {
            switch error {
            case .malformed(let text): return .now(self.refuse(.badRequest, text))
            case .tooLarge:
                return .now(self.refuse(.contentTooLarge, "data is longer than \(AppCall.longestData) bytes"))
            }
        }
    }

    /// The app of a path, and what is asked for in it.
    private func target(of request: HTTPRequest) -> (app: ExternalApp, resource: String)? {
        let path = request.path
        if Self.isBare(path) {
            guard let index = request.queryValue("auth_key").flatMap({ self.service.index(ofKey: $0) }) else {
                return nil
            }
            return (self.service.apps[index], String(path.dropFirst()))
        }
        let rest = path.utf8.dropFirst(Self.root.utf8.count)
        guard let slash = rest.firstIndex(of: UInt8(ascii: "/")),
            let index = self.service.index(ofID: path[rest.startIndex..<slash])
        else { return nil }
        return (self.service.apps[index], String(path[path.utf8.index(after: slash)...]))
    }

    private func serve(
        _ request: HTTPRequest, _ resource: String, _ app: ExternalApp
    ) throws(AppCall.Fault) -> Answer {
        let parts = resource.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        switch (parts.count, parts[0], parts.last) {
        case (1, "events", _), (1, "batch_events", _):
            guard request.method == .post else { return self.allow("POST", "Events are posted") }
            return try self.publish(request.body, isBatch: resource == "batch_events", app)
        case (1, "channels", _), (2, "channels", _), (3, "channels", "users"):
            guard request.method == .get else { return self.allow("GET", "Channels are asked for with GET") }
            return try self.ask(request, parts, app)
        case (3, "users", "terminate_connections"):
            guard request.method == .post else { return self.allow("POST", "Connections are ended with POST") }
            guard (1...512).contains(parts[1].utf8.count) else {
                throw .malformed("this is no user's id")
            }
            self.bus.publish(AppOrder.terminate(user: parts[1]).bytes, on: AppOrder.channel(of: app.credentials.id))
            return .done
        default: return .now(self.refuse(.notFound, "There is no such call"))
        }
    }

    private func publish(_ body: [UInt8], isBatch: Bool, _ app: ExternalApp) throws(AppCall.Fault) -> Answer {
        let longest = app.options.channelNameLength
        let events =
            isBatch
            ? try AppCall.batch(body, longestChannel: longest) : [try AppCall.event(body, longestChannel: longest)]
        let remembers = events.flatMap { self.tell($0, of: app) }
        self.service.metrics.published.add(UInt64(events.reduce(0) { $0 + $1.channels.count }))
        var question: AppErrand.Question?
        if events.contains(where: { $0.info != nil }) { question = isBatch ? .batch(events) : .channels(events[0]) }
        // What nobody has to be asked for is told already.
        guard !remembers.isEmpty || question != nil else { return .done }
        return .later(AppErrand(app, self.service, remembers: remembers, question: question))
    }

    /// Tells an event to its channels.
    ///
    /// - Returns: what cache channels remember, which is told in its turn.
    private func tell(_ event: AppCall.Event, of app: ExternalApp) -> [RememberedEvent] {
        var remembers: [RememberedEvent] = []
        event.name.withUnsafeBytes { name in
            event.data.withUnsafeBytes { data in
                for channel in event.channels {
                    let cast = AppCast.bytes(channel, event: name, data: data, except: event.except)
                    if PusherChannelName.isCached(channel) {
                        let target = AppChannel(app: app.credentials.id, name: channel)
                        remembers.append(RememberedEvent(target, cast: cast, seconds: AppErrand.rememberedSeconds))
                    } else {
                        self.bus.publish(cast, on: app.casts(of: channel))
                    }
                }
            }
        }
        return remembers
    }

    private func ask(_ request: HTTPRequest, _ parts: [String], _ app: ExternalApp) throws(AppCall.Fault) -> Answer {
        func later(_ question: AppErrand.Question) -> Answer {
            .later(AppErrand(app, self.service, question: question))
        }
        let info = try AppInfo(request.queryValue("info"))
        if parts.count == 1 {
            let prefix = request.queryValue("filter_by_prefix") ?? ""
            guard !info.users || prefix.hasPrefix("presence-") else {
                throw .malformed("user_count needs filter_by_prefix to begin with presence-")
            }
            return later(.occupied(prefix: prefix, info))
        }
        let name = parts[1]
        let isUsers = name.hasPrefix("#") && PusherChannelName.user(ofChannel: name) != nil
        guard isUsers || PusherChannelName(name, longest: app.options.channelNameLength) != nil else {
            throw .malformed("this is no name of a channel")
        }
        let isPresence = name.hasPrefix("presence-")
        if parts.count == 3 {
            guard isPresence else { throw .malformed("only presence channels have users") }
            return later(.users(name))
        }
        guard !info.users || isPresence else { throw .malformed("only presence channels have a user_count") }
        return later(.channel(name, info))
    }

    private func allow(_ method: String, _ text: String) -> Answer {
        var response = self.refuse(.methodNotAllowed, text)
        response.setField("Allow", method)
        return .now(response)
    }

    private func refuse(_ status: HTTPStatus, _ text: String) -> HTTPResponse {
        self.service.metrics.refusedCalls.increment()
        return HTTPResponse(status: status, contentType: "text/plain; charset=utf-8", body: Array("\(text)\n".utf8))
    }
}
