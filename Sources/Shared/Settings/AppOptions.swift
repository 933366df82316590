/// What an external app of the Pusher protocol is allowed, beyond what every app is.
package struct AppOptions: Equatable, Sendable {
    /// Whether its clients may tell each other things without the app's back end.
    package var hasClientEvents = false
    /// The origins of the pages that may connect; `nil` for those of everybody.
    package var origins: [String]?
    /// The longest name of a channel.
    package var channelNameLength = 164

    package init() {}

    /// Reads `{"<app id>": {"client_events": true, "origins": ["https://…"], "channel_name_length": 200}}`.
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
            switch (member.name, member.value) {
            case ("client_events", .bool(let isOn)): self.hasClientEvents = isOn
            case ("origins", .array(let values)):
                self.origins = values.compactMap(\.text)
                guard self.origins?.count == values.count else { throw Self.fault(app, member.name) }
            case ("channel_name_length", .number(let number)):
                guard let length = number.int64, (1...200).contains(length) else { throw Self.fault(app, member.name) }
                self.channelNameLength = Int(length)
            default: throw Self.fault(app, member.name)
            }
        }
    }

    private static func fault(_ app: String, _ name: String) -> SettingProblem {
        SettingProblem("has a \(name) for the app \(app) that is unknown or not what it has to be")
    }
}
