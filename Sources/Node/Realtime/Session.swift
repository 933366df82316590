internal import Reactor
internal import Wire

/// One connection as the node sees it: what protocol it speaks now, and what is half done. It lives in the host's slab at
/// the connection's place; while nothing is half done it holds no memory elsewhere.
struct Session {
    enum Stage: UInt8 {
        /// The balancer's PROXY header must come first.
        case proxyHeader
        /// HTTP requests, one after the other.
        case requests
        /// A request is being answered elsewhere; input waits.
        case awaitingReply
        case webSocket
        /// Nothing more is read: the last answer is on its way.
        case ending
    }

    var stage: Stage
    var endpoint: UInt8 = 0
    /// Whether the request that is being answered was HEAD, and whether its connection stays open afterwards.
    var answersHead = false
    var keepsAlive = true
    /// Whether an endpoint has this socket.
    var isServed = false
    /// What this session holds of incomplete input, as far as the host has added it up.
    var accountedBytes: UInt32 = 0
    /// Input that came while it could not be dealt with; then the socket is not read.
    var isHolding = false
    /// Raised with every request that is answered later, so that an old reply meets no new request.
    var ticket: UInt32 = 0
    /// When what is awaited must have come, in the loop's milliseconds; the wheel's timer may be earlier.
    var deadline: UInt64
    /// When the wheel's timer fires; 0 if none is set.
    var timer: UInt64 = 0
    /// When the request that is being answered was complete, in monotonic nanoseconds.
    var requestBegan: UInt64 = 0
    /// The client, as the kernel or a trusted balancer's PROXY header names it.
    var peer: SocketAddress?
    /// Whether the balancer says that the client came over TLS.
    var isSecure = false
    var proxyParser: ProxyHeaderParser?
    var parser = HTTPRequestParser()
    var socket: WebSocketSession?
    var held: [UInt8] = []

    /// Whether it stands between two requests, with nothing to send.
    var isIdle: Bool { self.stage == .requests && self.parser.phase == .idle && !self.isHolding }
}
