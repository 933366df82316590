/// How long a WebSocket waits for its peer, in milliseconds.
package struct WebSocketTimings: Equatable, Sendable {
    /// Quiet time after which the peer is asked whether it is there; `nil` for never.
    package var pingAfter: UInt64? = 30_000
    /// Time in which anything must be heard after a ping.
    package var pongWithin: UInt64 = 20_000
    /// Time in which a peer must answer a close, and then let go of the socket.
    package var closeWithin: UInt64 = 5_000
    /// The code with which a peer is closed that does not answer a ping; `nil` drops its socket without a word.
    package var silenceCode: WebSocketCloseCode?

    package init() {}
}

/// The life of one WebSocket from its handshake to its end (RFC 6455 7), without socket and clock.
///
/// Its inputs are what happened, with the time as milliseconds of any monotonic clock; their answers say what to do. The
/// caller arms one timer for `deadline` and calls `deadlinePassed` when it fires. No input makes anything be sent after
/// our close frame.
package struct WebSocketConnectionState: Sendable {
    /// What the owner of the socket has to do.
    package enum Action: Equatable, Sendable {
        case nothing
        /// Send a ping.
        case sendPing
        /// Send a pong with these bytes.
        case sendPong([UInt8])
        /// Send a close frame, and go on reading: the peer's answer, or its end of the socket, is awaited.
        case sendClose(WebSocketCloseCode)
        /// Send a close frame, then `finish`.
        case sendCloseAndFinish(WebSocketCloseCode)
        /// When everything is written, shut the sending side; throw away what still comes, until the peer's end or the
        /// deadline. Closing at once would reset the connection and might destroy the close frame on its way.
        case finish
        /// Close the socket now.
        case dropSocket
    }

    private enum State: Equatable {
        case open(quietUntil: UInt64)
        case pinged(deadline: UInt64)
        case closeSent(deadline: UInt64)
        /// Both sides are done, or we gave up: only the socket is left.
        case finishing(deadline: UInt64)
        case dropped
    }

    private let role: WebSocketRole
    private var state: State
    private var code = WebSocketCloseCode.abnormal
    /// The latest ping that could not be answered yet.
    private var pendingPong: [UInt8]?

    package init(role: WebSocketRole, now: UInt64, timings: WebSocketTimings) {
        self.role = role
        self.state = .open(quietUntil: Self.quietUntil(now, timings))
    }

    /// When `deadlinePassed` is due; `nil` for never.
    package var deadline: UInt64? {
        switch self.state {
        case .open(quietUntil: .max), .dropped: nil
        case .open(let deadline), .pinged(let deadline), .closeSent(let deadline), .finishing(let deadline): deadline
        }
    }

    /// Whether messages may be sent, and are still delivered: before the first close frame of either side.
    package var isOpen: Bool {
        switch self.state {
        case .open, .pinged: true
        case .closeSent, .finishing, .dropped: false
        }
    }

    /// Why the connection ended: the peer's code, ours if we ended it, or `abnormal` if the socket broke.
    package var closeCode: WebSocketCloseCode { self.code }

    // MARK: What the peer did

    /// Bytes came, whatever they are: the peer is there.
    package mutating func heard(now: UInt64, timings: WebSocketTimings) {
        switch self.state {
        case .open, .pinged: self.state = .open(quietUntil: Self.quietUntil(now, timings))
        case .closeSent, .finishing, .dropped: break
        }
    }

    /// A ping came.
    ///
    /// - Parameter canSend: whether nothing waits in the outbox. Otherwise only the latest ping is kept for `writable`:
    ///   RFC 6455 5.5.3 lets a pong answer all pings before it, so a flood of pings queues one pong.
    package mutating func pingReceived(_ payload: UnsafeRawBufferPointer, canSend: Bool) -> Action {
        guard self.isOpen else { return .nothing }
        guard !canSend else {
            self.pendingPong = nil
            return .sendPong(Array(payload))
        }
        self.pendingPong = Array(payload)
        return .nothing
    }

    /// A close frame came.
    package mutating func closeReceived(
        _ code: WebSocketCloseCode, now: UInt64, timings: WebSocketTimings
    ) -> Action {
        switch self.state {
        case .open, .pinged:
            self.code = code
            self.beginFinishing(now, timings)
            // RFC 6455 5.5.1: the answer typically echoes the code.
            // RFC 6455 7.1.1: the server ends the TCP connection; a client waits for that.
            return self.role == .server ? .sendCloseAndFinish(code) : .sendClose(code)
        case .closeSent:
            self.beginFinishing(now, timings)
            return self.role == .server ? .finish : .nothing
        case .finishing, .dropped:
            return .nothing
        }
    }

    /// The peer's bytes were refused (RFC 6455 7.1.7): it is told why, and its answer is not awaited.
    package mutating func failed(
        _ error: WebSocketError, now: UInt64, timings: WebSocketTimings
    ) -> Action {
        switch self.state {
        case .open, .pinged:
            self.code = error.closeCode
            self.beginFinishing(now, timings)
            return .sendCloseAndFinish(error.closeCode)
        case .closeSent:
            self.beginFinishing(now, timings)
            return .finish
        case .finishing, .dropped:
            return .nothing
        }
    }

    /// The peer ended its side of the socket, or the socket broke.
    package mutating func socketClosed() -> Action {
        switch self.state {
        case .open, .pinged, .closeSent, .finishing:
            self.drop()
            return .dropSocket
        case .dropped:
            return .nothing
        }
    }

    // MARK: What we do

    /// We want to end the connection.
    package mutating func close(
        _ code: WebSocketCloseCode, now: UInt64, timings: WebSocketTimings
    ) -> Action {
        switch self.state {
        case .open, .pinged:
            self.code = code
            self.pendingPong = nil
            self.state = .closeSent(deadline: now &+ timings.closeWithin)
            return .sendClose(code)
        case .closeSent, .finishing, .dropped:
            return .nothing
        }
    }

    /// The outbox became empty: a pong that waited may go.
    package mutating func writable() -> Action {
        guard let payload = self.pendingPong else { return .nothing }
        self.pendingPong = nil
        return self.isOpen ? .sendPong(payload) : .nothing
    }

    /// The timer for `deadline` fired; too early is no harm.
    package mutating func deadlinePassed(now: UInt64, timings: WebSocketTimings) -> Action {
        guard let deadline = self.deadline, now >= deadline else { return .nothing }
        switch self.state {
        case .open:
            self.state = .pinged(deadline: now &+ timings.pongWithin)
            return .sendPing
        case .pinged:
            guard let code = timings.silenceCode else {
                self.drop()
                return .dropSocket
            }
            // It may hear us although we do not hear it.
            self.code = code
            self.beginFinishing(now, timings)
            return .sendCloseAndFinish(code)
        case .closeSent, .finishing:
            self.drop()
            return .dropSocket
        case .dropped:
            return .nothing
        }
    }

    private mutating func beginFinishing(_ now: UInt64, _ timings: WebSocketTimings) {
        self.pendingPong = nil
        self.state = .finishing(deadline: now &+ timings.closeWithin)
    }

    private mutating func drop() {
        self.pendingPong = nil
        self.state = .dropped
    }

    private static func quietUntil(_ now: UInt64, _ timings: WebSocketTimings) -> UInt64 {
        timings.pingAfter.map { now &+ $0 } ?? .max
    }
}
