internal import Glibc
internal import Shared

/// A PostgreSQL server of one test, to be killed, paused and started again. It is reached through a socket in its own folder
/// and goes with the last reference.
package final class PrivatePostgres: Sendable {
    package let folder: String
    private let process = Locked<ChildProcess?>(nil)

    private static let programs = "/usr/lib/postgresql/15/bin"

    /// Prepares the data; the server is not started.
    package static func make() async throws -> PrivatePostgres { try await onOwnThread { try PrivatePostgres() } }

    private init() throws {
        var template = Array("/tmp/bellhop-test-pg.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemError("mkdtemp") }
        self.folder = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        if geteuid() == 0, let user = getpwnam("postgres") {
            chown(self.folder, user.pointee.pw_uid, user.pointee.pw_gid)
        }
        try ChildProcess.run(
            Self.asPostgres([
                "\(Self.programs)/initdb", "-D", "\(self.folder)/data", "-U", "postgres", "-A", "trust", "--no-sync",
                "--encoding=UTF8", "--locale=C.UTF-8",
            ]), log: "\(self.folder)/initdb.log")
    }

    deinit {
        self.process.withLock { $0?.kill() }
        _ = try? ChildProcess.run(["rm", "-rf", self.folder], log: "/dev/null")
    }

    /// The superuser's.
    package var uri: String { "postgresql://postgres@/postgres?host=\(self.folder)" }

    /// Starts it and returns at once, whether it is ready or not.
    ///
    /// - Parameter settings: as in `postgresql.conf`, `name=value`.
    package func start(_ settings: [String] = []) throws {
        let process = try ChildProcess(
            Self.asPostgres(
                ["\(Self.programs)/postgres", "-D", "\(self.folder)/data", "-k", self.folder]
                    + (["listen_addresses=", "unix_socket_permissions=0777", "timezone=UTC"] + settings).flatMap {
                        ["-c", $0]
                    }),
            log: "\(self.folder)/server.log")
        self.process.withLock { $0 = process }
    }

    /// Starts it and waits until it takes connections.
    package func startAndWait(_ settings: [String] = []) async throws {
        try self.start(settings)
        let isReady = try await eventually(within: .seconds(30)) {
            try await onOwnThread { [folder = self.folder] in
                let check = ["\(Self.programs)/pg_isready", "-q", "-h", folder]
                return try ChildProcess(check, log: "\(folder)/ready.log").reap() == 0
            }
        }
        guard isReady else { throw TestDatabase.Missing(description: "PostgreSQL did not start, see \(self.folder)") }
    }

    /// Ends all its processes at once, as a power cut does.
    package func kill() async throws { try await self.withProcess { $0.kill() } }

    /// Stops all its processes where they stand.
    package func pause() { self.process.withLock { $0?.signal(SIGSTOP) } }

    /// Lets them go on.
    package func goOn() { self.process.withLock { $0?.signal(SIGCONT) } }

    /// Ends its sessions and then itself, as an administrator does.
    package func shutDown() async throws {
        try await self.withProcess { process in
            process.terminate(with: SIGINT)
            process.reap()
        }
    }

    private func withProcess(_ body: @escaping @Sendable (ChildProcess) -> Void) async throws {
        guard let process = self.process.withLock({ $0 }) else { return }
        try await onOwnThread { body(process) }
    }

    /// PostgreSQL refuses to run as root; Debian's package brings a user for it.
    package static func asPostgres(_ arguments: [String]) -> [String] {
        guard geteuid() == 0 else { return arguments }
        return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--reset-env", "--"] + arguments
    }
}
