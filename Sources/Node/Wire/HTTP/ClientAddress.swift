/// Who sent a request, as far as can be trusted.
package struct ClientAddress: Sendable, Equatable {
    package var address: IPAddress
    /// A trusted proxy says that the client came over TLS.
    package var isSecure: Bool

    package init(address: IPAddress, isSecure: Bool) {
        self.address = address
        self.isSecure = isSecure
    }
}

/// The proxies whose word about the client counts.
package struct TrustedProxies: Sendable, Equatable {
    private let blocks: [CIDR]

    /// No block at all means: the TCP peer is the client.
    package init(_ blocks: [CIDR]) {
        self.blocks = blocks
    }

    /// Whether the address may speak for others.
    package func contains(_ address: IPAddress) -> Bool {
        self.blocks.contains { $0.contains(address) }
    }

    /// The client behind `peer`: the rightmost address in `X-Forwarded-For` that is no trusted proxy.
    ///
    /// What stands left of that address was written by the client and proves nothing. An item that is no address ends
    /// the search: the last address before it is the best that is known.
    package func client(peer: IPAddress, request: HTTPRequest) -> ClientAddress {
        guard self.contains(peer) else { return ClientAddress(address: peer, isSecure: false) }
        let scheme = request.list(.xForwardedProto).last?.lowercased()
        var client = ClientAddress(address: peer, isSecure: scheme == "https")
        for item in request.list(.xForwardedFor).reversed() {
            guard let address = TrustedProxies.address(inForwarded: item) else { break }
            client.address = address
            guard self.contains(address) else { break }
        }
        return client
    }

    /// Some proxies add a port: `192.0.2.1:4711`, `[2001:db8::1]:4711`.
    private static func address(inForwarded item: String) -> IPAddress? {
        if let address = IPAddress(item) { return address }
        if item.first == "[", let end = item.firstIndex(of: "]") {
            let port = item[item.index(after: end)...]
            guard port.isEmpty || port.first == ":" && self.isPort(port.dropFirst()) else { return nil }
            return IPAddress(String(item[item.index(after: item.startIndex)..<end]))
        }
        guard let colon = item.firstIndex(of: ":"), self.isPort(item[item.index(after: colon)...]) else { return nil }
        return IPAddress(String(item[..<colon]))
    }

    private static func isPort(_ text: Substring) -> Bool {
        (1...5).contains(text.utf8.count) && text.utf8.allSatisfy { $0.decimalValue != nil }
    }
}
