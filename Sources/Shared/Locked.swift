public import Glibc

/// A value that several threads share, and the one lock that guards it.
///
/// Copy out what is needed and act outside `withLock`: nothing slow, and never a second lock, happens inside.
/// It wraps a heap-allocated `pthread_mutex_t` because ThreadSanitizer reports false races on a contended
/// `Synchronization.Mutex` (its slow path is not instrumented).
public final class Locked<State>: @unchecked Sendable {
    // Safety: both pointers are owned by this object from `init` to `deinit`; `state` is touched only under `mutex`.
    @usableFromInline let mutex: UnsafeMutablePointer<pthread_mutex_t>
    @usableFromInline let state: UnsafeMutablePointer<State>

    /// Guards `initial` with a new lock.
    public init(_ initial: sending State) {
        self.mutex = .allocate(capacity: 1)
        self.mutex.initialize(to: pthread_mutex_t())
        pthread_mutex_init(self.mutex, nil)
        self.state = .allocate(capacity: 1)
        self.state.initialize(to: initial)
    }

    deinit {
        pthread_mutex_destroy(self.mutex)
        self.mutex.deallocate()
        self.state.deinitialize(count: 1)
        self.state.deallocate()
    }

    /// Runs `body` with exclusive access to the value.
    @inlinable
    public func withLock<Result, Failure: Error>(
        _ body: (inout sending State) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        pthread_mutex_lock(self.mutex)
        defer { pthread_mutex_unlock(self.mutex) }
        return try body(&self.state.pointee)
    }
}
