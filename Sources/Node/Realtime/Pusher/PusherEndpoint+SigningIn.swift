internal import Crypto
internal import Hotel
internal import Reactor
internal import Shared
internal import Wire

/// Sockets that say whose they are, and the bare names that only those may use (`domain.md` 6.2): what they stand for is asked of the
/// store, because nothing is signed for the channel itself.
extension PusherEndpoint {
    func signIn(_ id: ConnectionID, _ auth: String, _ userData: String) {
        guard let seat = self.seats[id] else { return }
        guard let socket = PusherSocketID(seat.socketID),
            self.admission.signer.isValid(auth, of: socket, userData: userData)
        else { return self.end(id, .unauthorised, "The signature is not for this user and connection") }
        let (subscriber, seconds): (PusherSubscriber, Int64)
        do throws(PusherAdmission.Refusal) {
            (subscriber, seconds) = try self.admission.judge(userData: userData, now: self.service.clock())
        } catch {
            return self.say(PusherMessage.error(code: nil, error.text), to: id)
        }
        guard self.isYounger(id, subscriber, subscriber.tenant.map { .tenant($0) } ?? .system) else {
            self.metrics.revoked.increment()
            return self.end(id, .reconnect, "The authorisation has been revoked")
        }
        guard self.take(subscriber, id) else {
            return self.say(PusherMessage.error(code: nil, "This connection belongs to another session"), to: id)
        }
        let expires = self.expiry(in: seconds)
        self.signIns[id] = PusherSignIn(subscriber: subscriber, expires: expires)
        self.seats.change(id) { $0.expires = min($0.expires, expires) }
        self.say(PusherMessage.signedIn(userData: userData), to: id)
    }

    /// A wish for a channel by a bare name, or for what pusher-js hears by itself after signing in.
    ///
    /// - Returns: whether it is one.
    func subscribeByAlias(_ id: ConnectionID, _ wish: PusherCommand.Subscription) -> Bool {
        guard let channel = Self.alias(wish.channel) else { return false }
        guard let signIn = self.signIns[id] else {
            self.refuse(id, wish.channel, .unauthorised("This name is for connections that have signed in"))
            return true
        }
        if case .user(let user) = channel, user != signIn.subscriber.user {
            self.refuse(id, wish.channel, .forbidden("This channel is another user's"))
            return true
        }
        let admitted = PusherAdmission.Admitted(
            source: channel.source(home: signIn.subscriber.tenant), subscriber: signIn.subscriber,
            seconds: Int64(signIn.expires) - Int64(self.second), member: nil)
        self.lastQuestion += 1
        let question = self.lastQuestion
        self.questions.add(PusherWaiting(id: id, wish: wish, admitted: admitted), question)
        let loop = self.host.loop.handle
        self.service.standing(signIn.subscriber, channel) { isGood in
            loop.post { loop in loop.attachment(PusherEndpoint.self)?.answered(question, isGood) }
        }
        return true
    }

    private func answered(_ question: UInt64, _ isGood: Bool) {
        guard let waiting = self.questions.take(question), let seat = self.seats[waiting.id],
            !seat.isEnding, let subscriber = waiting.admitted.subscriber,
            self.signIns[waiting.id]?.subscriber == subscriber
        else { return }
        guard isGood else {
            return self.refuse(waiting.id, waiting.wish.channel, .forbidden("This channel is not for this user"))
        }
        guard self.isStillGood(waiting) else { return }
        self.hear(waiting.id, waiting.wish, waiting.admitted)
    }

    func signOut(_ id: ConnectionID) {
        self.signIns[id] = nil
        _ = self.questions.takeAll(of: id)
    }

    /// Whoever asked for a channel and wants it no more before the answer has come.
    func withdraw(_ id: ConnectionID, _ channel: String) {
        while let question = self.questions.number(of: id, channel) { _ = self.questions.take(question) }
    }

    /// What a name stands for that is no canonical one.
    static func alias(_ name: String) -> DomainChannel? {
        if let user = PusherChannelName.user(ofChannel: name) {
            // Ids have one spelling.
            return UserID(user).flatMap { $0.description == user ? .user($0) : nil }
        }
        guard case .alias(let channel) = ChannelRequest(name: name, on: .pusher) else { return nil }
        return channel
    }
}
