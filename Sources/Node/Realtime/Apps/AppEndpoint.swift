internal import Crypto
package import Reactor
package import Shared
package import Wire

/// The Pusher protocol on one loop for external apps: `WS /app/{key}`.
///
/// Confined to the loop's thread. What always holds:
/// - A socket hears a private channel only if the app's back end has signed that for this socket and this channel; it is a member of
///   a presence channel only as whom the back end has signed.
/// - A socket belongs to the app of its key; no name of one app means anything in another.
/// - No event of a channel reaches a socket before it was told that it has subscribed.
/// - Whatever a client sends, it is answered, limited or closed; of what it sends only its channels' names are kept, and who it is.
package final class AppEndpoint: WebSocketEndpoint {
    package let terms: WebSocketTerms
    unowned let host: SessionHost
    let service: ExternalApps
    let bus: any BusPublisher
    let hall: AppHall
    let presence: PresenceHall
    let connections: ConnectionHall
    var seats = SocketSeats<AppSeat>()
    /// Subscriptions on their way, by their tickets.
    var wishes: [UInt64: AppWish] = [:]
    /// Which of them waits for what the presence hall was asked.
    var entering: [UInt64: UInt64] = [:]
    var lastTicket: UInt64 = 0
    /// Sockets that sign in, with what they said, by what the presence hall was asked.
    var signingIn: [UInt64: (id: ConnectionID, userData: String)] = [:]
    /// Sockets that wait to be told who of those they watch is there, by what the presence hall was asked.
    var asking: [UInt64: ConnectionID] = [:]
    /// Sockets that have been told, by whom they watch.
    var watchers: [AppChannel: SubscriberSet] = [:]
    private var greeting = PusherGreeting()
    private let pong = PusherMessage.pong

    /// Serves the host's sockets; to be added to it, and called on its loop only.
    package init(host: SessionHost, service: ExternalApps, bus: any BusPublisher) {
        self.host = host
        self.service = service
        self.bus = bus
        self.terms = service.terms.webSocket
        self.hall = AppHall(host: host, service: service)
        self.presence = PresenceHall.on(host.loop, doors: service.shared.presence)
        self.connections = ConnectionHall.on(host.loop, doors: service.shared.connections)
        self.hall.listener = self
        host.loop.attach(self)
        for app in service.apps { self.presence.add(self, for: app.credentials.id) }
        self.connections.add(self)
    }

    private var second: UInt32 { UInt32(truncatingIfNeeded: self.host.loop.now / 1000) }
    var metrics: AppMetrics { self.service.metrics }

    func app(of seat: AppSeat) -> ExternalApp { self.service.apps[seat.app] }

    // MARK: WebSocketEndpoint

    package func opened(_ id: ConnectionID, request: HTTPRequest) {
        guard let place = self.service.index(ofKey: PusherGreeting.key(of: request)) else {
            return self.refuse(id, .noSuchApp, "No app has this key")
        }
        let app = self.service.apps[place]
        if let (code, text) = self.refusal(of: request, by: app) { return self.refuse(id, code, text) }
        let seat = AppSeat(
            id: id, number: self.greeting.socketNumber(), app: place,
            credit: MessageCredit(self.service.terms.messageBurst, at: self.second),
            eventCredit: MessageCredit(Int32(app.options.clientEventsPerSecond), at: self.second))
        self.seats.add(seat)
        self.say(
            PusherMessage.connectionEstablished(
                socketID: seat.socketID, activityTimeout: Int(self.service.terms.activitySeconds)), to: id)
        if let seconds = app.options.authorizedSeconds {
            self.host.loop.schedule(after: UInt64(seconds) * 1000) { [weak self] in self?.expectAuthorized(id) }
        }
    }

    /// Why a socket may not be; one that may be is counted.
    private func refusal(of request: HTTPRequest, by app: ExternalApp) -> (WebSocketCloseCode, String)? {
        if let refusal = PusherGreeting.refusal(of: request) { return refusal }
        if !app.options.isEnabled { return (.appDisabled, "This app is disabled") }
        if let origins = app.origins, let origin = request.value(.origin),
            !(HTTPOrigin(origin).map { origins.contains($0) } ?? false)
        {
            return (.unauthorised, "Pages of this origin may not connect")
        }
        let most = app.options.mostConnections
        let isWithin = app.sockets.withLock { count in
            guard most == 0 || count < most else { return false }
            count += 1
            return true
        }
        return isWithin ? nil : (.overConnectionQuota, "This app has as many connections as it may")
    }

    private func refuse(_ id: ConnectionID, _ code: WebSocketCloseCode, _ text: String) {
        self.metrics.refusedSockets.increment()
        self.say(PusherMessage.error(code: Int(code.rawValue), text), to: id)
        self.host.closeSocket(id, code)
    }

    private func expectAuthorized(_ id: ConnectionID) {
        guard let seat = self.seats[id], !seat.isAuthorized else { return }
        self.end(id, .unauthorised, "This connection has shown no authorisation in time")
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
        case .signIn(let auth, let userData): self.signIn(seat, auth, userData)
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
        guard let seat = self.seats[id] else { return }
        if !seat.isEnding { self.note(seat, 0, "The client or the network ended it") }
        self.leaveAll(id)
        self.app(of: seat).sockets.withLock { $0 -= 1 }
        self.seats.remove(id)
    }

    /// Some clients act on close codes, and some on errors only.
    package func leaving(_ id: ConnectionID) {
        guard let seat = self.seats[id], !seat.isEnding else { return }
        self.say(PusherMessage.leaving, to: id)
    }

    package func turnEnded() { self.hall.turnEnded() }

    // MARK: Client events

    /// Tells all others in the channel, wherever in the cluster they are (protocol, section 5).
    private func tell(_ event: PusherCommand.ClientEvent, by seat: AppSeat) {
        if let refusal = self.refusal(of: event, by: seat) {
            return self.say(PusherMessage.error(code: 4301, refusal), to: seat.id)
        }
        let (app, rate) = (self.app(of: seat), Int32(self.app(of: seat).options.clientEventsPerSecond))
        var credit = seat.eventCredit
        // What is refused is not counted: a flood must not silence its sender beyond its end.
        guard credit.take(at: self.second, perSecond: rate, burst: rate) else {
            return self.say(PusherMessage.error(code: 4301, "Too many client events"), to: seat.id)
        }
        self.seats.change(seat.id) { $0.eventCredit = credit }
        self.metrics.clientEvents.increment()
        let user = seat.subscription(to: event.channel)?.member?.id
        self.bus.publish(
            AppCast.bytes(of: event, by: seat.number, user: user),
            on: app.casts(of: event.channel))
        let news = AppClientEvent(
            channel: event.channel, event: event.name, data: event.data ?? Array("null".utf8), socketID: seat.socketID,
            user: user)
        self.service.shared.news(.clientEvent(news), app.credentials.id)
    }

    private static let longestEventName = 200

    private func refusal(of event: PusherCommand.ClientEvent, by seat: AppSeat) -> String? {
        if !self.app(of: seat).options.hasClientEvents { return "This app has no client events" }
        if event.name.unicodeScalars.count > Self.longestEventName { return "The event's name is too long" }
        if event.data?.count ?? 0 > AppCall.longestData { return "The event's data is too long" }
        guard PusherChannelName.needsAuthorization(event.channel),
            seat.subscription(to: event.channel)?.isHeard == true
        else { return "Client events are for private channels that were subscribed to" }
        return nil
    }

    // MARK: Saying

    func say(_ message: [UInt8], to id: ConnectionID) {
        message.withUnsafeBytes { self.host.send($0, to: id, isText: true) }
    }

    /// Ends a socket: clients that act on errors and clients that act on close codes are told the same.
    func end(_ id: ConnectionID, _ code: WebSocketCloseCode, _ text: String) {
        guard let seat = self.seats[id], !seat.isEnding else { return }
        self.leaveAll(id)
        self.seats.change(id) { $0.isEnding = true }
        self.note(seat, Int(code.rawValue), text)
        self.say(PusherMessage.error(code: Int(code.rawValue), text), to: id)
        self.host.closeSocket(id, code)
    }

    private func note(_ seat: AppSeat, _ code: Int, _ reason: String) {
        self.connections.ended(
            Disconnect(
                time: SystemClock.now, app: self.app(of: seat).credentials.id, code: code, reason: reason, tenant: nil))
    }
}

extension AppEndpoint: ConnectionSource {
    /// External apps are no tenant's.
    func count(into connections: inout Connections, of tenant: TenantID?) {
        guard tenant == nil else { return }
        for seat in self.seats.places {
            guard let seat else { continue }
            connections.sockets[self.app(of: seat).credentials.id, default: 0] += 1
        }
        self.hall.count(into: &connections)
    }
}
