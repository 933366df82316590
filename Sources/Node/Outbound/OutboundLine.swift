internal import CTLS
internal import Glibc
internal import Ports
internal import Shared

/// A connection to somebody else's server: whatever it does waits no longer than it may. Used by the thread that made it.
final class OutboundLine {
    typealias Failure = WebhookAnswer.Failure

    private let descriptor: CInt
    /// Owned, like the descriptor.
    private var tls: OpaquePointer?

    /// Connects.
    init(to place: ServerPlaces.Place, by deadline: Deadline) throws(Failure) {
        let type = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(place.family, type, 0)
        guard descriptor >= 0 else { throw .busy }
        self.descriptor = descriptor
        self.tls = nil
        var on: CInt = 1
        setsockopt(descriptor, CInt(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<CInt>.size))
        // Safety: the bytes are a socket address of their length, read during the call.
        let result = place.bytes.withUnsafeBytes { bytes in
            guard let address = bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self) else { return CInt(-1) }
            return Glibc.connect(descriptor, address, socklen_t(bytes.count))
        }
        if result == 0 { return }
        guard errno == EINPROGRESS || errno == EINTR else { throw .unreachable }
        try Self.wait(descriptor, CShort(POLLOUT), deadline)
        var (error, size) = (CInt(0), socklen_t(MemoryLayout<CInt>.size))
        guard getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) == 0, error == 0 else { throw .unreachable }
    }

    deinit {
        if let tls = self.tls { bellhop_tls_free(tls) }
        close(self.descriptor)
    }

    /// Goes on in TLS, when the server has proved who it is.
    func secure(by trust: TLSTrust, as host: String, by deadline: Deadline) throws(Failure) {
        let isAddress = NetworkText.isIPv4(host) || NetworkText.isIPv6(host)
        guard let tls = trust.open(self.descriptor, as: host, isAddress: isAddress) else { throw .tls }
        self.tls = tls
        while true {
            let result = bellhop_tls_handshake(tls)
            if result == 1 { return }
            try self.wait(for: result, .tls, deadline)
        }
    }

    /// Sends all of it.
    func send(_ bytes: [UInt8], by deadline: Deadline) throws(Failure) {
        var start = 0
        while start < bytes.count {
            let part = bytes[start..<min(start + 65_536, bytes.count)]
            // Safety: the part lives during the call.
            let sent = part.withUnsafeBytes { part in
                if let tls = self.tls { return Int(bellhop_tls_write(tls, part.baseAddress, CInt(part.count))) }
                let sent = Glibc.send(self.descriptor, part.baseAddress, part.count, CInt(MSG_NOSIGNAL))
                return sent >= 0 ? sent : Self.word(ifBlocked: CInt(BELLHOP_TLS_WANTS_WRITE))
            }
            if sent > 0 { start += sent } else { try self.wait(for: CInt(sent), .closed, deadline) }
        }
    }

    /// - Returns: how many bytes came; 0 when no more will.
    func receive(_ buffer: inout [UInt8], by deadline: Deadline) throws(Failure) -> Int {
        while true {
            // Safety: the buffer lives during the call.
            let count = buffer.withUnsafeMutableBytes { buffer in
                if let tls = self.tls { return Int(bellhop_tls_read(tls, buffer.baseAddress, CInt(buffer.count))) }
                let count = recv(self.descriptor, buffer.baseAddress, buffer.count, 0)
                return count >= 0 ? count : Self.word(ifBlocked: CInt(BELLHOP_TLS_WANTS_READ))
            }
            if count >= 0 { return count }
            try self.wait(for: CInt(count), .closed, deadline)
        }
    }

    /// The word for a call that failed: to be tried again, or not.
    private static func word(ifBlocked word: CInt) -> Int {
        errno == EAGAIN || errno == EINTR ? Int(word) : Int(BELLHOP_TLS_FAILED)
    }

    /// Waits for what a call wants, or says why it never will come.
    private func wait(for word: CInt, _ failure: Failure, _ deadline: Deadline) throws(Failure) {
        switch word {
        case CInt(BELLHOP_TLS_WANTS_READ): try Self.wait(self.descriptor, CShort(POLLIN), deadline)
        case CInt(BELLHOP_TLS_WANTS_WRITE): try Self.wait(self.descriptor, CShort(POLLOUT), deadline)
        default: throw failure
        }
    }

    private static func wait(_ descriptor: CInt, _ events: CShort, _ deadline: Deadline) throws(Failure) {
        while true {
            let left = Int((deadline.left / .milliseconds(1)).rounded(.up))
            guard left > 0 else { throw .timedOut }
            var entry = pollfd(fd: descriptor, events: events, revents: 0)
            // Errors wake it, too; the next call finds them.
            if poll(&entry, 1, CInt(left)) > 0 { return }
        }
    }
}
