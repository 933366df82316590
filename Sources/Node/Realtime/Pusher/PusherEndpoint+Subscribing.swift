internal import Crypto
internal import Hotel
internal import Reactor
package import Shared
internal import Wire

extension PusherEndpoint {
    func subscribe(_ id: ConnectionID, _ wish: PusherCommand.Subscription) {
        let known = self.hub.subscription(of: id, to: wish.channel)
        guard known != nil || self.hub.subscriptionCount(of: id) < self.service.terms.mostSubscriptions else {
            return self.refuse(id, wish.channel, .limit("This connection has too many channels", status: 4301))
        }
        if self.subscribeByAlias(id, wish) { return }
        let admitted: PusherAdmission.Admitted
        do throws(PusherAdmission.Refusal) {
            admitted = try self.admission.judge(
                wish, socket: self.seats[id].flatMap { PusherSocketID($0.socketID) }, now: self.service.clock())
        } catch {
            return self.refuse(id, wish.channel, error)
        }
        if let subscriber = admitted.subscriber {
            guard self.isYounger(id, subscriber, admitted.source.stream) else {
                self.metrics.revoked.increment()
                return self.end(id, .reconnect, "The authorisation has been revoked")
            }
            guard self.take(subscriber, id) else {
                return self.refuse(id, wish.channel, .forbidden("This connection belongs to another session"))
            }
        }
        if admitted.member != nil { return self.enter(id, wish, admitted) }
        self.hear(id, wish, admitted)
    }

    /// The last step: from now on the channel's events come, and while what was signed lasts.
    func hear(_ id: ConnectionID, _ wish: PusherCommand.Subscription, _ admitted: PusherAdmission.Admitted) {
        self.metrics.subscriptions.increment()
        if wish.since != nil { self.seats.change(id) { $0.takesTicks = true } }
        // A position without an epoch cannot be compared with any: the client is told to load anew.
        let since = wish.since.map { ResumePoint(epoch: Epoch(raw: wish.epoch ?? -1), seq: $0) }
        let subscription = self.hub.subscribe(
            id, to: admitted.source.audience, of: admitted.source.stream, style: .pusher(channel: wish.channel),
            since: since, listener: self.listener)
        guard let subscription, admitted.subscriber != nil else { return }
        let expires = self.expiry(in: admitted.seconds)
        self.hub.note(expires, for: subscription)
        self.seats.change(id) { $0.expires = min($0.expires, expires) }
    }

    /// In whole seconds of the loop, which runs on when somebody sets the wall clock.
    func expiry(in seconds: Int64) -> UInt32 {
        UInt32(clamping: Int64(self.second) + min(max(0, seconds), Self.longestSeconds))
    }

    /// When the first of a socket's authorisations ends; `nil` if it has none.
    func leastExpiry(of id: ConnectionID) -> UInt32? {
        let signIn = self.signIns[id]?.expires
        return self.hub.leastNote(of: id).map { min($0, signIn ?? .max) } ?? signIn
    }

    /// What is signed for longer is signed for this long: beyond any token's life, and never `.max`.
    private static let longestSeconds: Int64 = 30 * 86_400

    /// Whether what was signed for the socket was signed after the latest revocation that may concern it.
    ///
    /// A signature is younger than its socket. What was signed for one that was open at the revocation may have been signed
    /// before it; on its next connection the client asks anew, and no clocks need be compared.
    func isYounger(_ id: ConnectionID, _ subscriber: PusherSubscriber, _ stream: EventStream) -> Bool {
        var revoked = max(
            self.revokedUsers[subscriber.user] ?? 0, self.revokedSessions[subscriber.session] ?? 0)
        if case .tenant(let tenant) = stream { revoked = max(revoked, self.revokedTenants[tenant] ?? 0) }
        return revoked == 0 || self.seats[id].map { $0.openedAt > revoked } ?? false
    }

    /// Whether what was admitted before a wait has not been revoked meanwhile: who waits is in no channel yet, so that a revocation
    /// does not find it there. If it has, the socket is ended.
    func isStillGood(_ waiting: PusherWaiting) -> Bool {
        guard let subscriber = waiting.admitted.subscriber else { return true }
        if self.isYounger(waiting.id, subscriber, waiting.admitted.source.stream) { return true }
        self.metrics.revoked.increment()
        self.end(waiting.id, .reconnect, "The authorisation has been revoked")
        return false
    }

    /// Makes the socket this subscriber's, if it is nobody else's.
    func take(_ subscriber: PusherSubscriber, _ id: ConnectionID) -> Bool {
        guard let seat = self.seats[id] else { return false }
        if let other = seat.subscriber, other != subscriber, self.leastExpiry(of: id) != nil {
            let isSame = other.user == subscriber.user && other.session == subscriber.session
            guard isSame, other.tenant == subscriber.tenant, other.epoch <= subscriber.epoch else { return false }
        }
        self.seats.change(id) { $0.subscriber = subscriber }
        return true
    }

    func unsubscribe(_ id: ConnectionID, _ channel: String) {
        self.withdraw(id, channel)
        self.leaveRoom(id, channel)
        guard let subscription = self.hub.subscription(of: id, to: channel) else { return }
        self.hub.unsubscribe(subscription)
        self.noteEmpty(id)
    }

    /// The time without a subscription runs from now on.
    func noteEmpty(_ id: ConnectionID) {
        let second = self.second
        self.seats.change(id) { $0.emptySince = second }
    }

    func refuse(_ id: ConnectionID, _ channel: String, _ refusal: PusherAdmission.Refusal) {
        self.metrics.refusedSubscriptions.increment()
        self.say(
            PusherMessage.subscriptionError(
                channel: channel, type: refusal.type, refusal.text, status: refusal.status), to: id)
    }

    // MARK: HubListener

    package func subscribed(_ subscription: HubSubscription, at position: StreamHead) {
        if !self.tellPresent(subscription, at: position) {
            self.say(
                PusherMessage.subscriptionSucceeded(
                    channel: subscription.channel, position: (position.seq, position.epoch.raw)),
                to: subscription.connection)
        }
        self.checkStanding(subscription)
    }

    package func resumed(_ subscription: HubSubscription, at seq: Int64, replayed: Int) {
        self.say(
            PusherMessage.resumed(channel: subscription.channel, seq: seq, replayed: replayed),
            to: subscription.connection)
    }

    package func resyncRequired(_ subscription: HubSubscription, at position: StreamHead) {
        self.say(
            PusherMessage.resyncRequired(
                channel: subscription.channel, position: (position.seq, position.epoch.raw)),
            to: subscription.connection)
        self.checkStanding(subscription)
    }

    package func refused(_ subscription: HubSubscription) {
        self.leaveRoom(subscription.connection, subscription.channel)
        self.refuse(subscription.connection, subscription.channel, .forbidden("There is no such channel"))
        self.noteEmpty(subscription.connection)
    }

    /// Asks the store about a subscriber who may have been authorised before this loop was told of everything: between the two
    /// a revocation may have passed unseen. Rare: only of sockets that are older than the loop's interest in the stream.
    private func checkStanding(_ subscription: HubSubscription) {
        let (id, channel) = (subscription.connection, subscription.channel)
        guard let seat = self.seats[id], let subscriber = seat.subscriber,
            let completeSince = self.hub.completeSince(subscription.id), seat.openedAt <= completeSince,
            let domain = DomainChannel(name: channel) ?? Self.alias(channel), domain.access != .public
        else { return }
        let (loop, asked) = (self.host.loop.handle, subscription.id)
        self.service.standing(subscriber, domain) { isGood in
            guard !isGood else { return }
            loop.post { loop in loop.attachment(PusherEndpoint.self)?.lose(asked, id, channel) }
        }
    }

    /// The store says that this may not be heard any more.
    private func lose(_ subscription: SubscriptionID, _ id: ConnectionID, _ channel: String) {
        guard self.hub.subscription(of: id, to: channel) == subscription else { return }
        self.metrics.revoked.increment()
        self.end(id, .reconnect, "The authorisation has been revoked")
    }
}
