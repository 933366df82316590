internal import Crypto
internal import Ports
package import Shared

/// An external app whose back end wants to be told what happens in its channels.
package final class WebhookApp: Sendable {
    package let id: String
    package let webhook: AppWebhook
    private let events: Set<AppWebhook.Event>
    private let key: String
    private let signer: PusherSigner
    private let address: WebAddress

    /// - Returns: `nil` for an app without a webhook, or with one that leads nowhere.
    package init?(_ credentials: AppCredentials, _ options: AppOptions) {
        guard options.isEnabled, let webhook = options.webhook, let address = try? WebAddress(setting: webhook.url)
        else { return nil }
        self.id = credentials.id
        self.key = credentials.key
        self.signer = PusherSigner(credentials)
        self.webhook = webhook
        // Its switch is for back ends and subscribers alike (protocol, section 7).
        self.events = options.hasSubscriptionCounts ? webhook.events : webhook.events.subtracting([.subscriptionCount])
        self.address = address
    }

    /// Whether any of these is wanted.
    func wants(_ events: AppWebhook.Event...) -> Bool { events.contains(where: self.events.contains) }

    /// Whether it is told how many subscriptions the channel has. In presence channels that is known from the members.
    func counts(_ channel: String) -> Bool { self.wants(.subscriptionCount) && !channel.hasPrefix("presence-") }

    /// A request that tells these events, signed as it is sent.
    ///
    /// - Parameter now: receivers refuse what is too old, so it is the time of the attempt.
    func request(_ events: [[UInt8]], now: Timestamp) -> WebhookRequest {
        let body = WebhookText.body(events, now: now)
        return WebhookRequest(
            to: self.address,
            fields: [
                // To the byte: node's SDK refuses a charset behind it.
                ("Content-Type", "application/json"), ("User-Agent", "bellhop/\(BuildInfo.version)"),
                ("X-Pusher-Key", self.key),
                ("X-Pusher-Signature", String(decoding: self.signer.signature(of: body), as: UTF8.self)),
            ], body: body)
    }
}

/// What is told, as the protocol writes it (section 11).
enum WebhookText {
    static func body(_ events: [[UInt8]], now: Timestamp) -> [UInt8] {
        JSONWriter.text { json in
            json.object { json in
                json.member("time_ms", now.milliseconds)
                json.array("events") { json in for event in events { json.raw(event) } }
            }
        }
    }

    static func event(_ name: AppWebhook.Event, _ channel: String) -> [UInt8] { Self.event(name, channel) { _ in } }

    static func event(_ name: AppWebhook.Event, _ channel: String, user: String) -> [UInt8] {
        Self.event(name, channel) { $0.member("user_id", user) }
    }

    static func count(_ number: Int, of channel: String) -> [UInt8] {
        Self.event(.subscriptionCount, channel) { $0.member("subscription_count", number) }
    }

    static func clientEvent(_ event: AppClientEvent) -> [UInt8] {
        Self.event(.clientEvent, event.channel) { json in
            json.member("event", event.event)
            json.name("data")
            // What was a string stays the string that it was; all else becomes the string of its text.
            if event.data.first == UInt8(ascii: "\"") {
                json.raw(event.data)
            } else {
                json.string(String(decoding: event.data, as: UTF8.self))
            }
            json.member("socket_id", event.socketID)
            if let user = event.user, PusherChannelName(event.channel, longest: 200)?.isPresence == true {
                json.member("user_id", user)
            }
        }
    }

    private static func event(
        _ name: AppWebhook.Event, _ channel: String, _ more: (inout JSONWriter) -> Void
    ) -> [UInt8] {
        JSONWriter.text { json in
            json.object { json in
                json.member("name", name.rawValue)
                json.member("channel", channel)
                more(&json)
            }
        }
    }
}
