import Glibc
import Shared

/// The signals that ask the node to stop. They are blocked in every thread and waited for in one, so that nothing runs in
/// a signal handler.
struct StopSignals {
    private var set = sigset_t()

    /// To be made before any thread is: threads inherit what is blocked.
    init() {
        sigemptyset(&self.set)
        for signal in [SIGTERM, SIGINT, SIGHUP] { sigaddset(&self.set, signal) }
        pthread_sigmask(SIG_BLOCK, &self.set, nil)
    }

    /// Asks this process to stop, as whoever sends SIGTERM does. From any thread.
    static func ask() { kill(getpid(), SIGTERM) }

    /// Waits for a signal.
    func wait() -> CInt {
        var (set, received) = (self.set, CInt(0))
        while sigwait(&set, &received) != 0 {}
        return received
    }

    /// Waits for a signal for some time.
    ///
    /// - Returns: whether one came.
    func wait(within duration: Duration) -> Bool {
        var set = self.set
        let deadline = ContinuousClock.now + duration
        while true {
            let left = max(.zero, deadline - ContinuousClock.now).components
            var time = timespec(tv_sec: Int(left.seconds), tv_nsec: Int(left.attoseconds / 1_000_000_000))
            if sigtimedwait(&set, nil, &time) > 0 { return true }
            if errno != EINTR { return false }
        }
    }
}
