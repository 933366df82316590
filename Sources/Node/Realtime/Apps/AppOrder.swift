internal import Shared

/// What all nodes are to do with an app's sockets.
enum AppOrder: Equatable {
    /// Ends the sockets that have signed in as this user.
    case terminate(user: String)

    private static let version: UInt8 = 1
    private static let terminateKind: UInt8 = 1

    /// Where the orders of an app go.
    static func channel(of app: String) -> BusChannel {
        BusChannel(name: "bellhop:orders:\(app)", shard: "\(app):orders")
    }

    var bytes: [UInt8] {
        switch self {
        case .terminate(let user): [Self.version, Self.terminateKind] + Array(user.utf8)
        }
    }

    /// - Returns: `nil` for what no node of this version has said.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count > 2, bytes[0] == Self.version, bytes[1] == Self.terminateKind,
            let user = String(validating: bytes.dropFirst(2), as: UTF8.self)
        else { return nil }
        self = .terminate(user: user)
    }
}
