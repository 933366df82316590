internal import Reactor

/// Where sockets come from. One address has some 28,000 ports to one server, so workers that meet a server of this machine
/// come from addresses of their own.
enum SourceAddresses {
    /// The addresses that a worker uses in turn; empty lets the kernel choose.
    static func choose(_ plan: Plan, worker: Int, target: SocketAddress) -> [SocketAddress] {
        guard plan.sources.isEmpty else { return plan.sources.compactMap { SocketAddress($0, port: 0) } }
        guard !target.isIPv6, target.addressBytes.first == 127 else { return [] }
        return (0..<2).compactMap { part in
            SocketAddress("127.0.\(1 + worker / 100).\(1 + worker % 100 * 2 + part)", port: 0)
        }
    }
}
