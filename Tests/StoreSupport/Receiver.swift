internal import Glibc
internal import Shared

/// Somebody else's HTTP server on this machine, for tests: it does what it is told to with each request, and remembers them
/// all. One connection after the other, on a thread of its own.
package final class Receiver: Sendable {
    /// A request as it came.
    package struct Request: Sendable {
        package let line: String
        /// Names as they were sent.
        package let fields: [String: String]
        package let body: [UInt8]

        package var text: String { String(decoding: self.body, as: UTF8.self) }
    }

    /// What it does with a request.
    package enum Manner: Sendable {
        case answer(Int)
        /// These bytes, and the end.
        case says(String)
        /// Nothing, until whoever asked goes away or the time is up.
        case silence(Duration)
        /// A status, and a body without end.
        case torrent
        /// The end of the connection.
        case hangUp
        /// A byte now and then, so that no wait for the next one is ever too long.
        case trickle
    }

    package let port: UInt16
    private let descriptor: CInt
    private let state: Locked<[Request]>
    private let isStopped = Locked(false)

    /// - Parameter manner: asked with each request and how many came before it.
    package init(_ manner: @escaping @Sendable (_ request: Request, _ number: Int) -> Manner) throws {
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        // Safety: the structure is a socket address of that length during the calls.
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, length) == 0 && listen(descriptor, 64) == 0
                    && getsockname(descriptor, address, &length) == 0
            }
        }
        guard isListening else { throw SystemError("listen") }
        self.descriptor = descriptor
        self.port = UInt16(bigEndian: address.sin_port)
        self.state = Locked([])
        let (state, isStopped) = (self.state, self.isStopped)
        try spawnThread(named: "receiver") {
            while true {
                let peer = accept(descriptor, nil, nil)
                guard peer >= 0, !isStopped.withLock({ $0 }) else {
                    if peer >= 0 { close(peer) }
                    break
                }
                Self.serve(peer, state, isStopped, manner)
                close(peer)
            }
            close(descriptor)
        }
    }

    deinit { self.stop() }

    /// Listens no more.
    package func stop() {
        let wasStopped = self.isStopped.withLock { isStopped in
            defer { isStopped = true }
            return isStopped
        }
        // Wakes the thread, which closes it.
        if !wasStopped { shutdown(self.descriptor, CInt(SHUT_RDWR)) }
    }

    package var url: String { "http://127.0.0.1:\(self.port)/hook?a=1" }

    /// All that came, in their order.
    package var requests: [Request] { self.state.withLock { $0 } }

    private static func serve(
        _ peer: CInt, _ state: Locked<[Request]>, _ isStopped: Locked<Bool>, _ manner: (Request, Int) -> Manner
    ) {
        var timeout = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        guard let request = Self.read(peer) else { return }
        let number = state.withLock { requests in
            requests.append(request)
            return requests.count - 1
        }
        switch manner(request, number) {
        case .answer(let status): _ = Self.send(peer, "HTTP/1.1 \(status) So\r\nContent-Length: 2\r\n\r\nok")
        case .says(let text): _ = Self.send(peer, text)
        case .hangUp: break
        case .silence(let limit):
            let end = SystemClock.monotonicNanoseconds + UInt64(limit / .nanoseconds(1))
            while SystemClock.monotonicNanoseconds < end, !isStopped.withLock({ $0 }), !Self.hasEnded(peer) {}
        case .torrent:
            var isTaken = Self.send(peer, "HTTP/1.1 200 OK\r\n\r\n")
            let flood = String(repeating: "x", count: 65_536)
            while isTaken, !isStopped.withLock({ $0 }) { isTaken = Self.send(peer, flood) }
        case .trickle:
            var isTaken = Self.send(peer, "HTTP/1.1 103 Early Hints\r\nA: ")
            while isTaken, !isStopped.withLock({ $0 }), !Self.hasEnded(peer) { isTaken = Self.send(peer, "b") }
        }
    }

    /// Whether the peer has closed; waits a moment for it.
    private static func hasEnded(_ peer: CInt) -> Bool {
        var entry = pollfd(fd: peer, events: CShort(POLLIN), revents: 0)
        return poll(&entry, 1, 20) > 0
    }

    private static func send(_ peer: CInt, _ text: String) -> Bool {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let sent = bytes.withUnsafeBytes { Glibc.send(peer, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
            guard sent > 0 else { return false }
            bytes = bytes.dropFirst(sent)
        }
        return true
    }

    private static func read(_ peer: CInt) -> Request? {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            if let request = Self.request(bytes) { return request }
            let count = recv(peer, &buffer, buffer.count, 0)
            guard count > 0 else { return nil }
            bytes += buffer[..<count]
        }
    }

    /// `nil` until all of it is there.
    private static func request(_ bytes: [UInt8]) -> Request? {
        let ends = bytes.indices.first { bytes[$0...].starts(with: "\r\n\r\n".utf8) }
        guard let end = ends else { return nil }
        let lines = String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\r\n")
        var fields: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            fields[String(line[..<colon])] = String(line[line.index(after: colon)...].drop { $0 == " " })
        }
        let body = Array(bytes[(end + 4)...])
        guard body.count >= Int(fields["Content-Length"] ?? "0") ?? 0 else { return nil }
        return Request(line: String(lines.first ?? ""), fields: fields, body: body)
    }
}
