internal import Glibc

/// A Redis server of one test, that the test may pause, kill and start again. It keeps nothing on disk and ends with this
/// object, or with the test's process if that is ended first.
package final class PrivateRedis {
    /// Where it listens, from one start to the next.
    package let port: UInt16
    private let options: [String]
    private let folder: String
    private var process: pid_t = 0
    private var watcher: pid_t = 0
    /// Our end of what the watcher reads: it is closed in any case when this process ends.
    private var leash: CInt = -1

    /// Starts a server on a free port and waits until it answers.
    package init(options: [String] = []) {
        self.port = FreePort.any()
        self.options = options
        var template = Array("/tmp/bellhop-redis.XXXXXX".utf8CString)
        precondition(mkdtemp(&template) != nil, "no folder for a Redis")
        self.folder = String(decoding: template.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        self.start()
    }

    deinit {
        self.kill()
        unlink("\(self.folder)/log")
        rmdir(self.folder)
    }

    /// Starts it, again and empty; waits until it answers.
    package func start() {
        precondition(self.process == 0, "the server runs already")
        self.process = Self.spawn(
            [
                "redis-server", "--port", "\(self.port)", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
                "--dir", self.folder, "--logfile", "\(self.folder)/log",
            ] + self.options)
        var ends: [CInt] = [0, 0]
        // Closed in children from the start: another test may be starting its server at this very moment.
        let type = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        precondition(socketpair(AF_UNIX, type, 0, &ends) == 0, "no pair of sockets")
        self.leash = ends[1]
        self.watcher = Self.spawn(["sh", "-c", "read _; kill -KILL \(self.process)"], input: ends[0])
        close(ends[0])
        precondition(eventually { self.answers() }, "redis-server did not answer, see \(self.folder)/log")
    }

    /// Ends it without a farewell.
    package func kill() {
        guard self.process > 0 else { return }
        // The watcher does it, before the process is waited for: until then its number is nobody else's.
        close(self.leash)
        for process in [self.watcher, self.process] {
            var status: CInt = 0
            while waitpid(process, &status, 0) < 0, errno == EINTR {}
        }
        self.process = 0
    }

    private static func spawn(_ words: [String], input: CInt? = nil) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let input { posix_spawn_file_actions_adddup2(&actions, input, 0) }
        var arguments = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var process: pid_t = 0
        let result = posix_spawnp(&process, words[0], &actions, nil, &arguments, environ)
        precondition(result == 0, "\(words[0]): \(String(cString: strerror(result)))")
        return process
    }

    /// Stops its process, not its sockets: they accept and say nothing.
    package func pause() { Glibc.kill(self.process, SIGSTOP) }

    /// Lets a paused process go on.
    package func resume() { Glibc.kill(self.process, SIGCONT) }

    /// Says something to the server over a connection of its own, as `redis-cli` does.
    ///
    /// - Returns: what came back before the server closed, raw.
    @discardableResult
    package func command(_ words: String...) -> String {
        let socket = BlockingSocket(port: self.port)
        for line in [words, ["QUIT"]] {
            socket.send("*\(line.count)\r\n" + line.map { "$\($0.utf8.count)\r\n\($0)\r\n" }.joined())
        }
        return String(decoding: socket.receiveToEnd() ?? [], as: UTF8.self)
    }

    private func answers() -> Bool {
        FreePort.isTaken(self.port) && self.command("PING").contains { $0 == "+" || $0 == "-" }
    }
}

/// Ports of this machine on which nobody listens.
package enum FreePort {
    /// One that the kernel chose; it is free as long as nobody else asks for just that one.
    package static func any() -> UInt16 {
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        var address = self.address(0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        precondition(result, "no free port")
        return UInt16(bigEndian: address.sin_port)
    }

    /// Whether somebody listens there.
    static func isTaken(_ port: UInt16) -> Bool {
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        var address = self.address(port)
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }

    private static func address(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        return address
    }
}
