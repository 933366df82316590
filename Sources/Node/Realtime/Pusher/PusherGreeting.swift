internal import Crypto
internal import Wire

/// How a socket of the Pusher protocol begins, whatever app it belongs to (protocol, section 1).
struct PusherGreeting: ~Copyable {
    private var random = SecureRandom()

    /// The number of a new socket: nobody guesses it, and it is nobody else's.
    mutating func socketNumber() -> UInt64 { UInt64(self.random.next()) << 32 | UInt64(self.random.next()) }

    /// The key by which a socket names its app.
    static func key(of request: HTTPRequest) -> String {
        request.path.split(separator: "/").last.map(String.init) ?? ""
    }

    /// Why its version of the protocol cannot be spoken with; browsers show no status of a failed handshake, so it is told on the
    /// open socket.
    static func refusal(of request: HTTPRequest) -> (WebSocketCloseCode, String)? {
        guard let version = request.queryValue("protocol") else { return (.noProtocol, "The protocol is missing") }
        guard let number = Int(version), Self.protocols.contains(number) else {
            return (.unsupportedProtocol, "The protocol is none of 5, 6 and 7")
        }
        return nil
    }

    private static let protocols = 5...7
}
