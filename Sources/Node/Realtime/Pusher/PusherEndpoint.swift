internal import Crypto
package import Hotel
package import Reactor
package import Shared
package import Wire

/// The Pusher protocol on one loop: `WS /app/{key}`, the channels of the hotel.
///
/// Confined to the loop's thread. What always holds:
/// - A subscription to a private channel exists only while what was signed for it lasts, and ends when its user, session or
///   tenant is revoked: at the revocation's place in the stream, when it has been told and before a later event is.
/// - A socket belongs to one session at a time.
/// - Whatever a client sends, it is answered, limited or closed; nothing it sends is kept but its subscriptions.
///
/// Only the hotel's own app is served here.
package final class PusherEndpoint: WebSocketEndpoint, HubListener {
    /// Asks the store whether somebody may still hear a channel. It is called on the loop and returns at once; the answer comes
    /// once, on any thread, when the store has one.
    package typealias StandingCheck =
        @Sendable (
            _ subscriber: PusherSubscriber, _ channel: DomainChannel, _ answer: @escaping @Sendable (Bool) -> Void
        ) -> Void

    /// Who may do less than before, or nothing any more.
    package enum Revoked: Equatable, Sendable {
        case user(UserID)
        case session(SessionID)
        case tenant(TenantID)
    }

    /// What serves all loops of a node.
    package struct Service: Sendable {
        /// Bellhop's own app.
        package var app: AppCredentials
        package var terms: PusherTerms
        package var metrics: PusherMetrics
        /// To the node's desk for presence.
        package var presence: PresenceDoors
        /// To the node's desk for those who ask what is connected.
        package var connections: ConnectionDoors
        /// The wall clock, by which signatures expire.
        package var clock: @Sendable () -> Timestamp
        /// Asked about those who were authorised before this loop heard of everything in their stream: a revocation may have
        /// passed between the two.
        package var standing: StandingCheck
        /// Told at once whose rights the log says are others now, for those who keep them in mind. On the loop's thread.
        package var revoked: @Sendable (Revoked) -> Void

        package init(
            app: AppCredentials, terms: PusherTerms = PusherTerms(), metrics: PusherMetrics,
            presence: PresenceDoors, connections: ConnectionDoors,
            clock: @escaping @Sendable () -> Timestamp = { SystemClock.now },
            revoked: @escaping @Sendable (Revoked) -> Void = { _ in }, standing: @escaping StandingCheck
        ) {
            self.app = app
            self.terms = terms
            self.metrics = metrics
            self.presence = presence
            self.connections = connections
            self.clock = clock
            self.revoked = revoked
            self.standing = standing
        }
    }

    package let terms: WebSocketTerms
    unowned let host: SessionHost
    let hub: Hub
    let service: Service
    let admission: PusherAdmission
    /// This endpoint among the hub's listeners.
    private(set) var listener: UInt8 = 0
    var seats = SocketSeats<PusherSeat>()
    /// Revocations whose events have not been told yet.
    var pendingRevocations: [Revocation] = []
    /// When users, sessions and tenants were revoked last, in the loop's milliseconds: what was signed for a socket that was open then
    /// may have been signed before.
    var revokedUsers: [UserID: UInt64] = [:]
    var revokedSessions: [SessionID: UInt64] = [:]
    var revokedTenants: [TenantID: UInt64] = [:]
    var isSweeping = false
    /// Presence channels by name, and which of them each socket is in.
    var rooms: [String: PusherRoom] = [:]
    var visits: [ConnectionID: Set<String>] = [:]
    /// Sockets on their way into one, by what the presence hall was asked.
    var waiting = PusherWaitingList()
    var signIns: [ConnectionID: PusherSignIn] = [:]
    /// Wishes for channels by other names, while the store is asked.
    var questions = PusherWaitingList()
    var lastQuestion: UInt64 = 0
    let presence: PresenceHall
    let connections: ConnectionHall
    private var greeting = PusherGreeting()
    private let pong = PusherMessage.pong

    /// Serves the host's sockets; to be added to it, and called on its loop only.
    package init(host: SessionHost, hub: Hub, service: Service) {
        self.host = host
        self.hub = hub
        self.service = service
        self.terms = service.terms.webSocket
        self.admission = PusherAdmission(signer: PusherSigner(service.app), terms: service.terms)
        self.presence = PresenceHall.on(host.loop, doors: service.presence)
        self.connections = ConnectionHall.on(host.loop, doors: service.connections)
        self.listener = hub.add(self)
        host.loop.attach(self)
        self.presence.add(self, for: service.app.id)
        self.connections.add(self)
    }

    var now: UInt64 { self.host.loop.now }
    var second: UInt32 { UInt32(truncatingIfNeeded: self.now / 1000) }
    var metrics: PusherMetrics { self.service.metrics }

    // MARK: WebSocketEndpoint

    package func opened(_ id: ConnectionID, request: HTTPRequest) {
        // Browsers show no status of a failed handshake: refusals are told on the open socket (protocol, section 1).
        if let (code, text) = self.refusal(of: request) {
            self.metrics.refusedSockets.increment()
            self.say(PusherMessage.error(code: Int(code.rawValue), text), to: id)
            return self.host.closeSocket(id, code)
        }
        let seat = PusherSeat(
            id: id, number: self.greeting.socketNumber(), openedAt: self.now,
            credit: MessageCredit(self.service.terms.messageBurst, at: self.second))
        self.seats.add(seat)
        self.say(
            PusherMessage.connectionEstablished(
                socketID: seat.socketID, activityTimeout: Int(self.service.terms.activitySeconds)), to: id)
        self.scheduleSweep()
    }

    private func refusal(of request: HTTPRequest) -> (WebSocketCloseCode, String)? {
        // Apps of others are served elsewhere: what comes here with another key comes with nobody's.
        guard PusherGreeting.key(of: request) == self.service.app.key else {
            return (.noSuchApp, "No app has this key")
        }
        return PusherGreeting.refusal(of: request)
    }

    package func received(_ id: ConnectionID, _ payload: UnsafeRawBufferPointer, isText: Bool) {
        guard let seat = self.seats[id], !seat.isEnding else { return }
        let isExcess = self.takeCredit(id)
        if isExcess {
            self.metrics.excess.increment()
            if (self.seats[id]?.credit.left ?? 0) < -self.service.terms.messageBurst {
                return self.end(id, .overCapacity, "Too many messages")
            }
        }
        let command: PusherCommand
        do throws(PusherSyntaxError) {
            command = try PusherCommand(payload)
        } catch {
            self.metrics.malformed.increment()
            return self.say(PusherMessage.error(code: nil, error.message), to: id)
        }
        if isExcess { return self.refuseExcess(command, id) }
        switch command {
        case .ping: self.say(self.pong, to: id)
        case .pong: break
        case .subscribe(let wish): self.subscribe(id, wish)
        case .unsubscribe(let channel): self.unsubscribe(id, channel)
        case .signIn(let auth, let userData): self.signIn(id, auth, userData)
        case .clientEvent: self.say(PusherMessage.error(code: 4301, "This app has no client events"), to: id)
        case .foreign: self.say(PusherMessage.error(code: nil, "Clients may not publish events"), to: id)
        }
    }

    private func refuseExcess(_ command: PusherCommand, _ id: ConnectionID) {
        if case .subscribe(let wish) = command {
            self.refuse(id, wish.channel, .limit("Too many messages", status: 4301))
        } else {
            self.say(PusherMessage.error(code: 4301, "Too many messages"), to: id)
        }
    }

    /// Takes one message from what the client may send.
    ///
    /// - Returns: whether there was nothing left.
    private func takeCredit(_ id: ConnectionID) -> Bool {
        let (second, terms) = (self.second, self.service.terms)
        var isExcess = false
        self.seats.change(id) { seat in
            isExcess = !seat.credit.take(at: second, perSecond: terms.messagesPerSecond, burst: terms.messageBurst)
        }
        return isExcess
    }

    package func closed(_ id: ConnectionID) {
        if let seat = self.seats[id], !seat.isEnding { self.note(seat, 0, "The client or the network ended it") }
        self.leaveAll(id)
        self.seats.remove(id)
    }

    private func note(_ seat: PusherSeat, _ code: Int, _ reason: String) {
        self.connections.ended(
            Disconnect(
                time: self.service.clock(), app: self.service.app.id, code: code, reason: reason,
                tenant: seat.subscriber?.tenant))
    }

    private func leaveAll(_ id: ConnectionID) {
        self.hub.socketClosed(id)
        self.leaveRooms(id)
        self.signOut(id)
    }

    package func drained(_ id: ConnectionID) { self.hub.socketDrained(id) }

    /// Some clients act on close codes, and some on errors only.
    package func leaving(_ id: ConnectionID) {
        guard let seat = self.seats[id], !seat.isEnding else { return }
        self.say(PusherMessage.leaving, to: id)
    }

    package func turnEnded() {
        self.hub.turnEnded()
        self.applyRevocations()
    }

    // MARK: Saying

    func say(_ message: [UInt8], to id: ConnectionID) {
        message.withUnsafeBytes { self.host.send($0, to: id, isText: true) }
    }

    /// Ends a socket: clients that act on errors and clients that act on close codes are told the same.
    func end(_ id: ConnectionID, _ code: WebSocketCloseCode, _ text: String) {
        guard let seat = self.seats[id], !seat.isEnding else { return }
        self.seats.change(id) { $0.isEnding = true }
        self.note(seat, Int(code.rawValue), text)
        self.leaveAll(id)
        self.say(PusherMessage.error(code: Int(code.rawValue), text), to: id)
        self.host.closeSocket(id, code)
    }
}

extension PusherEndpoint: ConnectionSource {
    func count(into connections: inout Connections, of tenant: TenantID?) {
        var sockets = self.seats.count
        if let tenant { sockets = self.seats.places.count { $0?.subscriber?.tenant == tenant } }
        connections.sockets[self.service.app.id, default: 0] += sockets
        self.hub.forEachChannel { stream, channel, count in
            // The platform's announcements are no tenant's.
            if let tenant, stream != .tenant(tenant) { return }
            connections.channels[AppChannel(app: self.service.app.id, name: channel), default: 0] += count
        }
    }
}
