internal import Glibc

/// Starts a thread of our own, outside Swift's small cooperative pool: event loops and whatever must be allowed to block.
///
/// The thread leaves signals to the main thread, except those that report its own crash, and is detached: nobody joins it.
///
/// - Parameter name: shown by `top -H` and debuggers; the kernel keeps 15 bytes of it.
package func spawnThread(named name: StaticString, _ body: @escaping @Sendable () -> Void) throws(SystemError) {
    let start = Unmanaged.passRetained(ThreadStart(name: name, body: body))
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setdetachstate(&attributes, CInt(PTHREAD_CREATE_DETACHED))
    var thread = pthread_t()
    let previous = blockSignals()
    let result = pthread_create(&thread, &attributes, runThread, start.toOpaque())
    restoreSignals(previous)
    guard result == 0 else {
        start.release()
        throw SystemError("pthread_create", errno: result)
    }
}

private final class ThreadStart: Sendable {
    let name: StaticString
    let body: @Sendable () -> Void

    init(name: StaticString, body: @escaping @Sendable () -> Void) {
        self.name = name
        self.body = body
    }
}

private func runThread(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let argument else { return nil }
    // Safety: the pointer is the one retained reference that `spawnThread` made for this thread.
    let start = Unmanaged<ThreadStart>.fromOpaque(argument).takeRetainedValue()
    nameThisThread(start.name)
    start.body()
    return nil
}

/// Through /proc, because Glibc offers pthread_setname_np(3) only to C programs that ask for GNU extensions.
private func nameThisThread(_ name: StaticString) {
    let descriptor = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }  // a name is a courtesy
    _ = write(descriptor, name.utf8Start, min(name.utf8CodeUnitCount, 15))
    close(descriptor)
}

/// A new thread inherits the mask of its parent, so the parent wears it while the thread is made.
private func blockSignals() -> sigset_t {
    var mask = sigset_t()
    var previous = sigset_t()
    sigfillset(&mask)
    // A fault in the thread itself must still reach the crash reporter.
    for signal in [SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS] { sigdelset(&mask, signal) }
    pthread_sigmask(SIG_BLOCK, &mask, &previous)
    return previous
}

private func restoreSignals(_ previous: sigset_t) {
    var previous = previous
    pthread_sigmask(SIG_SETMASK, &previous, nil)
}
