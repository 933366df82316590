internal import Crypto
package import Reactor
package import Shared
package import Wire

/// The Pusher protocol on one loop for external apps: `WS /app/{key}`.
///
/// Confined to the loop's thread. What always holds:
/// - A socket hears a private channel only if the app's back end has signed that for this socket and this channel.
/// - A socket belongs to the app of its key; no name of one app means anything in another.
/// - Whatever a client sends, it is answered, limited or closed; of what it sends only its channels' names are kept.
///
/// Presence channels, cache channels and sign-in are not served yet: who asks is told so.
package final class AppEndpoint: WebSocketEndpoint, AppHallListener {
    private struct Seat: SocketSeat {
        let id: ConnectionID
        let number: UInt64
        let app: Int
        var credit: MessageCredit
        /// What it may tell others.
        var eventCredit: MessageCredit
        /// Those that it hears or will hear.
        var channels: [String] = []
        var isEnding = false
    }

    package let terms: WebSocketTerms
    private unowned let host: SessionHost
    private let service: ExternalApps
    private let bus: any BusPublisher
    private let hall: AppHall
    private var seats = SocketSeats<Seat>()
    private var greeting = PusherGreeting()
    private let pong = PusherMessage.pong

    /// Client events that a socket may send in a second (protocol, section 5).
    private static let eventsPerSecond: Int32 = 10
    private static let longestEventName = 200

    /// Serves the host's sockets; to be added to it, and called on its loop only.
    package init(host: SessionHost, service: ExternalApps, bus: any BusPublisher) {
        self.host = host
        self.service = service
        self.bus = bus
        self.terms = service.terms.webSocket
        self.hall = AppHall(host: host, doors: service.doors, unreadable: service.metrics.unreadable)
        self.hall.listener = self
    }

    private var second: UInt32 { UInt32(truncatingIfNeeded: self.host.loop.now / 1000) }
    private var metrics: AppMetrics { self.service.metrics }

    // MARK: WebSocketEndpoint

    package func opened(_ id: ConnectionID, request: HTTPRequest) {
        guard let app = self.service.index(ofKey: PusherGreeting.key(of: request)) else {
            return self.refuse(id, .noSuchApp, "No app has this key")
        }
        if let (code, text) = PusherGreeting.refusal(of: request) { return self.refuse(id, code, text) }
        if let origins = self.service.apps[app].origins, let origin = request.value(.origin),
            !(HTTPOrigin(origin).map { origins.contains($0) } ?? false)
        {
            return self.refuse(id, .unauthorised, "Pages of this origin may not connect")
        }
        let seat = Seat(
            id: id, number: self.greeting.socketNumber(), app: app,
            credit: MessageCredit(self.service.terms.messageBurst, at: self.second),
            eventCredit: MessageCredit(Self.eventsPerSecond, at: self.second))
        self.seats.add(seat)
        self.say(
            PusherMessage.connectionEstablished(
                socketID: seat.socketID, activityTimeout: Int(self.service.terms.activitySeconds)), to: id)
    }

    private func refuse(_ id: ConnectionID, _ code: WebSocketCloseCode, _ text: String) {
        self.metrics.refusedSockets.increment()
        self.say(PusherMessage.error(code: Int(code.rawValue), text), to: id)
        self.host.closeSocket(id, code)
    }

    package func received(_ id: ConnectionID, _ payload: UnsafeRawBufferPointer, isText: Bool) {
        guard let seat = self.seats[id], !seat.isEnding else { return }
        let terms = self.service.terms
        var credit = seat.credit
        let isGood = credit.take(at: self.second, perSecond: terms.messagesPerSecond, burst: terms.messageBurst)
        self.seats.change(id) { $0.credit = credit }
        if !isGood {
            self.metrics.excess.increment()
            if credit.left < -terms.messageBurst { return self.end(id, .overCapacity, "Too many messages") }
        }
        let command: PusherCommand
        do throws(PusherSyntaxError) {
            command = try PusherCommand(payload)
        } catch {
            self.metrics.malformed.increment()
            return self.say(PusherMessage.error(code: nil, error.message), to: id)
        }
        switch command {
        case .ping: self.say(self.pong, to: id)
        case .pong: break
        case .unsubscribe(let channel): self.unsubscribe(seat, channel)
        case _ where !isGood: self.refuseExcess(command, id)
        case .subscribe(let wish): self.subscribe(seat, wish)
        case .signIn: self.say(PusherMessage.error(code: nil, "Signing in is not possible here yet"), to: id)
        case .clientEvent(let event): self.tell(event, by: seat)
        case .foreign: self.say(PusherMessage.error(code: nil, "Clients may not publish events"), to: id)
        }
    }

    private func refuseExcess(_ command: PusherCommand, _ id: ConnectionID) {
        if case .subscribe(let wish) = command {
            self.refuse(id, wish.channel, "LimitReached", "Too many messages", status: 4301)
        } else {
            self.say(PusherMessage.error(code: 4301, "Too many messages"), to: id)
        }
    }

    package func closed(_ id: ConnectionID) {
        self.leaveAll(id)
        self.seats.remove(id)
    }

    package func turnEnded() { self.hall.turnEnded() }

    // MARK: Subscribing

    private func subscribe(_ seat: Seat, _ wish: PusherCommand.Subscription) {
        let (id, app) = (seat.id, self.service.apps[seat.app])
        guard let name = PusherChannelName(wish.channel, longest: app.options.channelNameLength) else {
            return self.refuse(id, wish.channel, "InvalidChannel", "This is no name of a channel", status: 4009)
        }
        guard !name.isPresence, !name.isCached else {
            return self.refuse(
                id, wish.channel, "InvalidChannel", "Channels of this kind are not served here yet", status: 4009)
        }
        if name.needsAuthorization {
            guard let auth = wish.auth, let socket = PusherSocketID(seat.socketID),
                app.signer.isValid(auth, of: name, for: socket, channelData: wish.channelData)
            else {
                return self.refuse(
                    id, wish.channel, "AuthError", "The signature is not for this channel and connection", status: 401)
            }
        }
        // A second wish for the same is answered again (protocol, section 4).
        if seat.channels.contains(wish.channel) { return self.joined(id, wish.channel) }
        guard seat.channels.count < self.service.terms.mostSubscriptions else {
            return self.refuse(id, wish.channel, "LimitReached", "This connection has too many channels", status: 4301)
        }
        self.metrics.subscriptions.increment()
        self.seats.change(id) { $0.channels.append(wish.channel) }
        self.hall.join(id, wish.channel, of: seat.app)
    }

    private func unsubscribe(_ seat: Seat, _ channel: String) {
        guard let place = seat.channels.firstIndex(of: channel) else { return }
        self.seats.change(seat.id) { _ = $0.channels.remove(at: place) }
        self.hall.leave(seat.id, channel, of: seat.app)
    }

    private func leaveAll(_ id: ConnectionID) {
        guard let seat = self.seats[id] else { return }
        self.seats.change(id) { $0.channels = [] }
        for channel in seat.channels { self.hall.leave(id, channel, of: seat.app) }
    }

    private func refuse(_ id: ConnectionID, _ channel: String, _ type: String, _ text: String, status: Int) {
        self.metrics.refusedSubscriptions.increment()
        self.say(PusherMessage.subscriptionError(channel: channel, type: type, text, status: status), to: id)
    }

    // MARK: AppHallListener

    func joined(_ id: ConnectionID, _ channel: String) {
        self.say(PusherMessage.subscriptionSucceeded(channel: channel), to: id)
    }

    func number(of id: ConnectionID) -> UInt64 { self.seats[id]?.number ?? 0 }

    // MARK: Client events

    /// Tells all others in the channel, wherever in the cluster they are (protocol, section 5).
    private func tell(_ event: PusherCommand.ClientEvent, by seat: Seat) {
        if let refusal = self.refusal(of: event, by: seat) {
            return self.say(PusherMessage.error(code: 4301, refusal), to: seat.id)
        }
        var credit = seat.eventCredit
        let isGood = credit.take(at: self.second, perSecond: Self.eventsPerSecond, burst: Self.eventsPerSecond)
        // What is refused is not counted: a flood must not silence its sender beyond its end.
        guard isGood else {
            return self.say(PusherMessage.error(code: 4301, "Too many client events"), to: seat.id)
        }
        self.seats.change(seat.id) { $0.eventCredit = credit }
        self.metrics.clientEvents.increment()
        let name = JSONWriter.text { $0.string(event.name) }
        let cast = name.withUnsafeBytes { name in
            (event.data ?? Array("null".utf8)).withUnsafeBytes { data in
                AppCast.bytes(event.channel, event: name, data: data, except: seat.number)
            }
        }
        let app = self.service.apps[seat.app].credentials.id
        self.bus.publish(cast, on: AppChannel(app: app, name: event.channel).casts)
    }

    private func refusal(of event: PusherCommand.ClientEvent, by seat: Seat) -> String? {
        if !self.service.apps[seat.app].options.hasClientEvents { return "This app has no client events" }
        if event.name.utf8.count > Self.longestEventName { return "The event's name is too long" }
        if event.data?.count ?? 0 > AppCall.longestData { return "The event's data is too long" }
        guard seat.channels.contains(event.channel), PusherChannelName.needsAuthorization(event.channel) else {
            return "Client events are for private channels that were subscribed to"
        }
        return nil
    }

    // MARK: Saying

    private func say(_ message: [UInt8], to id: ConnectionID) {
        message.withUnsafeBytes { self.host.send($0, to: id, isText: true) }
    }

    /// Ends a socket: clients that act on errors and clients that act on close codes are told the same.
    private func end(_ id: ConnectionID, _ code: WebSocketCloseCode, _ text: String) {
        self.leaveAll(id)
        self.seats.change(id) { $0.isEnding = true }
        self.say(PusherMessage.error(code: Int(code.rawValue), text), to: id)
        self.host.closeSocket(id, code)
    }
}
