internal import Glibc
package import Shared

/// The event loops of a process, each on a thread of its own that is not one of Swift's concurrency pool.
package final class LoopGroup: Sendable {
    package let handles: [LoopHandle]
    private let threads: Locked<[pthread_t]>

    /// Starts `count` loops and waits until each has been set up.
    ///
    /// - Parameter setUp: called on each loop's thread before it turns: registers handlers, opens listeners.
    package init(
        count: Int, options: LoopOptions, budget: ConnectionBudget,
        setUp: @escaping @Sendable (EventLoop) throws(SystemError) -> Void
    ) throws(SystemError) {
        // A peer that has gone shows as EPIPE, not as the end of the process.
        signal(SIGPIPE, SIG_IGN)
        var handles: [LoopHandle] = []
        for index in 0..<count { handles.append(try LoopHandle(index: index)) }
        self.handles = handles
        self.threads = Locked([])
        for handle in handles {
            let start = LoopStart()
            let thread = try Self.spawn {
                do throws(SystemError) {
                    let loop = try EventLoop(handle: handle, options: options, budget: budget)
                    try setUp(loop)
                    start.report(nil)
                    loop.run()
                } catch {
                    start.report(error)
                }
            }
            self.threads.withLock { $0.append(thread) }
            if let failure = start.wait() {
                self.stop()
                throw failure
            }
        }
    }

    /// Stops all loops after their current turn and waits until their threads are gone.
    package func stop() {
        for handle in self.handles { handle.post { $0.stop() } }
        let threads = self.threads.withLock { threads in
            let all = threads
            threads = []
            return all
        }
        for thread in threads { pthread_join(thread, nil) }
    }

    private static func spawn(_ body: @escaping @Sendable () -> Void) throws(SystemError) -> pthread_t {
        final class Body: Sendable {
            let run: @Sendable () -> Void
            init(_ run: @escaping @Sendable () -> Void) { self.run = run }
        }
        var thread = pthread_t()
        // Safety: the box is retained for the thread, which takes it over as its first act.
        let box = Unmanaged.passRetained(Body(body))
        let result = pthread_create(
            &thread, nil,
            { argument in
                if let argument { Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run() }
                return nil
            }, box.toOpaque())
        guard result == 0 else {
            box.release()
            throw SystemError("pthread_create", errno: result)
        }
        return thread
    }
}

/// Lets the starting thread wait for what came of a loop's start.
private final class LoopStart: Sendable {
    // Safety: allocated and initialised here, used by two threads as semaphores are meant to be, destroyed with the last.
    nonisolated(unsafe) private let ready: UnsafeMutablePointer<sem_t> = .allocate(capacity: 1)
    private let failure = Locked<SystemError?>(nil)

    init() { sem_init(self.ready, 0, 0) }

    deinit {
        sem_destroy(self.ready)
        self.ready.deallocate()
    }

    func report(_ failure: SystemError?) {
        self.failure.withLock { $0 = failure }
        sem_post(self.ready)
    }

    func wait() -> SystemError? {
        while sem_wait(self.ready) != 0 {}
        return self.failure.withLock { $0 }
    }
}
