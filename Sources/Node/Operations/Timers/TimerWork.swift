internal import Ports
internal import Shared

/// The work on one claimed timer: it ends when its handler does, or when it is given up, whichever comes first.
final class TimerWork: Sendable {
    enum End: Sendable {
        case outcome(TimerOutcome)
        case failure(any Error)
        /// It took longer than it may. Its handler may still run.
        case overdue
        /// The node leaves. Its handler may still run.
        case stopped
    }

    private struct State {
        var end: End?
        var waiter: CheckedContinuation<End, Never>?
    }

    private let state = Locked(State())
    private let handling: Locked<Task<Void, Never>?> = Locked(nil)
    private let settling: Locked<Task<Void, Never>?> = Locked(nil)
    private let limit: Duration

    /// Begins at once.
    init(_ timer: ClaimedTimer, _ handler: TimerHandler, limit: Duration) {
        self.limit = limit
        let task = Task { [work = handler.work] in
            do {
                self.end(.outcome(try await work(timer)))
            } catch {
                self.end(.failure(error))
            }
        }
        self.handling.withLock { $0 = task }
    }

    /// Calls `body` with the end when it comes. Once.
    func settle(_ body: @escaping @Sendable (End) async -> Void) {
        let task = Task {
            let alarm = Task { [limit = self.limit] in
                try? await Task.sleep(for: limit)
                if !Task.isCancelled { self.giveUp(.overdue) }
            }
            let end = await withCheckedContinuation { continuation in
                let known: End? = self.state.withLock { state in
                    if state.end == nil { state.waiter = continuation }
                    return state.end
                }
                if let known { continuation.resume(returning: known) }
            }
            alarm.cancel()
            await body(end)
        }
        self.settling.withLock { $0 = task }
    }

    /// Asks the handler to end, and waits for it no more.
    func giveUp(_ end: End) {
        self.end(end)
        self.handling.withLock { $0 }?.cancel()
    }

    /// Returns when the work has been settled.
    func ended() async { await self.settling.withLock { $0 }?.value }

    /// Returns when the handler has ended.
    func reallyEnded() async { await self.handling.withLock { $0 }?.value }

    private func end(_ end: End) {
        let waiter: CheckedContinuation<End, Never>? = self.state.withLock { state in
            guard state.end == nil else { return nil }
            state.end = end
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(returning: end)
    }
}
