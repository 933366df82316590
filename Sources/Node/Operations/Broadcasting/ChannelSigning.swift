package import Crypto
package import Hotel
package import Shared
internal import Wire

/// Signs subscriptions to the hotel's channels and sign-ins: what is behind `POST /broadcasting/auth` and `/broadcasting/user-auth`.
///
/// Nothing is signed that is not the id of a socket and either the canonical name of a channel that the caller may join, or who the
/// caller is: a made-up name could otherwise be a signature of something else. Safe from any thread.
package struct ChannelSigning: Sendable {
    /// More than any client sends.
    package static let longestBody = 8192

    private let signer: PusherSigner
    private let clock: @Sendable () -> Timestamp

    /// - Parameters:
    ///   - app: Bellhop's own.
    ///   - clock: the wall clock, by which signatures get old.
    package init(app: AppCredentials, clock: @escaping @Sendable () -> Timestamp = { SystemClock.now }) {
        self.signer = PusherSigner(app)
        self.clock = clock
    }

    /// Answers a request's body: the text `{"auth":"KEY:SIGNATURE","channel_data":"…"}`, as pusher-js and Echo expect it.
    ///
    /// - Parameters:
    ///   - contentType: form data or JSON.
    ///   - caller: as the stores have them at this moment; the subscription ends with their access token.
    ///   - directory: see ``ChannelEntitlement``.
    /// - Throws: `unsupported_media_type`, `payload_too_large`, `malformed_request`, `malformed_json`, `validation_failed`, or
    ///   `forbidden`, which never says whether there is such a channel.
    package func answer(
        body: [UInt8], contentType: String?, for caller: RESTCaller, in directory: TenantDirectory?
    ) throws(Refusal) -> [UInt8] {
        let request = try ChannelAuthRequest(body: body, contentType: contentType)
        return try self.sign(request.channel, for: request.socket, caller, in: directory)
    }

    /// Signs one subscription.
    package func sign(
        _ name: PusherChannelName, for socket: PusherSocketID, _ caller: RESTCaller, in directory: TenantDirectory?
    ) throws(Refusal) -> [UInt8] {
        // Aliases are for sockets that have signed in, and public channels need no signature.
        guard case .canonical(let channel) = ChannelRequest(name: name.description, on: .pusher),
            channel.access != .public, ChannelEntitlement(caller.actor, in: directory).allows(channel)
        else { throw Refusal(.forbidden) }
        let data = try self.claims(of: caller, isSeen: channel.access == .presence).text
        return Self.answer(
            "channel_data", data, auth: self.signer.authorization(of: name, for: socket, channelData: data))
    }

    /// Signs who somebody is: the text `{"auth":"KEY:SIGNATURE","user_data":"…"}`.
    package func answer(
        userBody body: [UInt8], contentType: String?, for caller: RESTCaller
    ) throws(Refusal) -> [UInt8] {
        let socket = try ChannelAuthRequest.socket(body: body, contentType: contentType)
        let data = try self.claims(of: caller, isSeen: true).userText
        return Self.answer("user_data", data, auth: self.signer.authentication(of: socket, userData: data))
    }

    private static func answer(_ name: StaticString, _ data: String, auth: String) -> [UInt8] {
        JSONWriter.text { writer in
            writer.object { writer in
                writer.member("auth", auth)
                writer.member(name, data)
            }
        }
    }

    /// - Parameter isSeen: whether others see who it is.
    private func claims(of caller: RESTCaller, isSeen: Bool) throws(Refusal) -> PusherChannelData {
        guard caller.actor.id == caller.user.raw else { throw Refusal(.forbidden) }
        let now = self.clock()
        guard caller.expiresAt > now else { throw Refusal(.tokenExpired) }
        return PusherChannelData(
            user: caller.user, tenant: caller.actor.tenant, session: caller.session, epoch: caller.tokenEpoch,
            signedAt: now, expiresAt: caller.expiresAt, userInfo: isSeen ? Self.card(of: caller.actor) : [])
    }

    /// What others see of somebody: the name, and the role under which one works (`domain.md` 4.12).
    private static func card(of actor: Actor) -> [UInt8] {
        JSONWriter.text { writer in
            writer.object { writer in
                writer.member("name", actor.name)
                writer.member("role", actor.roleCode)
            }
        }
    }
}
