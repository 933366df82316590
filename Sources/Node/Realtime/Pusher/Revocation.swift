internal import Hotel
internal import Shared
internal import Wire

/// What an event of the log takes away from sockets (architecture 3): it is applied at the event's place in its stream, when
/// the event itself has been told and before any later one is.
struct Revocation: Equatable, Sendable {
    enum Scope: Equatable, Sendable {
        /// All sockets of the user.
        case user(UserID)
        case session(SessionID, of: UserID)
        /// Channels that the user may not hear any more.
        case channels([String], of: UserID)
        /// All sockets of the tenant's users, and what others hear of it.
        case tenant(TenantID)
    }

    let scope: Scope
    /// With what sockets are closed: 4009 and unmodified clients stay away, 4200 and they come back at once, to be authorised
    /// anew.
    let code: WebSocketCloseCode
    let text: String

    /// What this event takes away; `nil` for nearly all events.
    init?(_ event: LoggedEvent, of stream: EventStream) {
        // On the way of every event: all but a few are told apart by a byte.
        guard let first = event.name.utf8.first, Self.initials.contains(first) else { return nil }
        switch event.name {
        case "auth:session_revoked":
            guard let user = Self.user(of: event) else { return nil }
            let session: SessionID? = Self.read(event) { Self.id("session_id", in: $0) }
            self.init(session.map { .session($0, of: user) } ?? .user(user), .unauthorised, "The session has ended")
        case "auth:account_suspended":
            guard let user = Self.user(of: event) ?? Self.read(event, { Self.id("user_id", in: $0) }) else {
                return nil
            }
            self.init(.user(user), .unauthorised, "The account is suspended")
        case "user:deleted":
            guard let user: UserID = Self.read(event, { Self.id("userId", in: $0) }) else { return nil }
            self.init(.user(user), .unauthorised, "The account is gone")
        case "auth:password_changed":
            guard let user = Self.user(of: event) else { return nil }
            let isOwn = Self.read(event) { reader in reader["by_self"].flatMap { reader.bool($0) } } ?? false
            // The session in which it was changed goes on with new tokens; all others find that out when they come back.
            self.init(.user(user), isOwn ? .reconnect : .unauthorised, "The password has been changed")
        case "user:role_changed":
            guard let user: UserID = Self.read(event, { Self.id("user_id", in: $0) }) else { return nil }
            self.init(.user(user), .reconnect, "The roles have been changed")
        case "auth:permissions_changed":
            guard let user = Self.user(of: event) else { return nil }
            // Whose list cannot be read loses everything, and may ask again.
            guard let lost = Self.read(event, { Self.texts("channels_lost", in: $0) }) else {
                self.init(.user(user), .reconnect, "The permissions have been changed")
                return
            }
            self.init(.channels(lost, of: user), .reconnect, "The permissions have been changed")
        case "tenant:suspended", "tenant:deleted":
            let tenant: TenantID?
            if case .tenant(let id) = stream {
                tenant = id
            } else {
                tenant = Self.read(event) { Self.id("tenant_id", in: $0) }
            }
            guard let tenant else { return nil }
            self.init(.tenant(tenant), .unauthorised, "The tenant is suspended")
        default: return nil
        }
    }

    private init(_ scope: Scope, _ code: WebSocketCloseCode, _ text: String) {
        self.scope = scope
        self.code = code
        self.text = text
    }

    private static let initials: [UInt8] = [UInt8(ascii: "a"), UInt8(ascii: "u"), UInt8(ascii: "t")]

    /// The user whose own channel the event goes to.
    private static func user(of event: LoggedEvent) -> UserID? {
        event.targets.first { $0.audience.kind == .user }.map { UserID(raw: $0.audience.subject) }
    }

    /// Lends the payload; its members that matter here are in every projection.
    private static func read<Value>(_ event: LoggedEvent, _ body: (JSONReader) -> Value?) -> Value? {
        guard let projection = event.projections.first else { return nil }
        return (projection + Array("}}".utf8)).withUnsafeBytes { bytes -> Value? in
            guard let reader = try? JSONReader(bytes, limits: JSONLimits(bytes: bytes.count)) else { return nil }
            return body(reader)
        }
    }

    private static func id<Kind>(_ name: StaticString, in reader: JSONReader) -> ID<Kind>? {
        reader[name].flatMap { reader.text(of: $0) }.flatMap { ID<Kind>($0) }
    }

    private static func texts(_ name: StaticString, in reader: JSONReader) -> [String]? {
        guard let slice = reader[name], slice.kind == .array, let list = try? reader.inside(slice) else { return nil }
        return list.elements.compactMap { list.text(of: $0) }
    }
}
