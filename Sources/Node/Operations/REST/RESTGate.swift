internal import Shared

/// Lets a bounded number of operations run at once, and a bounded number wait for them, in the order in which they came.
///
/// A place is taken when a request is accepted and given back when its `RESTPlace` is let go of, whatever happened to the
/// request: a place cannot leak.
final class RESTGate: Sendable {
    private struct State {
        var running = 0
        /// Accepted, but not let in yet, whether or not they have come to wait.
        var pending = 0
        var waiters: [UInt64: CheckedContinuation<Bool, Never>] = [:]
        /// Numbers of waiters from `first` on; those that gave up are still in it until their turn comes.
        var order: [UInt64] = []
        var first = 0
        var lastNumber: UInt64 = 0
    }

    private let state = Locked(State())
    private let limits: RESTLimits

    init(_ limits: RESTLimits) {
        self.limits = limits
    }

    /// How many run and how many wait, for metrics.
    var load: (running: Int, waiting: Int) {
        self.state.withLock { (running: $0.running, waiting: $0.pending) }
    }

    /// Takes a place; `nil` if as many as may are running and waiting. Never blocks.
    func reserve() -> RESTPlace? {
        let most = self.limits.running + self.limits.waiting
        let isTaken = self.state.withLock { state in
            guard state.running + state.pending < most else { return false }
            state.pending += 1
            return true
        }
        return isTaken ? RESTPlace(self) : nil
    }

    /// Waits to be let in.
    ///
    /// - Returns: false when the time was over or the task cancelled before it was let in.
    fileprivate func enter() async -> Bool {
        let number: UInt64? = self.state.withLock { state in
            if state.running < self.limits.running {
                state.running += 1
                state.pending -= 1
                return nil
            }
            state.lastNumber += 1
            return state.lastNumber
        }
        guard let number else { return true }
        let patience = Task { [limits = self.limits] in
            try? await Task.sleep(for: limits.longestWait)
            self.giveUp(number)
        }
        defer { patience.cancel() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { self.wait($0, as: number) }
        } onCancel: {
            self.giveUp(number)
        }
    }

    private func wait(_ continuation: CheckedContinuation<Bool, Never>, as number: UInt64) {
        let isFree = self.state.withLock { state in
            // Somebody may have left between the two looks; then nobody would come to wake this one.
            if state.running < self.limits.running {
                state.running += 1
                state.pending -= 1
                return true
            }
            state.waiters[number] = continuation
            state.order.append(number)
            // Those who were let in or gave up are forgotten now and then: the list is never much longer than the queue.
            if state.order.count > 2 * self.limits.waiting + 64 {
                let waiting = state.order[state.first...].filter { state.waiters[$0] != nil }
                state.order = waiting
                state.first = 0
            }
            return false
        }
        if isFree { continuation.resume(returning: true) }
        // A cancellation that came before the continuation was kept has found nobody to tell.
        if !isFree, Task.isCancelled { self.giveUp(number) }
    }

    private func giveUp(_ number: UInt64) {
        let waiter = self.state.withLock { $0.waiters.removeValue(forKey: number) }
        waiter?.resume(returning: false)
    }

    /// Gives a place back; the next that waits takes it.
    fileprivate func leave(wasLetIn: Bool) {
        let next: CheckedContinuation<Bool, Never>? = self.state.withLock { state in
            guard wasLetIn else {
                state.pending -= 1
                return nil
            }
            while state.first < state.order.count {
                let number = state.order[state.first]
                state.first += 1
                if state.first == state.order.count {
                    state.order.removeAll(keepingCapacity: true)
                    state.first = 0
                }
                if let waiter = state.waiters.removeValue(forKey: number) {
                    // The place goes from one to the other: nobody who came later can take it between them.
                    state.pending -= 1
                    return waiter
                }
            }
            state.running -= 1
            return nil
        }
        next?.resume(returning: true)
    }
}

/// One request's place at the gate; letting go of it gives it back.
final class RESTPlace: Sendable {
    private let gate: RESTGate
    private let isIn = Locked(false)

    fileprivate init(_ gate: RESTGate) {
        self.gate = gate
    }

    deinit { self.gate.leave(wasLetIn: self.isIn.withLock { $0 }) }

    /// Waits to be let in; once.
    ///
    /// - Returns: false when it waited in vain.
    func enter() async -> Bool {
        let isLetIn = await self.gate.enter()
        self.isIn.withLock { $0 = isLetIn }
        return isLetIn
    }
}
