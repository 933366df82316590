package import Crypto
package import Shared

/// The `channel_data` of a channel of the hotel: who subscribes, under which session, and until when it counts. It is part of
/// what is signed, so a node that finds the signature right knows that a node said it.
///
/// `{"user_id":"…","tenant_id":"…"|null,"session":"…","epoch":3,"iat":1700000000,"exp":1700000900}`, times in whole seconds, and for
/// presence channels `user_info`, which others see. The `user_data` of a sign-in is the same with `id` instead of `user_id`.
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
    /// JSON of what others may see of the user; empty if there is nothing.
    package let userInfo: [UInt8]

    /// More bytes than any of ours has.
    package static let longest = 4096
    /// The year 5138: what lies behind is nonsense, and would overflow.
    private static let seconds: ClosedRange<Int64> = 0...100_000_000_000

    /// Parts of a second are dropped.
    package init(
        user: UserID, tenant: TenantID?, session: SessionID, epoch: TokenEpoch, signedAt: Timestamp,
        expiresAt: Timestamp, userInfo: [UInt8] = []
    ) {
        self.user = user
        self.tenant = tenant
        self.session = session
        self.epoch = epoch
        self.signedAt = Timestamp(milliseconds: signedAt.milliseconds / 1000 * 1000)
        self.expiresAt = Timestamp(milliseconds: expiresAt.milliseconds / 1000 * 1000)
        self.userInfo = userInfo
    }

    /// The text that is signed for a channel.
    package var text: String { self.text(userIs: "user_id") }

    /// The text that is signed for a sign-in.
    package var userText: String { self.text(userIs: "id") }

    private func text(userIs name: StaticString) -> String {
        let bytes = JSONWriter.text { writer in
            writer.object { writer in
                writer.member(name, self.user.description)
                writer.member("tenant_id", self.tenant?.description)
                writer.member("session", self.session.description)
                writer.member("epoch", self.epoch.raw)
                writer.member("iat", self.signedAt.milliseconds / 1000)
                writer.member("exp", self.expiresAt.milliseconds / 1000)
                guard !self.userInfo.isEmpty else { return }
                writer.name("user_info")
                writer.raw(self.userInfo)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Reads what was signed for a channel; `nil` if it is not of this form.
    package init?(text: String) { self.init(text, userIs: "user_id") }

    /// Reads what was signed for a sign-in.
    package init?(userText: String) { self.init(userText, userIs: "id") }

    private init?(_ text: String, userIs name: StaticString) {
        guard text.utf8.count <= Self.longest else { return nil }
        let parsed = Array(text.utf8).withUnsafeBytes { bytes -> PusherChannelData? in
            guard let reader = try? JSONReader(bytes, limits: JSONLimits(bytes: Self.longest, depth: 8)) else {
                return nil
            }
            return PusherChannelData(reader, userIs: name)
        }
        guard let parsed else { return nil }
        self = parsed
    }

    private init?(_ reader: JSONReader, userIs name: StaticString) {
        guard let user: UserID = Self.id(name, in: reader), let tenant = reader["tenant_id"],
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
            signedAt: Timestamp(milliseconds: signedAt * 1000), expiresAt: Timestamp(milliseconds: expiresAt * 1000),
            userInfo: reader["user_info"].flatMap { $0.kind == .object ? Array(reader.bytes(of: $0)) : nil } ?? [])
    }

    private static func id<Kind>(_ name: StaticString, in reader: JSONReader) -> ID<Kind>? {
        reader[name].flatMap { reader.text(of: $0) }.flatMap { ID<Kind>($0) }
    }

    private static func int(_ name: StaticString, in reader: JSONReader) -> Int64? {
        reader[name].flatMap { reader.number($0)?.int64 }
    }
}
