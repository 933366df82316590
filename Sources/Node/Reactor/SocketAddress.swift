internal import Glibc

/// An IPv4 or IPv6 address with a port. Names are not resolved here: that would block a loop.
package struct SocketAddress: Hashable, Sendable, CustomStringConvertible {
    /// 16 bytes in network order; an IPv4 address stands in the first four.
    private var high: UInt64 = 0
    private var low: UInt64 = 0
    package private(set) var isIPv6 = false
    package var port: UInt16 = 0

    /// The four or sixteen bytes of the address, in network order.
    package var addressBytes: [UInt8] {
        let all = withUnsafeBytes(of: self.high) { Array($0) } + withUnsafeBytes(of: self.low) { Array($0) }
        return self.isIPv6 ? all : Array(all[..<4])
    }

    /// Takes a numeric address such as `127.0.0.1` or `::1`; anything else gives `nil`.
    package init?(_ text: String, port: UInt16) {
        var bytes = (UInt64(0), UInt64(0))
        let family = text.contains(":") ? AF_INET6 : AF_INET
        guard inet_pton(family, text, &bytes) == 1 else { return nil }
        self.isIPv6 = family == AF_INET6
        (self.high, self.low) = bytes
        self.port = port
    }

    init?(_ storage: sockaddr_storage) {
        var storage = storage
        switch CInt(storage.ss_family) {
        case AF_INET:
            // Safety: the kernel says that the storage holds a `sockaddr_in`.
            let address = withUnsafeBytes(of: &storage) { $0.load(as: sockaddr_in.self) }
            withUnsafeBytes(of: address.sin_addr) { from in
                withUnsafeMutableBytes(of: &self.high) { $0.copyMemory(from: from) }
            }
            self.port = UInt16(bigEndian: address.sin_port)
        case AF_INET6:
            // Safety: the kernel says that the storage holds a `sockaddr_in6`.
            let address = withUnsafeBytes(of: &storage) { $0.load(as: sockaddr_in6.self) }
            (self.high, self.low) = withUnsafeBytes(of: address.sin6_addr) {
                ($0.load(as: UInt64.self), $0.load(fromByteOffset: 8, as: UInt64.self))
            }
            self.isIPv6 = true
            self.port = UInt16(bigEndian: address.sin6_port)
        default:
            return nil
        }
    }

    var family: CInt { self.isIPv6 ? AF_INET6 : AF_INET }

    func withSocketAddress<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        var storage = sockaddr_storage()
        let length: Int
        if self.isIPv6 {
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = self.port.bigEndian
            withUnsafeMutableBytes(of: &address.sin6_addr) {
                $0.storeBytes(of: self.high, as: UInt64.self)
                $0.storeBytes(of: self.low, toByteOffset: 8, as: UInt64.self)
            }
            withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: address, as: sockaddr_in6.self) }
            length = MemoryLayout<sockaddr_in6>.size
        } else {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = self.port.bigEndian
            address.sin_addr.s_addr = UInt32(truncatingIfNeeded: self.high)
            withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: address, as: sockaddr_in.self) }
            length = MemoryLayout<sockaddr_in>.size
        }
        // Safety: the storage outlives the call and holds an address of `length` bytes.
        return withUnsafePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(length)) }
        }
    }

    /// For example `127.0.0.1:8080` or `[::1]:8080`.
    package var description: String {
        self.isIPv6 ? "[\(self.host)]:\(self.port)" : "\(self.host):\(self.port)"
    }

    /// The address without the port.
    package var host: String {
        var bytes = (self.high, self.low)
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        _ = inet_ntop(self.family, &bytes, &text, socklen_t(text.count))
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
