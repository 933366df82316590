package import Crypto
package import Hotel
package import Shared
internal import Wire

/// Signs subscriptions to the hotel's channels: what is behind `POST /broadcasting/auth`.
///
/// Nothing is signed that is not the id of a socket and the canonical name of a channel that the caller may join: a made-up
/// name could otherwise be a signature of something else. Safe from any thread.
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
        // Aliases are for sockets that have signed in, presence has its own rules, and public channels need no signature.
        guard case .canonical(let channel) = ChannelRequest(name: name.description, on: .pusher),
            channel.access == .private, caller.actor.id == caller.user.raw,
            ChannelEntitlement(caller.actor, in: directory).allows(channel)
        else { throw Refusal(.forbidden) }
        let now = self.clock()
        guard caller.expiresAt > now else { throw Refusal(.tokenExpired) }
        let data = PusherChannelData(
            user: caller.user, tenant: caller.actor.tenant, session: caller.session, epoch: caller.tokenEpoch,
            signedAt: now, expiresAt: caller.expiresAt
        ).text
        return JSONWriter.text { writer in
            writer.object { writer in
                writer.member("auth", self.signer.authorization(of: name, for: socket, channelData: data))
                writer.member("channel_data", data)
            }
        }
    }
}
