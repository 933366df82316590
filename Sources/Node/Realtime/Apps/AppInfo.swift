/// What a back end wants to know of channels: `info=user_count,subscription_count,cache`.
struct AppInfo: Equatable, Sendable {
    var users = false
    var subscriptions = false
    var cache = false

    /// - Parameter text: as it was asked; what is missing asks for nothing.
    init(_ text: String?) throws(AppCall.Fault) {
        for word in (text ?? "").split(separator: ",") {
            switch word {
            case "user_count": self.users = true
            case "subscription_count": self.subscriptions = true
            case "cache": self.cache = true
            default: throw .malformed("info has something that is none of user_count, subscription_count and cache")
            }
        }
    }
}
