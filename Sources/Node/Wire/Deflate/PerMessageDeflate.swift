/// What both ends of a WebSocket agreed on for permessage-deflate (RFC 7692 7.1).
package struct PerMessageDeflate: Equatable, Sendable {
    /// How one end compresses what it sends.
    package struct Direction: Equatable, Sendable {
        /// Whether a message may refer to the ones before it (context takeover).
        package var keepsContext: Bool
        /// 8...15: no distance is longer than two to this power.
        package var windowBits: Int

        /// Whether zlib can compress for this window; otherwise messages are sent plain, as RFC 7692 6 allows.
        package var isCompressible: Bool { self.windowBits >= 9 }

        package init(keepsContext: Bool = false, windowBits: Int = 15) {
            self.keepsContext = keepsContext
            self.windowBits = windowBits
        }
    }

    /// What the server sends.
    package var server: Direction
    /// What the client sends.
    package var client: Direction

    package init(server: Direction = Direction(), client: Direction = Direction()) {
        self.server = server
        self.client = client
    }

    /// How the messages are compressed that reach `role`.
    package func incoming(to role: WebSocketRole) -> Direction {
        switch role {
        case .server: self.client
        case .client: self.server
        }
    }

    /// How `role` has to compress what it sends.
    package func outgoing(from role: WebSocketRole) -> Direction {
        switch role {
        case .server: self.server
        case .client: self.client
        }
    }
}
