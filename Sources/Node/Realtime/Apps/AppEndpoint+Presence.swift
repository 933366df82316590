internal import Crypto
internal import Reactor
internal import Shared
internal import Wire

/// Who is in presence channels, as whom sockets have signed in, and who watches whom (protocol, sections 4 and 6).
extension AppEndpoint: PresenceGuest {
    // MARK: PresenceGuest

    func entered(_ asked: UInt64, _ members: [String: PresenceMember]?) {
        if let (id, userData) = self.signingIn.removeValue(forKey: asked) {
            return self.signedIn(id, userData, by: asked)
        }
        guard let ticket = self.entering.removeValue(forKey: asked), let wish = self.wishes[ticket] else { return }
        guard let members else { return self.refuseFull(ticket, wish) }
        self.enter(ticket, wish, members: members)
    }

    private func refuseFull(_ ticket: UInt64, _ wish: AppWish) {
        // The desk knows no member that could leave.
        self.seats.change(wish.id) { $0.change(wish.channel) { $0.presence = nil } }
        guard let seat = self.seats[wish.id] else { return }
        self.unsubscribe(seat, wish.channel)
        let most = self.app(of: seat).options.presenceMembers
        self.refuse(wish.id, wish.channel, "LimitReached", "This channel has \(most) members already", status: 4100)
    }

    func changed(_ channel: AppChannel, _ changes: [PresenceChange]) {
        guard let app = self.service.index(ofID: channel.app) else { return }
        if channel.isUser { return self.tellWatchers(of: channel, changes) }
        let name = AppHall.Name(app: app, channel: channel.name)
        for change in changes { self.hall.tell(change, in: name) }
    }

    // MARK: Signing in

    func signIn(_ seat: AppSeat, _ auth: String, _ userData: String) {
        let (id, app) = (seat.id, self.app(of: seat))
        guard let socket = PusherSocketID(seat.socketID), app.signer.isValid(auth, of: socket, userData: userData)
        else {
            return self.end(id, .unauthorised, "The signature is not for this user and connection")
        }
        let user: AppIdentity.User
        do throws(AppIdentity.Fault) {
            user = try AppIdentity.user(userData)
        } catch {
            switch error {
            case .malformed(let text), .tooLong(let text):
                return self.say(PusherMessage.error(code: nil, text), to: id)
            }
        }
        if let known = seat.signIn {
            guard known.user.id == user.id else {
                return self.say(
                    PusherMessage.error(code: nil, "This connection has signed in as another user"), to: id)
            }
            // Whom it watches may have changed: from the beginning.
            self.signOut(seat, known, grace: 0)
        }
        self.metrics.signIns.increment()
        // As one of its own, so that signing in anew cannot meet the farewell of the one before.
        self.lastTicket += 1
        let entrant = PresenceEntrant(
            "\(seat.socketID)/\(self.lastTicket)", as: .signedIn,
            in: .user(user.id, of: app.credentials.id), limit: 0)
        let asked = self.presence.enter(entrant)
        self.signingIn[asked] = (id, userData)
        self.seats.change(id) {
            $0.signIn = AppSeat.SignIn(user: user, presence: asked, watch: nil)
            $0.isAuthorized = true
        }
    }

    /// All nodes know that the user is there: only now it is told, so that nobody who asks afterwards hears otherwise.
    private func signedIn(_ id: ConnectionID, _ userData: String, by asked: UInt64) {
        guard let seat = self.seats[id], let signIn = seat.signIn, signIn.presence == asked else { return }
        let (user, app) = (signIn.user, self.app(of: seat))
        self.say(PusherMessage.signedIn(userData: userData), to: id)
        if app.options.hasWatchlists, !user.watchlist.isEmpty {
            let channels = user.watchlist.map { AppChannel.user($0, of: app.credentials.id) }
            let ticket = self.presence.watch(channels, of: app.credentials.id)
            self.asking[ticket] = id
            self.seats.change(id) { $0.signIn?.watch = (ticket, channels) }
        }
        guard user.isTruncated else { return }
        self.say(
            PusherMessage.error(
                code: 4302, "Only the first \(AppIdentity.longestWatchlist) of the watchlist are watched"), to: id)
    }

    func signOut(_ seat: AppSeat, _ signIn: AppSeat.SignIn, grace: UInt64) {
        self.signingIn[signIn.presence] = nil
        self.presence.leave(ticket: signIn.presence, grace: grace)
        guard let (ticket, channels) = signIn.watch else { return }
        self.asking[ticket] = nil
        for channel in channels {
            self.watchers[channel]?.remove(seat.id)
            if self.watchers[channel]?.count == 0 { self.watchers[channel] = nil }
        }
        self.presence.unwatch(channels, ticket: ticket)
    }

    // MARK: Watching

    func watched(_ ticket: UInt64, occupied: Set<AppChannel>) {
        guard let id = self.asking.removeValue(forKey: ticket), let watch = self.seats[id]?.signIn?.watch,
            watch.ticket == ticket
        else { return }
        for channel in watch.channels { self.watchers[channel, default: SubscriberSet()].insert(id) }
        let online = watch.channels.filter { occupied.contains($0) }
        let offline = watch.channels.filter { !occupied.contains($0) }
        self.say(
            PusherMessage.watchlist(online: online.compactMap(\.user), offline: offline.compactMap(\.user)), to: id)
    }

    private func tellWatchers(of channel: AppChannel, _ changes: [PresenceChange]) {
        guard let watchers = self.watchers[channel], let user = channel.user else { return }
        for change in changes {
            let message =
                switch change {
                case .added: PusherMessage.watchlist(online: [user], offline: [])
                case .removed: PusherMessage.watchlist(online: [], offline: [user])
                }
            for id in watchers.ids { self.say(message, to: id) }
        }
    }
}

extension PresenceMember {
    /// Somebody who has signed in, in a channel that is this one user's.
    fileprivate static var signedIn: PresenceMember {
        guard let member = PresenceMember(id: "user") else { preconditionFailure("the id is short") }
        return member
    }
}
