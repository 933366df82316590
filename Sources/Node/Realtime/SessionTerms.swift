package import Wire

/// What every connection of the node is allowed, before anyone knows who is behind it.
package struct SessionTerms: Sendable {
    package var http = HTTPLimits()
    /// Milliseconds from the connection, or from the first byte of a request, until its head is complete.
    package var headMilliseconds: UInt64 = 10_000
    /// Milliseconds from the head until the body is complete.
    package var bodyMilliseconds: UInt64 = 60_000
    /// Milliseconds that a connection may stay open between two requests.
    package var idleMilliseconds: UInt64 = 75_000
    /// Bytes of incomplete requests and messages that all connections of one loop may hold together.
    package var heldBytesTotal = 256 << 20
    /// Whether each connection from a trusted proxy starts with a PROXY protocol header.
    package var proxyProtocol: ProxyProtocol?

    package init() {}

    /// From whom a PROXY header is expected.
    package struct ProxyProtocol: Sendable {
        /// The balancers; others that connect are refused.
        package var trusted: TrustedProxies

        package init(trusted: TrustedProxies) { self.trusted = trusted }
    }
}
