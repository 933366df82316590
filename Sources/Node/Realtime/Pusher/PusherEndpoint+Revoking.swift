internal import Hotel
internal import Reactor
package import Shared
internal import Wire

extension PusherEndpoint {
    package func willTell(_ event: LoggedEvent, of stream: EventStream) {
        if !self.pendingRevocations.isEmpty {
            // The event that revokes is told to those whom it concerns, and nothing behind it.
            self.hub.turnEnded()
            self.applyRevocations()
        }
        guard let revocation = Revocation(event, of: stream) else { return }
        switch revocation.scope {
        case .user(let user), .channels(_, let user):
            self.revokedUsers[user] = self.now
            self.service.revoked(.user(user))
        case .session(let session, _):
            self.revokedSessions[session] = self.now
            self.service.revoked(.session(session))
        case .tenant(let tenant):
            self.revokedTenants[tenant] = self.now
            self.service.revoked(.tenant(tenant))
        }
        self.pendingRevocations.append(revocation)
        // Also where nobody is connected, the note of it has to go some day.
        self.scheduleSweep()
    }

    /// Does what events that have been told ask for.
    func applyRevocations() {
        guard !self.pendingRevocations.isEmpty else { return }
        let revocations = self.pendingRevocations
        self.pendingRevocations = []
        for revocation in revocations { self.apply(revocation) }
    }

    private func apply(_ revocation: Revocation) {
        // By their places: ending some changes the table meanwhile.
        for place in self.seats.places.indices {
            guard let seat = self.seats.places[place], !seat.isEnding, let subscriber = seat.subscriber else {
                continue
            }
            switch revocation.scope {
            case .user(let user):
                if subscriber.user == user { self.end(seat, revocation) }
            case .session(let session, let user):
                if subscriber.user == user, subscriber.session == session { self.end(seat, revocation) }
            case .channels(let names, let user):
                if subscriber.user == user { self.end(names, of: seat, revocation) }
            case .tenant(let tenant):
                if subscriber.tenant == tenant {
                    self.end(seat, revocation)
                } else if self.hub.isSubscribed(seat.id, toAnyOf: .tenant(tenant)) {
                    // Support staff lose what they were let into, and nothing else.
                    self.metrics.revoked.increment()
                    self.end(seat.id, .reconnect, revocation.text)
                }
            }
        }
    }

    private func end(_ seat: PusherSeat, _ revocation: Revocation) {
        // Who has only public channels by now is nobody to revoke.
        guard self.leastExpiry(of: seat.id) != nil else { return }
        self.metrics.revoked.increment()
        self.end(seat.id, revocation.code, revocation.text)
    }

    private func end(_ channels: [String], of seat: PusherSeat, _ revocation: Revocation) {
        for channel in channels {
            guard let subscription = self.hub.subscription(of: seat.id, to: channel) else { continue }
            self.hub.unsubscribe(subscription)
            self.leaveRoom(seat.id, channel)
            self.metrics.revoked.increment()
            self.say(
                PusherMessage.subscriptionError(
                    channel: channel, type: "AuthError", revocation.text, status: 403), to: seat.id)
        }
        self.noteEmpty(seat.id)
    }
}
