/// The codes of the Pusher protocol, as close codes and in `pusher:error`. What clients do is decided by the range:
/// 40xx they never come back, 41xx they come back after a second, 42xx at once; 43xx is never a close code.
extension WebSocketCloseCode {
    /// No app has this key.
    package static let noSuchApp = Self(rawValue: 4001)
    package static let appDisabled = Self(rawValue: 4003)
    package static let overConnectionQuota = Self(rawValue: 4004)
    package static let pathNotFound = Self(rawValue: 4005)
    package static let malformedVersion = Self(rawValue: 4006)
    package static let unsupportedProtocol = Self(rawValue: 4007)
    package static let noProtocol = Self(rawValue: 4008)
    package static let unauthorised = Self(rawValue: 4009)
    package static let overCapacity = Self(rawValue: 4100)
    /// Come back at once: this node leaves, or the client's place is elsewhere.
    package static let reconnect = Self(rawValue: 4200)
    package static let pongMissing = Self(rawValue: 4201)
    package static let inactive = Self(rawValue: 4202)
}
