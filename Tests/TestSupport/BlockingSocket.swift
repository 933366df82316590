internal import Glibc

/// A plain blocking TCP client for tests: what a peer does, said in a few words.
package final class BlockingSocket: Sendable {
    private let descriptor: CInt

    /// Connects to a port of this machine.
    package init(port: UInt16, receiveBuffer: CInt? = nil) {
        self.descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        if var size = receiveBuffer {
            setsockopt(self.descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<CInt>.size))
        }
        var timeout = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(self.descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(self.descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        precondition(result == 0, "connect to port \(port): \(String(cString: strerror(errno)))")
    }

    deinit { close(self.descriptor) }

    /// Sends all of it.
    package func send(_ bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(self.descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            sent += count
        }
    }

    package func send(_ text: String) { self.send(Array(text.utf8)) }

    /// What came, at most `limit` bytes; empty at the end of the stream, `nil` after a reset or ten silent seconds.
    package func receive(atMost limit: Int = 65536) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: limit)
        let count = recv(self.descriptor, &bytes, limit, 0)
        return count < 0 ? nil : Array(bytes[..<count])
    }

    /// Reads exactly `count` bytes, or what there was before the end.
    package func receive(exactly count: Int) -> [UInt8] {
        var all: [UInt8] = []
        while all.count < count, let more = self.receive(atMost: count - all.count), !more.isEmpty { all += more }
        return all
    }

    /// Reads to the end of the stream; `nil` if it ended in a reset or not at all.
    package func receiveToEnd() -> [UInt8]? {
        var all: [UInt8] = []
        while let more = self.receive() {
            if more.isEmpty { return all }
            all += more
        }
        return nil
    }

    /// Says that nothing more will be sent.
    package func endOutput() { shutdown(self.descriptor, CInt(SHUT_WR)) }
}
