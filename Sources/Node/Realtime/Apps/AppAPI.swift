internal import Crypto
package import Shared
package import Wire

/// The HTTP API of external apps: how their back ends publish (protocol, section 10). Answered on the loop: nothing is waited for.
///
/// What always holds: nothing is told of a call whose signature is not its app's, or that has any fault; what is answered with 200
/// has been handed to the bus.
package struct AppAPI: Sendable {
    private static let root = "/apps/"
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

    package func serves(_ request: HTTPRequest) -> Bool { request.path.hasPrefix(Self.root) }

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

    package func answer(_ request: HTTPRequest) -> HTTPResponse {
        guard let (app, resource) = self.target(of: request) else {
            return self.refuse(.notFound, "There is no such app")
        }
        let call = PusherCall(
            method: request.methodName, rawPath: request.rawPath, path: request.path, query: request.queryItems,
            body: request.body)
        do throws(PusherCall.Fault) {
            try call.verify(with: app.signer, now: self.clock())
        } catch {
            return self.refuse(.unauthorized, error.rawValue)
        }
        switch resource {
        case "events", "batch_events":
            guard request.method == .post else {
                var response = self.refuse(.methodNotAllowed, "Events are posted")
                response.setField("Allow", "POST")
                return response
            }
            return self.publish(request.body, isBatch: resource == "batch_events", app)
        default: return self.refuse(.notFound, "This call is not served here yet")
        }
    }

    /// The app of a path, and what is asked for in it.
    private func target(of request: HTTPRequest) -> (app: ExternalApp, resource: String)? {
        let parts = request.path.dropFirst(Self.root.count).split(
            separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let index = self.service.index(ofID: parts[0]) else { return nil }
        return (self.service.apps[index], String(parts[1]))
    }

    private func publish(_ body: [UInt8], isBatch: Bool, _ app: ExternalApp) -> HTTPResponse {
        let events: [AppCall.Event]
        let longest = app.options.channelNameLength
        do throws(AppCall.Fault) {
            events =
                isBatch
                ? try AppCall.batch(body, longestChannel: longest) : [try AppCall.event(body, longestChannel: longest)]
        } catch {
            switch error {
            case .malformed(let text): return self.refuse(.badRequest, text)
            case .tooLarge:
                return self.refuse(.contentTooLarge, "data is longer than \(AppCall.longestData) bytes")
            }
        }
        for event in events { self.tell(event, of: app) }
        return HTTPResponse(status: .ok, contentType: "application/json", body: Array("{}".utf8))
    }

    private func tell(_ event: AppCall.Event, of app: ExternalApp) {
        event.name.withUnsafeBytes { name in
            event.data.withUnsafeBytes { data in
                for channel in event.channels {
                    let cast = AppCast.bytes(channel, event: name, data: data, except: event.except)
                    self.bus.publish(cast, on: AppChannel(app: app.credentials.id, name: channel).casts)
                    self.service.metrics.published.increment()
                }
            }
        }
    }

    private func refuse(_ status: HTTPStatus, _ text: String) -> HTTPResponse {
        self.service.metrics.refusedCalls.increment()
        return HTTPResponse(status: status, contentType: "text/plain; charset=utf-8", body: Array("\(text)\n".utf8))
    }
}
