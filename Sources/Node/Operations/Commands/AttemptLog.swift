package import Ports
package import Shared

/// Attempts that were refused, on their way to the audit: in batches, outside of commands, so that a flood of refusals cannot
/// slow the tenant whose it is (architecture 1.1).
///
/// Bounded: what comes too fast for the store is dropped and counted, and the log says so. What waits when the node dies is
/// lost: nothing was changed by it.
package final class AttemptLog: Sendable {
    package struct Terms: Sendable {
        /// At most so many wait.
        package var most = 10_000
        /// So many go in one batch.
        package var batch = 200
        /// How long attempts are gathered.
        package var gathering = Duration.milliseconds(250)

        package init() {}
    }

    private struct State {
        var waiting: [AuditedAttempt] = []
        var dropped = 0
        var isFlushing = false
        /// Those who wait for everything to be written.
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let store: any HotelStore
    private let log: Logger
    private let terms: Terms
    private let state = Locked(State())

    package init(store: any HotelStore, log: Logger, terms: Terms = Terms()) {
        self.store = store
        self.log = log
        self.terms = terms
    }

    /// Attempts that were not kept because too many waited.
    package var dropped: Int { self.state.withLock { $0.dropped } }

    /// Keeps an attempt, soon.
    package func note(_ attempt: AuditedAttempt) {
        let mustFlush = self.state.withLock { state in
            guard state.waiting.count < self.terms.most else {
                state.dropped += 1
                return false
            }
            state.waiting.append(attempt)
            defer { state.isFlushing = true }
            return !state.isFlushing
        }
        if mustFlush { Task { await self.flush() } }
    }

    /// Returns when all that was noted before has been written, or given up.
    package func settle() async {
        await withCheckedContinuation { continuation in
            let isSettled = self.state.withLock { state in
                if state.isFlushing { state.waiters.append(continuation) }
                return !state.isFlushing
            }
            if isSettled { continuation.resume() }
        }
    }

    private func flush() async {
        while true {
            try? await Task.sleep(for: self.terms.gathering)
            let batch = self.state.withLock { state in
                let batch = Array(state.waiting.prefix(self.terms.batch))
                state.waiting.removeFirst(batch.count)
                return batch
            }
            if !batch.isEmpty { await self.write(batch) }
            let waiters: [CheckedContinuation<Void, Never>]? = self.state.withLock { state in
                guard state.waiting.isEmpty else { return nil }
                state.isFlushing = false
                defer { state.waiters = [] }
                return state.waiters
            }
            guard let waiters else { continue }
            for waiter in waiters { waiter.resume() }
            return
        }
    }

    private func write(_ batch: [AuditedAttempt]) async {
        do throws(StoreError) {
            try await self.store.note(batch)
        } catch {
            self.state.withLock { $0.dropped += batch.count }
            self.log.warning("audit.attempts_lost", ["count": .int(batch.count), "error": .error(error)])
        }
    }
}
