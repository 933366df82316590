package import Crypto
internal import Hotel
package import Shared
internal import Wire

/// Whom a socket's signed subscriptions belong to.
package struct PusherSubscriber: Hashable, Sendable {
    package let user: UserID
    /// `nil` for the platform's own staff.
    package let tenant: TenantID?
    package let session: SessionID
    package let epoch: TokenEpoch
}

/// Decides whether a wish to subscribe is good in itself: the name, the signature, and what was signed. Pure; the caller knows
/// the socket and what has been revoked meanwhile.
///
/// What is not known to come from one of our nodes is not looked into: the signature is checked first.
struct PusherAdmission: Sendable {
    /// Why not, as the client reads it in `pusher:subscription_error`.
    struct Refusal: Error, Equatable, Sendable {
        let type: String
        let text: String
        let status: Int

        static func unauthorised(_ text: String) -> Refusal { Refusal(type: "AuthError", text: text, status: 401) }
        static func forbidden(_ text: String) -> Refusal { Refusal(type: "AuthError", text: text, status: 403) }
        static func channel(_ text: String) -> Refusal { Refusal(type: "InvalidChannel", text: text, status: 4009) }
        static func limit(_ text: String, status: Int) -> Refusal {
            Refusal(type: "LimitReached", text: text, status: status)
        }
    }

    struct Admitted: Equatable, Sendable {
        let source: ChannelSource
        /// `nil` of public channels.
        let subscriber: PusherSubscriber?
        /// How long what was signed lasts, in seconds from now; 0 of public channels.
        let seconds: Int64
        /// Of presence channels: as whom the others see the subscriber.
        let member: PresenceMember?
    }

    let signer: PusherSigner
    let terms: PusherTerms

    /// Judges a wish.
    ///
    /// - Parameter now: the wall clock; what was signed says until when it lasts by wall clocks.
    func judge(
        _ wish: PusherCommand.Subscription, socket: @autoclosure () -> PusherSocketID?, now: Timestamp
    ) throws(Refusal) -> Admitted {
        guard let name = PusherChannelName(wish.channel) else { throw .channel("This is no name of a channel") }
        // What is not a channel of the hotel is none of this app: nobody may gather in channels that nothing feeds.
        guard let request = ChannelRequest(name: name.description, on: .pusher) else {
            throw .channel("There is no such channel")
        }
        guard case .canonical(let channel) = request else {
            throw .channel("This name stands for several channels: subscribe to each of them")
        }
        if channel.access == .public {
            return Admitted(source: channel.source(home: nil), subscriber: nil, seconds: 0, member: nil)
        }
        guard let auth = wish.auth else { throw .unauthorised("This channel needs a signature") }
        guard let socket = socket(),
            self.signer.isValid(auth, of: name, for: socket, channelData: wish.channelData)
        else { throw .unauthorised("The signature is not for this channel and connection") }
        guard let text = wish.channelData else { throw .unauthorised("channel_data is missing") }
        guard let data = PusherChannelData(text: text) else { throw .unauthorised("channel_data is malformed") }
        let seconds = try self.remaining(data, now)
        guard Self.fits(data, channel) else { throw .forbidden("This channel is another user's or tenant's") }
        var member: PresenceMember?
        if channel.access == .presence {
            member = PresenceMember(id: data.user.description, info: data.userInfo)
            guard member != nil else { throw .limit("user_info is too long", status: 4301) }
        }
        return Admitted(
            source: channel.source(home: data.tenant), subscriber: data.subscriber, seconds: seconds, member: member)
    }

    /// Judges the text of a sign-in, whose signature is right: whose the socket is, and for how many seconds.
    func judge(userData: String, now: Timestamp) throws(Refusal) -> (PusherSubscriber, seconds: Int64) {
        guard let data = PusherChannelData(userText: userData), data.user.raw != 0, data.tenant?.raw != 0 else {
            throw .unauthorised("user_data is malformed")
        }
        return (data.subscriber, try self.remaining(data, now))
    }

    private func remaining(_ data: PusherChannelData, _ now: Timestamp) throws(Refusal) -> Int64 {
        let seconds = (data.expiresAt.milliseconds - now.milliseconds) / 1000
        guard seconds > 0 else { throw .unauthorised("channel_data has expired") }
        let age = (now.milliseconds - data.signedAt.milliseconds) / 1000
        let skew = self.terms.clockSkewSeconds
        guard (-skew...self.terms.signatureSeconds + skew).contains(age) else {
            throw .unauthorised("The signature is not fresh")
        }
        return seconds
    }

    /// A second look at what the signer has looked at: one mistake must not show one user's channel to another, or one
    /// tenant's. Platform staff have no tenant of their own; whether they are let in is the signer's to know.
    private static func fits(_ data: PusherChannelData, _ channel: DomainChannel) -> Bool {
        guard data.user.raw != 0, data.tenant?.raw != 0 else { return false }
        if case .user(let id) = channel, id != data.user { return false }
        if case .stay = channel, data.tenant == nil { return false }
        if case .systemAdmin = channel, data.tenant != nil { return false }
        if let named = channel.namedTenant, let home = data.tenant, named != home { return false }
        return true
    }
}

extension PusherChannelData {
    fileprivate var subscriber: PusherSubscriber {
        PusherSubscriber(user: self.user, tenant: self.tenant, session: self.session, epoch: self.epoch)
    }
}
