/// How a run comes into a cluster that holds the demo hotels; of the cluster file.
struct HotelAccess: Equatable, Sendable {
    /// Of Bellhop's own app, whose channels are the hotel's.
    var key: String
    var password: String
    /// For messages.
    var file: String
    /// The users who sign in: all sockets and commands share their tokens, because each login costs the cluster dear.
    static let users = ["aegean.example", "northern.example"].flatMap { domain in
        ["housekeeping_supervisor", "property_manager"].map { "\($0)@\(domain)" }
    }

    /// Where sockets connect.
    var socketPath: String { "/app/\(self.key)?protocol=7&client=loadtest&version=1" }
}
