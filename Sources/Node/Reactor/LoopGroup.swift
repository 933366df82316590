internal import Glibc
package import Shared

/// The event loops of a process, each on a thread of its own that is not one of Swift's concurrency pool.
package final class LoopGroup: Sendable {
    package let handles: [LoopHandle]
    /// Signalled once by each loop that has ended.
    private let ended = Semaphore()
    private let running: Locked<Int>

    /// Makes the handles of `count` loops. What is posted to them waits until they are started.
    package init(count: Int) throws(SystemError) {
        var handles: [LoopHandle] = []
        for index in 0..<count { handles.append(try LoopHandle(index: index)) }
        self.handles = handles
        self.running = Locked(0)
    }

    /// Makes `count` loops and starts them.
    package convenience init(
        count: Int, options: LoopOptions, places: Int,
        setUp: @escaping @Sendable (EventLoop) throws(SystemError) -> Void
    ) throws(SystemError) {
        try self.init(count: count)
        try self.start(options, places: places, setUp: setUp)
    }

    /// Starts the loops, once, and waits until each has been set up.
    ///
    /// - Parameters:
    ///   - places: connections that one loop may have at most, all its handlers' budgets together.
    ///   - setUp: called on each loop's thread before it turns: registers handlers, opens listeners.
    package func start(
        _ options: LoopOptions, places: Int, setUp: @escaping @Sendable (EventLoop) throws(SystemError) -> Void
    ) throws(SystemError) {
        // A peer that has gone shows as EPIPE, not as the end of the process.
        signal(SIGPIPE, SIG_IGN)
        EventLoop.prepareHeap()
        for handle in self.handles {
            do throws(SystemError) {
                try self.start(handle, options, places, setUp)
            } catch {
                self.stop()
                // Those that never came about read nothing, either.
                for handle in handles { handle.mailbox.close() }
                throw error
            }
        }
    }

    private func start(
        _ handle: LoopHandle, _ options: LoopOptions, _ places: Int,
        _ setUp: @escaping @Sendable (EventLoop) throws(SystemError) -> Void
    ) throws(SystemError) {
        let (started, ended) = (Semaphore(), self.ended)
        let failure = Locked<SystemError?>(nil)
        try spawnThread(named: "loop") {
            do throws(SystemError) {
                try Self.live(handle, options, places, setUp) { started.signal() }
                handle.mailbox.close()
                ended.signal()
            } catch {
                failure.withLock { $0 = error }
                started.signal()
            }
        }
        started.wait()
        if let failure = failure.withLock({ $0 }) { throw failure }
        self.running.withLock { $0 += 1 }
    }

    /// The whole life of a loop: when this returns, it is gone, and all that only it held.
    ///
    /// - Parameter isReady: called when the loop has been set up, before it turns.
    private static func live(
        _ handle: LoopHandle, _ options: LoopOptions, _ places: Int,
        _ setUp: @Sendable (EventLoop) throws(SystemError) -> Void, _ isReady: () -> Void
    ) throws(SystemError) {
        let loop = try EventLoop(handle: handle, options: options, places: places)
        defer { loop.letGo() }
        try setUp(loop)
        isReady()
        loop.run()
    }

    /// Stops all loops after their current turn and waits until they have ended. Nothing that was or will be posted to them
    /// waits any more.
    package func stop() {
        for handle in self.handles { handle.post { $0.stop() } }
        let count = self.running.withLock { running in
            defer { running = 0 }
            return running
        }
        for _ in 0..<count { self.ended.wait() }
    }
}
