package import Reactor
package import Wire

/// The door between connections and what is done for them: the one thing that sessions know of the rest of the node.
///
/// It is asked on an event loop's thread and must not block there: what takes time is answered `.later`.
package protocol HTTPService: Sendable {
    /// Says what becomes of a complete request.
    func answer(_ request: HTTPRequest, in context: HTTPContext) -> HTTPAnswer

    /// Says, before the body is read, how many bytes of it are wanted, or refuses the request.
    func welcome(_ head: HTTPRequest, in context: HTTPContext) -> HTTPWelcome
}

/// Where a request came in; not to be kept beyond the call.
package struct HTTPContext {
    /// The loop that asks.
    package let loop: EventLoop
    /// The TCP peer, or whom a trusted balancer's PROXY header named.
    package let peer: SocketAddress?
    /// Whether that header said that the client came over TLS.
    package let isSecure: Bool

    /// Who asks: the peer, or, if that is a trusted proxy, whom its `X-Forwarded-For` names.
    package func client(of request: HTTPRequest, trusting proxies: TrustedProxies) -> ClientAddress? {
        guard let peer = self.peer?.ip else { return nil }
        var client = proxies.client(peer: peer, request: request)
        if self.isSecure { client.isSecure = true }
        return client
    }
}

extension SocketAddress {
    /// The address alone, as the protocols know it.
    var ip: IPAddress? { IPAddress(networkBytes: self.addressBytes) }
}

/// What becomes of a request.
package enum HTTPAnswer {
    /// The response is here.
    case now(HTTPResponse)
    /// A response that never changes but for its date: the cheapest there is.
    case prebuilt(HTTPPrebuiltResponse)
    /// The response comes through the reply, from whatever thread; the connection's next request waits for it.
    case later((HTTPReply) -> Void)
    /// The connection becomes a WebSocket of the endpoint with this number.
    case upgrade(endpoint: Int)
}

/// What is said to a request whose body has not been read.
package enum HTTPWelcome {
    case bodyUpTo(Int)
    case refused(HTTPResponse)
}

/// The promise of one response: to be kept from any thread, once. A second response, or one that comes when the
/// connection is gone, is dropped.
package struct HTTPReply: Sendable {
    let loop: LoopHandle
    let id: ConnectionID
    let ticket: UInt32

    package func send(_ response: HTTPResponse) {
        let (id, ticket) = (self.id, self.ticket)
        self.loop.post { loop in (loop.handler(of: id) as? SessionHost)?.deliver(response, to: id, ticket: ticket) }
    }
}
