internal import CLinux
internal import Glibc
internal import Shared

/// A file descriptor with exactly one owner, closed when the owner goes.
struct Descriptor: ~Copyable {
    let raw: CInt

    init(owning raw: CInt) { self.raw = raw }

    deinit { _ = Glibc.close(self.raw) }

    /// Gives the descriptor away without closing it.
    consuming func release() -> CInt {
        let raw = self.raw
        discard self
        return raw
    }
}

/// How the kernel finds out that a silent peer is gone.
package struct TCPLiveness: Sendable {
    /// Seconds of silence before the first probe.
    package var keepaliveIdle: CInt = 30
    /// Seconds between probes.
    package var keepaliveInterval: CInt = 10
    /// Probes without an answer before the connection is given up.
    package var keepaliveProbes: CInt = 3
    /// Milliseconds that sent bytes may stay unacknowledged.
    package var userTimeoutMilliseconds: CInt = 30_000

    package init() {}
}

extension Descriptor {
    /// A stream socket that never blocks and is not inherited by children.
    static func stream(_ family: CInt) throws(SystemError) -> Descriptor {
        let type = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        return Descriptor(owning: try systemCall("socket") { socket(family, type, 0) })
    }

    /// A listening socket. What is set here is inherited by the sockets that it accepts, so that accepting costs one call.
    static func listening(
        at address: SocketAddress, backlog: CInt, liveness: TCPLiveness, sharesPort: Bool
    ) throws(SystemError) -> Descriptor {
        let listener = try Descriptor.stream(address.family)
        try listener.set(SOL_SOCKET, SO_REUSEADDR, 1)
        if sharesPort { try listener.set(SOL_SOCKET, SO_REUSEPORT, 1) }
        if address.isIPv6 { try listener.set(CInt(IPPROTO_IPV6), IPV6_V6ONLY, 0) }
        try listener.setUpStream(liveness)
        try systemCall("bind") { address.withSocketAddress { bind(listener.raw, $0, $1) } }
        try systemCall("listen") { listen(listener.raw, backlog) }
        return listener
    }

    /// No delay for small writes, and no connection that is dead without our knowing.
    func setUpStream(_ liveness: TCPLiveness) throws(SystemError) {
        let tcp = CInt(IPPROTO_TCP)
        try self.set(tcp, TCP_NODELAY, 1)
        try self.set(SOL_SOCKET, SO_KEEPALIVE, 1)
        try self.set(tcp, TCP_KEEPIDLE, liveness.keepaliveIdle)
        try self.set(tcp, TCP_KEEPINTVL, liveness.keepaliveInterval)
        try self.set(tcp, TCP_KEEPCNT, liveness.keepaliveProbes)
        try self.set(tcp, TCP_USER_TIMEOUT, liveness.userTimeoutMilliseconds)
    }

    func set(_ level: CInt, _ option: CInt, _ value: CInt) throws(SystemError) {
        var value = value
        try systemCall("setsockopt") {
            setsockopt(self.raw, level, option, &value, socklen_t(MemoryLayout<CInt>.size))
        }
    }

    /// The address that the kernel gave a socket, port included.
    var localAddress: SocketAddress? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        // Safety: the storage is large enough for every address family.
        let result = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(self.raw, $0, &length) }
        }
        return result == 0 ? SocketAddress(storage) : nil
    }
}
