package import Shared

/// A message of the Pusher protocol as a document describes it: stated beside ``PusherMessage`` and ``PusherCommand``, which write
/// and read it; tests hold them together.
package struct PusherForm: Sendable {
    package enum Sender: Sendable { case server, client }

    /// What stands under `data`.
    package enum Payload: Sendable {
        /// A string that holds JSON of this kind, as clients read it.
        case encoded(JSONSchema)
        /// The value itself.
        case plain(JSONSchema)
    }

    /// Its name in documents.
    package let key: String
    /// What stands under `event`; `nil`: a client chooses it, with ``prefix``.
    package let event: String?
    package let sender: Sender
    package let summary: String
    package let namesChannel: Bool
    package let payload: Payload
    /// Our additions beside `event`, `channel` and `data`.
    package let additions: [JSONSchema.Member]

    /// With what the names of clients' own events begin.
    package static let prefix = "client-"

    private init(
        _ key: String, _ event: String?, by sender: Sender, onChannel namesChannel: Bool = false, _ payload: Payload,
        additions: [JSONSchema.Member] = [], _ summary: String
    ) {
        self.key = key
        self.event = event
        self.sender = sender
        self.namesChannel = namesChannel
        self.payload = payload
        self.additions = additions
        self.summary = summary
    }
}

extension PusherForm {
    package static let all =
        Self.connection + Self.subscribing + Self.ours + Self.presence + Self.signingIn + Self.ofApps
        + Self.others

    private static let connection = [
        PusherForm(
            "connection_established", "pusher:connection_established", by: .server,
            .encoded(.members([.needed("socket_id", .socketID), .needed("activity_timeout", .integer(1 ... .max))])),
            "The first message: the socket's id, and the seconds of silence after which to ask whether we are there."),
        PusherForm(
            "error", "pusher:error", by: .server,
            .plain(.members([.needed("code", .integer(4000...4399).orNull), .needed("message", .text(.init()))])),
            "What went wrong. Where the connection ends for it, a close frame with the same code follows."),
        PusherForm("ping", "pusher:ping", by: .client, .plain(.any), "Asks whether we are there."),
        PusherForm("pong", "pusher:pong", by: .server, .encoded(.members([])), "We are."),
    ]

    private static let subscribing = [
        PusherForm(
            "subscribe", "pusher:subscribe", by: .client,
            .plain(
                .members([
                    .needed("channel", .text(.init())), .optional("auth", .text(.init())),
                    .optional("channel_data", .text(.init())), .optional("since", .integer(0 ... .max)),
                    .optional("epoch", .integer(0 ... .max)),
                ])),
            "Wishes to hear a channel, signed by `POST /broadcasting/auth`. Whoever comes back says after which `seq` of which "
                + "`epoch` to go on."),
        PusherForm(
            "unsubscribe", "pusher:unsubscribe", by: .client, .plain(.members([.needed("channel", .text(.init()))])),
            "Wishes not to hear it any more; there is no answer."),
        PusherForm(
            "subscription_succeeded", "pusher_internal:subscription_succeeded", by: .server, onChannel: true,
            .encoded(.members([.optional("presence", .roll)])), additions: Self.position,
            "The channel is heard from here on. On a presence channel with those who are there; on a channel of the hotel with "
                + "the position in its stream from which nothing is missing."),
        PusherForm(
            "subscription_error", "pusher:subscription_error", by: .server, onChannel: true,
            .encoded(
                .members([
                    .needed("type", .text(.init())), .needed("error", .text(.init())),
                    .needed("status", .integer(400...4399)),
                ])),
            "The channel will not be heard; the connection stays."),
    ]

    private static let position: [JSONSchema.Member] = [
        .optional("seq", .integer(0 ... .max)), .optional("epoch", .integer(0 ... .max)),
    ]

    /// What the protocol does not have.
    private static let ours = [
        PusherForm(
            "resumed", "bellhop:resumed", by: .server, onChannel: true,
            .encoded(.members([.needed("seq", .integer(0 ... .max)), .needed("replayed", .integer(0 ... .max))])),
            "All that was missed since `since` has been told; what follows is live."),
        PusherForm(
            "resync_required", "bellhop:resync_required", by: .server, onChannel: true, .encoded(.members([])),
            additions: Self.position,
            "What was missed cannot be told: load the lists anew. Events behind this position come all the same."),
        PusherForm(
            "tick", "bellhop:tick", by: .server,
            .encoded(.members([.needed("stream", .text(.init())), .needed("seq", .integer(0 ... .max))])),
            "How far a quiet stream has come, now and then, to those who subscribed with `since`."),
    ]

    private static let presence = [
        PusherForm(
            "member_added", "pusher_internal:member_added", by: .server, onChannel: true,
            .encoded(.members([.needed("user_id", .text(.init())), .optional("user_info", .any)])),
            "Somebody has come, with the first of their connections in the cluster."),
        PusherForm(
            "member_removed", "pusher_internal:member_removed", by: .server, onChannel: true,
            .encoded(.members([.needed("user_id", .text(.init()))])),
            "Somebody has gone, with the last of their connections in the cluster."),
    ]

    /// What only external apps have.
    private static let ofApps = [
        PusherForm(
            "cache_miss", "pusher:cache_miss", by: .server, onChannel: true, .encoded(.members([])),
            "The cache channel of an external app remembers nothing."),
        PusherForm(
            "subscription_count", "pusher_internal:subscription_count", by: .server, onChannel: true,
            .encoded(.members([.needed("subscription_count", .integer(0 ... .max))])),
            "How many hear the channel, where the app wants that told."),
        PusherForm(
            "watchlist_events", "pusher_internal:watchlist_events", by: .server,
            .encoded(
                .members([
                    .needed(
                        "events",
                        .array(
                            of: .members([
                                .needed("name", .choice(["online", "offline"])),
                                .needed("user_ids", .array(of: .text(.init()), count: 0...Int.max)),
                            ]), count: 0...Int.max))
                ])),
            "Which of the users that one watches are there, and which are not."),
    ]

    private static let signingIn = [
        PusherForm(
            "signin", "pusher:signin", by: .client,
            .plain(.members([.needed("auth", .text(.init())), .needed("user_data", .text(.init()))])),
            "Says who this is, signed by `POST /broadcasting/user-auth`. Then bare names of channels may be used, and "
                + "`#server-to-user-{id}`, which pusher-js subscribes to by itself."),
        PusherForm(
            "signin_success", "pusher:signin_success", by: .server,
            .encoded(.members([.needed("user_data", .text(.init()))])), "The connection belongs to this user."),
    ]

    private static let others = [
        PusherForm(
            "client_event", nil, by: .client, onChannel: true, .plain(.any),
            "What a client tells the others in a private or presence channel, where the app allows it."),
        PusherForm(
            "told_client_event", nil, by: .server, onChannel: true, .plain(.any),
            additions: [.optional("user_id", .text(.init()))],
            "What another client has said, as it said it; on a presence channel with who that is."),
    ]
}

extension JSONSchema {
    fileprivate static let socketID = JSONSchema.text(Text(pattern: #"^\d+\.\d+$"#))

    /// Other members may come: whoever reads the protocol passes over what it does not know.
    fileprivate static func members(_ members: [Member]) -> JSONSchema {
        .object(Object(name: nil, members: members, isOpen: true))
    }

    /// Who is in a presence channel.
    fileprivate static let roll = JSONSchema.members([
        .needed("count", .integer(0 ... .max)), .needed("ids", .array(of: .text(Text()), count: 0...Int.max)),
        .needed("hash", .anyObject),
    ])
}

extension JSONSchema.Member {
    fileprivate static func needed(_ name: String, _ schema: JSONSchema) -> Self {
        Self(name: name, schema: schema, isRequired: true)
    }

    fileprivate static func optional(_ name: String, _ schema: JSONSchema) -> Self {
        Self(name: name, schema: schema, isRequired: false)
    }
}
