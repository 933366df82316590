internal import Glibc
internal import Synchronization

/// How often Ctrl-C was pressed. The only global state of the program: a signal handler can reach nothing else.
enum Interrupts {
    private static let count = Atomic<Int>(0)

    /// From now on SIGINT and SIGTERM are counted instead of ending the process.
    static func watch() {
        // Makes the global exist before a handler may touch it.
        Self.count.store(0, ordering: .relaxed)
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            Glibc.signal(signal) { _ in Interrupts.count.wrappingAdd(1, ordering: .relaxed) }
        }
    }

    /// How many came since the last call.
    static func take() -> Int { Self.count.exchange(0, ordering: .relaxed) }
}
