import Reactor
import Realtime
import Shared
import Wire

/// The configuration in the words of the network floor.
extension NodeConfiguration {
    var loopOptions: LoopOptions {
        var options = LoopOptions()
        options.outboxBytes = self.limits.outboxBytes
        options.outboxBytesTotal = max(self.limits.outboxBytes, self.limits.outboxTotalBytes / self.loops)
        return options
    }

    /// Without a setting, what descriptors allow, less some for files, stores and the loops themselves.
    var connectionLimit: Int {
        let stores = self.databaseConnections + 2 * self.redisServers.count
        let free = OpenDescriptors.limit - Self.reservedDescriptors - 4 * (self.loops + 1) - stores
        return self.limits.connections ?? min(max(16, free), Self.mostConnections)
    }

    /// What one node takes unless it is told otherwise, where containers allow a billion descriptors.
    static let mostConnections = 1 << 20

    static let reservedDescriptors = 64

    var proxies: TrustedProxies { TrustedProxies(self.trustedProxies.compactMap { CIDR($0) }) }

    var sessionTerms: SessionTerms {
        var terms = SessionTerms()
        terms.http = HTTPLimits(
            requestLine: min(8192, self.limits.headerBytes), fieldLine: min(8192, self.limits.headerBytes),
            head: min(self.limits.headerBytes, 65_535), body: self.limits.bodyBytes)
        terms.headMilliseconds = UInt64(self.limits.headerSeconds) * 1000
        terms.bodyMilliseconds = UInt64(self.limits.bodySeconds) * 1000
        terms.idleMilliseconds = UInt64(self.limits.idleSeconds) * 1000
        if self.acceptsProxyProtocol { terms.proxyProtocol = .init(trusted: self.proxies) }
        return terms
    }
}
