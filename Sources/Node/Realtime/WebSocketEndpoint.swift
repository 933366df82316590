package import Reactor
package import Wire

/// What is behind a WebSocket path: one object per loop, called on the loop's thread only. The host owns it: it refers
/// back to the host without owning it.
package protocol WebSocketEndpoint: AnyObject {
    /// What sockets of this endpoint may send and what they are offered.
    var terms: WebSocketTerms { get }

    func opened(_ id: ConnectionID, request: HTTPRequest)

    /// A whole message; text has been checked to be UTF-8. The payload is gone after the call.
    func received(_ id: ConnectionID, _ payload: UnsafeRawBufferPointer, isText: Bool)

    /// The socket has closed, or is closing: it takes nothing more. Comes once for each that was opened.
    func closed(_ id: ConnectionID)

    /// The node leaves, and the socket is about to be closed with ``WebSocketTerms/goodbye``: the last moment to say so.
    func leaving(_ id: ConnectionID)

    /// Everything that was queued for the socket has been handed to the kernel: whoever waited for room may send again.
    func drained(_ id: ConnectionID)

    /// The loop's turn ends: the time to send what was collected.
    func turnEnded()
}

extension WebSocketEndpoint {
    package func drained(_ id: ConnectionID) {}

    package func leaving(_ id: ConnectionID) {}
}

/// The rules for the sockets of one endpoint.
package struct WebSocketTerms: Sendable {
    package var limits: WebSocketLimits
    /// Whether permessage-deflate is agreed to, and how; `nil` never compresses.
    package var deflate: PerMessageDeflate.Policy?
    /// How long silent peers are waited for.
    package var timings = WebSocketTimings()
    /// Milliseconds that a message may take from its first byte to its last: what is half said is memory that we hold.
    package var messageWithin: UInt64 = 60_000
    /// Messages shorter than this are sent as they are: they would not get smaller.
    package var deflateFrom = 64
    /// The code with which sockets are closed when the node leaves.
    package var goodbye = WebSocketCloseCode.goingAway

    package init(limits: WebSocketLimits, deflate: PerMessageDeflate.Policy? = nil) {
        self.limits = limits
        self.deflate = deflate
    }
}
