internal import Crypto
internal import Hotel
internal import Reactor
internal import Shared
internal import Wire

/// Who is there: the presence channels of the hotel. Their subscriptions are the hub's, as all are, so that they expire and are
/// revoked like others; success is told when the user is in and the hub has the stream's position.
extension PusherEndpoint: PresenceGuest {
    /// Somebody who lost the connection in a basement has not gone home (`domain.md` 4.12).
    private static let graceMilliseconds: UInt64 = 15_000
    /// Staff of one property.
    private static let mostMembers = 1_000

    /// Brings a user in, and then the socket to the channel's events.
    func enter(_ id: ConnectionID, _ wish: PusherCommand.Subscription, _ admitted: PusherAdmission.Admitted) {
        guard let member = admitted.member, let seat = self.seats[id] else { return }
        if self.rooms[wish.channel]?.visitors[id] != nil { return self.hear(id, wish, admitted) }
        let waiting = PusherWaiting(id: id, wish: wish, admitted: admitted)
        if let known = self.waiting.number(of: id, wish.channel) { return self.waiting.replace(known, by: waiting) }
        let entrant = PresenceEntrant(
            seat.socketID, as: member, in: AppChannel(app: self.service.app.id, name: wish.channel),
            limit: Self.mostMembers)
        self.waiting.add(waiting, self.presence.enter(entrant))
    }

    /// Out of the channel, or not on the way to it any more.
    func leaveRoom(_ id: ConnectionID, _ channel: String, grace: UInt64 = 0) {
        if let ticket = self.waiting.number(of: id, channel), self.waiting.take(ticket) != nil {
            self.presence.leave(ticket: ticket, grace: grace)
        }
        guard let visitor = self.rooms[channel]?.visitors.removeValue(forKey: id) else { return }
        if self.rooms[channel]?.visitors.isEmpty == true { self.rooms[channel] = nil }
        self.visits[id]?.remove(channel)
        if self.visits[id]?.isEmpty == true { self.visits[id] = nil }
        self.presence.leave(ticket: visitor.ticket, grace: grace)
    }

    /// Its socket has ended: the user may be back in a moment.
    func leaveRooms(_ id: ConnectionID) {
        for channel in self.visits[id] ?? [] { self.leaveRoom(id, channel, grace: Self.graceMilliseconds) }
        for ticket in self.waiting.takeAll(of: id) { self.presence.leave(ticket: ticket) }
    }

    /// Tells success, if the channel is one of presence.
    func tellPresent(_ subscription: HubSubscription, at position: StreamHead) -> Bool {
        let (id, channel) = (subscription.connection, subscription.channel)
        guard let room = self.rooms[channel], room.visitors[id] != nil else { return false }
        self.rooms[channel]?.visitors[id]?.isTold = true
        self.say(
            PusherMessage.subscriptionSucceeded(
                channel: channel, members: room.members, position: (position.seq, position.epoch.raw)), to: id)
        return true
    }

    // MARK: PresenceGuest

    func entered(_ ticket: UInt64, _ members: [String: PresenceMember]?) {
        guard let waiting = self.waiting.take(ticket) else { return }
        let (id, channel) = (waiting.id, waiting.wish.channel)
        guard let members, let member = waiting.admitted.member else {
            return self.refuse(id, channel, .limit("This channel has as many members as it may", status: 4100))
        }
        guard self.isStillGood(waiting) else { return self.presence.leave(ticket: ticket) }
        self.rooms[channel, default: PusherRoom()].members = members
        self.rooms[channel]?.visitors[id] = PusherRoom.Visitor(user: member.id, ticket: ticket)
        self.visits[id, default: []].insert(channel)
        self.hear(id, waiting.wish, waiting.admitted)
    }

    func changed(_ channel: AppChannel, _ changes: [PresenceChange]) {
        guard self.rooms[channel.name] != nil else { return }
        // What has happened before in the streams is told before.
        self.hub.turnEnded()
        for change in changes {
            let user: String
            switch change {
            case .added(let member):
                user = member.id
                self.rooms[channel.name]?.members[user] = member
            case .removed(let gone):
                user = gone
                self.rooms[channel.name]?.members[user] = nil
            }
            let message = PusherMessage.member(change, channel: channel.name)
            for (id, visitor) in self.rooms[channel.name]?.visitors ?? [:] where visitor.isTold && visitor.user != user
            {
                self.say(message, to: id)
            }
        }
    }

    /// Nobody watches users of the hotel: who is there is in its presence channels.
    func watched(_ ticket: UInt64, occupied: Set<AppChannel>) {}
}
