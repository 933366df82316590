/// What an external app of the Pusher protocol is allowed, beyond what every app is.
package struct AppOptions: Equatable, Sendable {
    /// Whether anybody may connect to it and call it.
    package var isEnabled = true
    /// The origins of the pages that may connect; `nil` for those of everybody.
    package var origins: [String]?
    /// How many sockets it may have on one node; 0 for as many as there is room for.
    package var mostConnections = 0
    /// Seconds within which a socket must have shown a signature of the app's back end; `nil` if it need not.
    package var authorizedSeconds: Int?
    /// The longest name of a channel.
    package var channelNameLength = 164
    /// Whether its clients may tell each other things without the app's back end.
    package var hasClientEvents = false
    /// How many of them a socket may tell in a second.
    package var clientEventsPerSecond = 10
    /// Whether subscribers are told how many they are.
    package var hasSubscriptionCounts = false
    /// Whether users are told which of those they watch are there.
    package var hasWatchlists = false
    /// How many users a presence channel may have.
    package var presenceMembers = 100
    /// How long somebody whose socket broke is not taken to be gone: a page that is loaded anew comes back within it.
    package var presenceGraceSeconds = 0
    /// Whom to tell over HTTP, if anybody.
    package var webhook: AppWebhook?

    package init() {}

    /// Reads an object of apps by their ids: `{"<app id>": {"client_events": true, …}}`; the README has all of it.
    package static func read(_ text: [UInt8]) throws(SettingProblem) -> [String: AppOptions] {
        let root: JSONValue
        do throws(JSONError) {
            root = try JSONValue(parsing: text)
        } catch {
            throw SettingProblem("is not JSON (\(error))")
        }
        guard case .object(let apps) = root else { throw SettingProblem("is not an object of apps by their ids") }
        var options: [String: AppOptions] = [:]
        for app in apps.members { options[app.name] = try AppOptions(app.name, app.value) }
        return options
    }

    private init(_ app: String, _ value: JSONValue) throws(SettingProblem) {
        guard case .object(let members) = value else { throw SettingProblem("has no object for the app \(app)") }
        for member in members.members {
            guard self.set(member.name, member.value) else {
                throw SettingProblem(
                    "has a \(member.name) for the app \(app) that is unknown or not what it has to be")
            }
        }
    }

    /// - Returns: whether there is such an option and it may be this.
    private mutating func set(_ name: String, _ value: JSONValue) -> Bool {
        switch (name, value) {
        case ("enabled", .bool(let isOn)): self.isEnabled = isOn
        case ("client_events", .bool(let isOn)): self.hasClientEvents = isOn
        case ("subscription_counts", .bool(let isOn)): self.hasSubscriptionCounts = isOn
        case ("watchlist", .bool(let isOn)): self.hasWatchlists = isOn
        case ("origins", .array(let values)):
            self.origins = values.compactMap(\.text)
            return self.origins?.count == values.count
        case ("webhooks", .object):
            self.webhook = AppWebhook(value)
            return self.webhook != nil
        case ("channel_name_length", _): return value.set(&self.channelNameLength, 1...200)
        case ("client_events_per_second", _): return value.set(&self.clientEventsPerSecond, 1...10_000)
        case ("max_connections", _): return value.set(&self.mostConnections, 0...1_000_000)
        case ("presence_members", _): return value.set(&self.presenceMembers, 1...10_000)
        case ("presence_grace_seconds", _): return value.set(&self.presenceGraceSeconds, 0...300)
        case ("authorized_seconds", _):
            var seconds = 0
            guard value.set(&seconds, 1...3600) else { return false }
            self.authorizedSeconds = seconds
        default: return false
        }
        return true
    }
}

/// Where an app's back end wants to be told what happens in its channels.
package struct AppWebhook: Equatable, Sendable {
    /// What can be told, by the names of the protocol.
    package enum Event: String, CaseIterable, Sendable {
        case channelOccupied = "channel_occupied"
        case channelVacated = "channel_vacated"
        case memberAdded = "member_added"
        case memberRemoved = "member_removed"
        case cacheMiss = "cache_miss"
        case clientEvent = "client_event"
        case subscriptionCount = "subscription_count"
    }

    /// `http://…` or `https://…`.
    package let url: String
    package let events: Set<Event>
    /// Whether several events may come in one call.
    package let isBatching: Bool

    package init(url: String, events: Set<Event> = Set(Event.allCases), isBatching: Bool = false) {
        self.url = url
        self.events = events
        self.isBatching = isBatching
    }

    /// Reads `{"url": "https://…", "events": ["channel_occupied", …], "batching": false}`; without `events` all of them.
    init?(_ value: JSONValue) {
        guard case .object(let object) = value else { return nil }
        var (url, events, isBatching) = ("", Set(Event.allCases), false)
        for member in object.members {
            switch (member.name, member.value) {
            case ("url", .string(let text)): url = text
            case ("batching", .bool(let isOn)): isBatching = isOn
            case ("events", .array(let names)):
                events = Set(names.compactMap { $0.text.flatMap { Event(rawValue: $0) } })
                guard events.count == names.count else { return nil }
            default: return nil
            }
        }
        guard (try? WebAddress(setting: url)) != nil else { return nil }
        self.init(url: url, events: events, isBatching: isBatching)
    }
}

extension JSONValue {
    /// Takes a whole number over, if it is one of these.
    fileprivate func set(_ target: inout Int, _ range: ClosedRange<Int64>) -> Bool {
        guard case .number(let number) = self, let value = number.int64, range.contains(value) else { return false }
        target = Int(value)
        return true
    }
}
