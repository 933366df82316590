package import Glibc
internal import Shared

/// A program that a test starts: in a process group of its own, with its output in a file, and never longer than the test.
package final class ChildProcess: Sendable {
    package let pid: pid_t
    private let isReaped = Locked(false)

    /// Starts a program found by its path, as the user of that number if one is given.
    package init(_ arguments: [String], log: String) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // Threads of tests block signals; the program shall hear them.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETPGROUP))
        var pid = pid_t()
        let strings = arguments.map { strdup($0) } + [nil]
        defer { for string in strings { free(string) } }
        let result = posix_spawnp(&pid, arguments[0], &actions, &attributes, strings, environ)
        guard result == 0 else { throw SystemError("posix_spawn \(arguments[0])", errno: result) }
        self.pid = pid
    }

    deinit { self.kill() }

    /// The process and all that it started, also in other sessions.
    package var family: [pid_t] {
        var all = [self.pid]
        var next = 0
        while next < all.count {
            let path = "/proc/\(all[next])/task/\(all[next])/children"
            next += 1
            guard let file = fopen(path, "r") else { continue }
            defer { fclose(file) }
            var text = [CChar](repeating: 0, count: 4096)
            while fgets(&text, CInt(text.count), file) != nil {
                let line = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
                all += line.split(separator: " ").compactMap { pid_t($0) }
            }
        }
        return all
    }

    /// Sends a signal to all of the family: nothing of it is left to act when the first notices.
    package func signal(_ number: CInt) {
        self.isReaped.withLock { isReaped in
            guard !isReaped else { return }
            // A parent that stands still buries nobody: the numbers of its children stay theirs while they are counted.
            if number == SIGSTOP { _ = Glibc.kill(self.pid, number) }
            // Who was born while the family was counted is in the second count: its parent has had the signal by then.
            for _ in 0..<2 { for pid in self.family { _ = Glibc.kill(pid, number) } }
        }
    }

    /// Ends all of the family at once and waits for it: what they shared is free again.
    package func kill() {
        self.signal(SIGSTOP)
        let family = self.isReaped.withLock { $0 } ? [] : self.family
        self.signal(SIGKILL)
        self.reap()
        while family.contains(where: Self.isRunning) { usleep(1_000) }
    }

    /// A zombie has a number but runs no more.
    private static func isRunning(_ pid: pid_t) -> Bool {
        guard let file = fopen("/proc/\(pid)/stat", "r") else { return false }
        defer { fclose(file) }
        var text = [CChar](repeating: 0, count: 512)
        guard fgets(&text, CInt(text.count), file) != nil else { return false }
        let line = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        return !(line.split(separator: ")").last ?? "").hasPrefix(" Z")
    }

    /// Asks the process itself to end. One that was waited for has no number any more.
    package func terminate(with number: CInt = SIGTERM) {
        self.isReaped.withLock { if !$0 { _ = Glibc.kill(self.pid, number) } }
    }

    /// Waits for its end, and gives its exit code.
    @discardableResult
    package func reap() -> CInt {
        self.isReaped.withLock { isReaped in
            guard !isReaped else { return 0 }
            isReaped = true
            var status: CInt = 0
            while waitpid(self.pid, &status, 0) < 0 && errno == EINTR {}
            return status
        }
    }

    /// Runs a program to its end.
    package static func run(_ arguments: [String], log: String) throws {
        let status = try ChildProcess(arguments, log: log).reap()
        guard status == 0 else { throw TestDatabase.Missing(description: "\(arguments[0]) failed, see \(log)") }
    }
}
