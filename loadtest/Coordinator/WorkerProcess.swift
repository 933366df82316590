internal import Glibc
internal import Shared

/// A worker as the coordinator sees it: a child process, a pipe to it and a pipe from it.
final class WorkerProcess {
    let role: WorkerRole
    private let pid: pid_t
    /// Closed when the worker is to end.
    private var orders: CInt
    /// Readable while the worker reports; -1 after its end.
    private(set) var reports: CInt
    private var lines = LineBuffer()
    private var hasBeenReaped = false

    /// Starts this program again with `arguments`.
    init(_ role: WorkerRole, arguments: [String]) throws(SystemError) {
        let (ordersRead, ordersWrite) = try Self.pipe()
        let (reportsRead, reportsWrite) = try Self.pipe()
        defer {
            Glibc.close(ordersRead)
            Glibc.close(reportsWrite)
        }
        self.role = role
        self.orders = ordersWrite
        self.reports = reportsRead
        self.pid = try Self.spawn(["loadtest"] + role.arguments + arguments, input: ordersRead, output: reportsWrite)
    }

    deinit { self.end() }

    private static func pipe() throws(SystemError) -> (read: CInt, write: CInt) {
        var ends: [CInt] = [-1, -1]
        try systemCall("pipe") { Glibc.pipe(&ends) }
        // Workers must not hold each other's pipes: none would see its own end.
        for end in ends { try systemCall("fcntl") { fcntl(end, F_SETFD, FD_CLOEXEC) } }
        return (ends[0], ends[1])
    }

    private static func spawn(_ words: [String], input: CInt, output: CInt) throws(SystemError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // A process group of its own: Ctrl-C on the terminal is for the coordinator, who then asks for what there is.
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
        posix_spawnattr_setpgroup(&attributes, 0)
        // Safety: the copies live until the call is over, and the list ends with a null.
        let copies = words.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        var pid: pid_t = 0
        let result = posix_spawn(&pid, "/proc/self/exe", &actions, &attributes, copies + [nil], environ)
        guard result == 0 else { throw SystemError("posix_spawn", errno: result) }
        return pid
    }

    /// A worker that is gone is noticed at its output.
    func send(_ order: WorkerOrder) {
        _ = PipeIO.writeAll(Array((order.line + "\n").utf8), to: self.orders)
    }

    /// Reads what is there; to be called when `reports` is readable.
    ///
    /// - Returns: the reports, or `nil` at the end of the worker's output.
    func receive() -> [WorkerReport]? {
        var chunk = [UInt8](repeating: 0, count: 65536)
        let count = read(self.reports, &chunk, chunk.count)
        if count < 0, errno == EINTR { return [] }
        guard count > 0 else {
            Glibc.close(self.reports)
            self.reports = -1
            return nil
        }
        return self.lines.feed(chunk[..<count]).compactMap { WorkerReport(line: $0) }
    }

    /// Waits until the worker has ended by itself, kills it at the deadline, and buries it.
    func end(within milliseconds: Int = 0) {
        for _ in 0..<(milliseconds / 10) where !self.reap(WNOHANG) { usleep(10_000) }
        if !self.hasBeenReaped { kill(self.pid, SIGKILL) }
        _ = self.reap(0)
        if self.orders >= 0 { Glibc.close(self.orders) }
        if self.reports >= 0 { Glibc.close(self.reports) }
        (self.orders, self.reports) = (-1, -1)
    }

    private func reap(_ options: CInt) -> Bool {
        if self.hasBeenReaped { return true }
        var status: CInt = 0
        let result = waitpid(self.pid, &status, options)
        self.hasBeenReaped = result == self.pid || (result < 0 && errno != EINTR)
        return self.hasBeenReaped
    }
}
