package import Crypto
package import Shared

/// The `channel_data` of a channel of the hotel: who subscribes, under which session, and until when it counts. It is part of
/// what is signed, so a node that finds the signature right knows that a node said it.
///
/// `{"user_id":"…","tenant_id":"…"|null,"session":"…","epoch":3,"iat":1700000000,"exp":1700000900}`, times in whole seconds.
/// Whoever signs writes it here and whoever checks reads it here, so that they cannot drift apart; members that only newer
/// nodes know are passed over.
package struct PusherChannelData: Equatable, Sendable {
    package let user: UserID
    /// `nil` for the platform's own staff.
    package let tenant: TenantID?
    package let session: SessionID
    package let epoch: TokenEpoch
    /// When it was signed, by the wall clock of the node that did.
    package let signedAt: Timestamp
    /// From then on it is worth nothing: the end of the access token that it was signed for.
    package let expiresAt: Timestamp

    /// More bytes than any of ours has.
    package static let longest = 2048
    /// The year 5138: what lies behind is nonsense, and would overflow.
    private static let seconds: ClosedRange<Int64> = 0...100_000_000_000

    /// Parts of a second are dropped.
    package init(
        user: UserID, tenant: TenantID?, session: SessionID, epoch: TokenEpoch, signedAt: Timestamp,
        expiresAt: Timestamp
    ) {
        self.user = user
        self.tenant = tenant
        self.session = session
        self.epoch = epoch
        self.signedAt = Timestamp(milliseconds: signedAt.milliseconds / 1000 * 1000)
        self.expiresAt = Timestamp(milliseconds: expiresAt.milliseconds / 1000 * 1000)
    }

    /// The text that is signed.
    package var text: String {
        let bytes = JSONWriter.text { writer in
            writer.object { writer in
                writer.member("user_id", self.user.description)
                writer.member("tenant_id", self.tenant?.description)
                writer.member("session", self.session.description)
                writer.member("epoch", self.epoch.raw)
                writer.member("iat", self.signedAt.milliseconds / 1000)
                writer.member("exp", self.expiresAt.milliseconds / 1000)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Reads the text; `nil` if it is not of this form.
    package init?(text: String) {
        guard text.utf8.count <= Self.longest else { return nil }
        let parsed = Array(text.utf8).withUnsafeBytes { bytes -> PusherChannelData? in
            guard let reader = try? JSONReader(bytes, limits: JSONLimits(bytes: Self.longest, depth: 8)) else {
                return nil
            }
            return PusherChannelData(reader)
        }
        guard let parsed else { return nil }
        self = parsed
    }

    private init?(_ reader: JSONReader) {
        guard let user: UserID = Self.id("user_id", in: reader), let tenant = reader["tenant_id"],
            let session: SessionID = Self.id("session", in: reader), let epoch = Self.int("epoch", in: reader),
            let signedAt = Self.int("iat", in: reader), let expiresAt = Self.int("exp", in: reader),
            Self.seconds.contains(signedAt), Self.seconds.contains(expiresAt), epoch >= 0
        else { return nil }
        let home: TenantID?
        if tenant.kind == .null {
            home = nil
        } else {
            guard let id: TenantID = Self.id("tenant_id", in: reader) else { return nil }
            home = id
        }
        self.init(
            user: user, tenant: home, session: session, epoch: TokenEpoch(raw: epoch),
            signedAt: Timestamp(milliseconds: signedAt * 1000), expiresAt: Timestamp(milliseconds: expiresAt * 1000))
    }

    private static func id<Kind>(_ name: StaticString, in reader: JSONReader) -> ID<Kind>? {
        reader[name].flatMap { reader.text(of: $0) }.flatMap { ID<Kind>($0) }
    }

    private static func int(_ name: StaticString, in reader: JSONReader) -> Int64? {
        reader[name].flatMap { reader.number($0)?.int64 }
    }
}
