/// Which end of a WebSocket we are: it decides who masks (RFC 6455 5.1).
package enum WebSocketRole: UInt8, Sendable {
    case server, client
}

/// What a frame carries (RFC 6455 5.2).
package enum WebSocketOpcode: UInt8, Sendable {
    case continuation = 0x0
    case text = 0x1
    case binary = 0x2
    case close = 0x8
    case ping = 0x9
    case pong = 0xA

    /// RFC 6455 5.5: control frames have the opcode's high bit.
    package var isControl: Bool { self.rawValue & 0x8 != 0 }
}
