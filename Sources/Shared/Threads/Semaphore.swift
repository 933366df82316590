internal import Glibc

/// A counter that a thread can wait on: one side signals that there is work, the other sleeps until then.
///
/// For own threads only. Waiting blocks, so it is never done on an event loop or in a `Task`. It is made of a condition
/// variable because a `sem_t` can only wait by the wall clock, which may be set while it waits.
package final class Semaphore: @unchecked Sendable {
    private struct Parts {
        var mutex = pthread_mutex_t()
        var condition = pthread_cond_t()
        var count = 0
    }

    // Safety: owned by this object from `init` to `deinit`; `count` is touched only under `mutex`.
    private let parts: UnsafeMutablePointer<Parts>

    /// Starts at zero: the first `wait` sleeps until the first `signal`.
    package init() {
        self.parts = .allocate(capacity: 1)
        self.parts.initialize(to: Parts())
        pthread_mutex_init(&self.parts.pointee.mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(&self.parts.pointee.condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(&self.parts.pointee.condition)
        pthread_mutex_destroy(&self.parts.pointee.mutex)
        self.parts.deallocate()
    }

    /// Lets one waiting, or the next, `wait` return; safe from any thread.
    package func signal() {
        pthread_mutex_lock(&self.parts.pointee.mutex)
        self.parts.pointee.count += 1
        pthread_cond_signal(&self.parts.pointee.condition)
        pthread_mutex_unlock(&self.parts.pointee.mutex)
    }

    /// Sleeps until a signal is there and takes it.
    package func wait() {
        pthread_mutex_lock(&self.parts.pointee.mutex)
        defer { pthread_mutex_unlock(&self.parts.pointee.mutex) }
        while self.parts.pointee.count == 0 {
            pthread_cond_wait(&self.parts.pointee.condition, &self.parts.pointee.mutex)
        }
        self.parts.pointee.count -= 1
    }

    /// Sleeps until a signal is there and takes it, or until the time is up.
    ///
    /// - Returns: false when the time was up first.
    package func wait(within limit: Duration) -> Bool {
        var deadline = Self.deadline(after: limit)
        pthread_mutex_lock(&self.parts.pointee.mutex)
        defer { pthread_mutex_unlock(&self.parts.pointee.mutex) }
        while self.parts.pointee.count == 0 {
            let result = pthread_cond_timedwait(
                &self.parts.pointee.condition, &self.parts.pointee.mutex, &deadline)
            if result == ETIMEDOUT, self.parts.pointee.count == 0 { return false }
        }
        self.parts.pointee.count -= 1
        return true
    }

    private static func deadline(after limit: Duration) -> timespec {
        let (seconds, attoseconds) = limit.components
        let farthest: Int64 = 1_000_000_000  // some thirty years: as good as never, and nothing overflows
        let span = UInt64(min(max(seconds, 0), farthest)) * 1_000_000_000 + UInt64(max(attoseconds, 0) / 1_000_000_000)
        let end = SystemClock.monotonicNanoseconds + span
        return timespec(tv_sec: Int(end / 1_000_000_000), tv_nsec: Int(end % 1_000_000_000))
    }
}
