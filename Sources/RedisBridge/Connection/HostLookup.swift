internal import Glibc
internal import Reactor
internal import Shared

/// Finds the addresses behind a name on a thread of its own, because the resolver blocks for as long as it likes.
enum HostLookup {
    /// Calls `found` once, from another thread; with nothing if the name is unknown.
    static func find(_ host: String, port: UInt16, _ found: @escaping @Sendable ([SocketAddress]) -> Void) {
        do throws(SystemError) {
            try spawnThread(named: "redis-lookup") { found(self.resolve(host, port: port)) }
        } catch {
            found([])
        }
    }

    private static func resolve(_ host: String, port: UInt16) -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var next = list
        // Safety: the list is the resolver's until `freeaddrinfo`, which runs when this function returns.
        while let entry = next {
            next = entry.pointee.ai_next
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            let isText = getnameinfo(
                entry.pointee.ai_addr, entry.pointee.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
            guard isText == 0 else { continue }
            let numeric = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            if let address = SocketAddress(numeric, port: port), !addresses.contains(address) {
                addresses.append(address)
            }
        }
        return addresses
    }
}
