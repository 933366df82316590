internal import Crypto
internal import Reactor
internal import Shared
internal import Wire

/// How sockets come into channels (protocol, sections 4 and 7). Success is told first, then the last event of a cache channel, then
/// what is published later.
extension AppEndpoint: AppHallListener {
    func subscribe(_ seat: AppSeat, _ wish: PusherCommand.Subscription) {
        let (id, channel) = (seat.id, wish.channel)
        if channel.hasPrefix("#") { return self.subscribeToUser(seat, channel) }
        guard let name = PusherChannelName(channel, longest: self.app(of: seat).options.channelNameLength) else {
            return self.refuse(id, channel, "InvalidChannel", "This is no name of a channel", status: 4009)
        }
        var member: PresenceMember?
        if name.needsAuthorization {
            guard let auth = wish.auth, let socket = PusherSocketID(seat.socketID),
                self.app(of: seat).signer.isValid(auth, of: name, for: socket, channelData: wish.channelData)
            else {
                return self.refuse(
                    id, channel, "AuthError", "The signature is not for this channel and connection", status: 401)
            }
            self.seats.change(id) { $0.isAuthorized = true }
        }
        if name.isPresence {
            member = self.member(of: wish, seat)
            if member == nil { return }
        }
        self.admit(seat, channel, member)
    }

    /// Who comes in; who may not is told why.
    private func member(of wish: PusherCommand.Subscription, _ seat: AppSeat) -> PresenceMember? {
        guard let text = wish.channelData else {
            // pusher-js signs without it when the socket has signed in.
            if let user = seat.signIn?.user {
                if let member = PresenceMember(id: user.id, info: user.info) { return member }
                self.refuse(
                    seat.id, wish.channel, "LimitReached", "The user's id or user_info is too long for a member",
                    status: 4301)
                return nil
            }
            self.refuse(seat.id, wish.channel, "AuthError", "channel_data is missing", status: 401)
            return nil
        }
        do throws(AppIdentity.Fault) {
            return try AppIdentity.member(text)
        } catch {
            switch error {
            case .malformed(let text): self.refuse(seat.id, wish.channel, "AuthError", text, status: 401)
            case .tooLong(let text): self.refuse(seat.id, wish.channel, "LimitReached", text, status: 4301)
            }
            return nil
        }
    }

    /// Only who has signed in as a user hears what that user is told.
    private func subscribeToUser(_ seat: AppSeat, _ channel: String) {
        guard let user = PusherChannelName.user(ofChannel: channel), seat.signIn?.user.id == user else {
            return self.refuse(
                seat.id, channel, "AuthError", "Only who has signed in as a user may hear this channel", status: 401)
        }
        self.admit(seat, channel, nil)
    }

    private func admit(_ seat: AppSeat, _ channel: String, _ member: PresenceMember?) {
        let id = seat.id
        if let known = seat.subscription(to: channel) { return self.repeatSuccess(seat, known) }
        guard seat.subscriptions.count < self.service.terms.mostSubscriptions else {
            return self.refuse(id, channel, "LimitReached", "This connection has too many channels", status: 4301)
        }
        self.metrics.subscriptions.increment()
        self.lastTicket += 1
        let ticket = self.lastTicket
        self.wishes[ticket] = AppWish(id, app: seat.app, channel: channel)
        self.seats.change(id) {
            $0.subscriptions.append(AppSeat.Subscription(channel: channel, ticket: ticket, member: member))
        }
        self.hall.want(channel, of: seat.app, for: id, ticket: ticket)
    }

    /// A second wish for the same is answered again.
    private func repeatSuccess(_ seat: AppSeat, _ subscription: AppSeat.Subscription) {
        guard subscription.isHeard else {
            self.wishes[subscription.ticket]?.answers += 1
            return
        }
        let name = AppHall.Name(app: seat.app, channel: subscription.channel)
        self.saySuccess(subscription, self.hall.members(of: name), to: seat.id)
    }

    private func saySuccess(
        _ subscription: AppSeat.Subscription, _ members: [String: PresenceMember], to id: ConnectionID
    ) {
        let channel = subscription.channel
        self.say(
            subscription.member == nil
                ? PusherMessage.subscriptionSucceeded(channel: channel)
                : PusherMessage.subscriptionSucceeded(channel: channel, members: members), to: id)
    }

    func refuse(_ id: ConnectionID, _ channel: String, _ type: String, _ text: String, status: Int) {
        self.metrics.refusedSubscriptions.increment()
        self.say(PusherMessage.subscriptionError(channel: channel, type: type, text, status: status), to: id)
    }

    // MARK: On the way

    func isOpen(_ channel: String, for id: ConnectionID, ticket: UInt64) {
        guard let wish = self.wishes[ticket] else { return }
        guard PusherChannelName.isCached(channel) else { return self.bring(ticket, in: wish) }
        wish.listens = true
        self.hall.listen(to: wish.name)
        let (loop, memory) = (self.host.loop.handle, self.service.shared.memory)
        let asked = AppChannel(app: self.service.apps[wish.app].credentials.id, name: channel)
        Task {
            let event = try? await memory.last(of: asked)
            loop.post { loop in loop.attachment(AppEndpoint.self)?.recalled(ticket, event?.cast) }
        }
    }

    private func recalled(_ ticket: UInt64, _ cast: [UInt8]?) {
        guard let wish = self.wishes[ticket] else { return }
        wish.remembered = cast
        self.bring(ticket, in: wish)
    }

    /// The last step before the channel: its user comes in.
    private func bring(_ ticket: UInt64, in wish: AppWish) {
        guard let seat = self.seats[wish.id], let member = seat.subscription(to: wish.channel)?.member else {
            return self.enter(ticket, wish, members: nil)
        }
        let app = self.app(of: seat)
        let asked = self.presence.enter(
            PresenceEntrant(
                seat.socketID, as: member, in: AppChannel(app: app.credentials.id, name: wish.channel),
                limit: app.options.presenceMembers))
        self.seats.change(wish.id) { $0.change(wish.channel) { $0.presence = asked } }
        self.entering[asked] = ticket
    }

    /// It hears the channel from now on.
    func enter(_ ticket: UInt64, _ wish: AppWish, members: [String: PresenceMember]?) {
        self.wishes[ticket] = nil
        guard let subscription = self.seats[wish.id]?.subscription(to: wish.channel), subscription.ticket == ticket
        else { return }
        self.seats.change(wish.id) { $0.change(wish.channel) { $0.isHeard = true } }
        self.hall.enter(wish.id, wish.channel, of: wish.app, as: subscription.member?.id)
        if let members { self.hall.setMembers(members, of: wish.name) }
        for _ in 0..<wish.answers { self.saySuccess(subscription, members ?? [:], to: wish.id) }
        guard wish.listens else { return }
        // What arrived while it was asked for is newer than what was found.
        if let cast = self.hall.lastHeard(of: wish.name) ?? wish.remembered {
            self.say(AppCast.message(in: cast), to: wish.id)
        } else {
            self.miss(wish)
        }
    }

    private func miss(_ wish: AppWish) {
        self.metrics.cacheMisses.increment()
        self.say(PusherMessage.cacheMiss(channel: wish.channel), to: wish.id)
        let shared = self.service.shared
        let channel = AppChannel(app: self.service.apps[wish.app].credentials.id, name: wish.channel)
        Task {
            if await shared.memory.claimMiss(of: channel) {
                shared.news(.cacheMiss(channel: channel.name), channel.app)
            }
        }
    }

    // MARK: Leaving

    func unsubscribe(_ seat: AppSeat, _ channel: String) {
        guard let subscription = seat.subscription(to: channel) else { return }
        self.seats.change(seat.id) { $0.subscriptions.removeAll { $0.channel == channel } }
        self.leave(subscription, seat, grace: 0)
    }

    func leaveAll(_ id: ConnectionID) {
        guard let seat = self.seats[id] else { return }
        self.seats.change(id) {
            $0.subscriptions = []
            $0.signIn = nil
        }
        let grace = UInt64(self.app(of: seat).options.presenceGraceSeconds) * 1000
        for subscription in seat.subscriptions { self.leave(subscription, seat, grace: grace) }
        if let signIn = seat.signIn { self.signOut(seat, signIn, grace: grace) }
    }

    private func leave(_ subscription: AppSeat.Subscription, _ seat: AppSeat, grace: UInt64) {
        if let wish = self.wishes.removeValue(forKey: subscription.ticket), wish.listens {
            _ = self.hall.lastHeard(of: wish.name)
        }
        self.hall.leave(
            seat.id, subscription.channel, of: seat.app, as: subscription.isHeard ? subscription.member?.id : nil)
        guard let asked = subscription.presence else { return }
        self.entering[asked] = nil
        self.presence.leave(ticket: asked, grace: grace)
    }

    // MARK: AppHallListener

    func number(of id: ConnectionID) -> UInt64 { self.seats[id]?.number ?? 0 }

    func ordered(_ order: AppOrder, of app: Int) {
        switch order {
        case .terminate(let user):
            for place in self.seats.places.indices {
                guard let seat = self.seats.places[place], seat.app == app, seat.signIn?.user.id == user else {
                    continue
                }
                self.metrics.terminated.increment()
                self.end(seat.id, .unauthorised, "The app has ended this user's connections")
            }
        }
    }
}
