package import Ports
package import Shared

/// Does the work of due timers on this node, as every node does (architecture 2.2).
///
/// What always holds: only kinds with a handler are claimed; no more is claimed than is worked on at once, so nothing waits
/// here under a claim; one kind never takes all places; a failure, a work without end and a store that is gone hold up
/// nobody else. The effect happens once because the claim is checked when the timer is finished, not because nobody else
/// could begin: see `TimerQueue`.
package actor TimerRunner {
    private let queue: any TimerQueue
    private let handlers: [TimerKind: TimerHandler]
    private let terms: TimerTerms
    private let metrics: TimerMetrics
    private let log: Logger
    private let bell = Bell()

    private var looking: Task<Void, Never>?
    private var isStopping = false
    private var works: [UInt64: TimerWork] = [:]
    private var running: [TimerKind: Int] = [:]
    private var lastNumber: UInt64 = 0
    private var strays = 0
    /// More may be due than could be claimed at the last look.
    private var leftSome = false
    private var failuresInARow = 0

    /// - Parameter handlers: one for each kind that this node knows.
    package init(
        _ queue: any TimerQueue, handlers: [TimerHandler], terms: TimerTerms = TimerTerms(), metrics: TimerMetrics,
        log: Logger = .silent
    ) {
        self.queue = queue
        self.handlers = Dictionary(handlers.map { ($0.kind, $0) }) { _, _ in
            preconditionFailure("a kind of timer has one handler")
        }
        self.terms = terms
        self.metrics = metrics
        self.log = log
    }

    /// Looks for due timers now: called by whoever has committed one. From any thread; returns at once.
    package nonisolated func poke() { self.bell.ring() }

    /// Begins to work. Once.
    package func start() {
        guard self.looking == nil, !self.isStopping else { return }
        self.looking = Task { await self.run() }
    }

    /// Claims nothing more and waits for the work that runs; gives up what has not ended in time, for other nodes to do.
    /// To be called while the store is still there.
    package func stop() async {
        self.isStopping = true
        self.bell.ring()
        await self.looking?.value
        let works = Array(self.works.values)
        let patience = Task { [limit = self.terms.stopLimit] in
            try? await Task.sleep(for: limit)
            for work in works { work.giveUp(.stopped) }
        }
        for work in works { await work.ended() }
        patience.cancel()
    }

    // MARK: Looking

    private func run() async {
        while !self.isStopping {
            let pause = await self.look()
            guard !self.isStopping else { return }
            await self.bell.wait(atMost: pause)
        }
    }

    /// Claims what there is room for.
    ///
    /// - Returns: how long to wait for the next look.
    private func look() async -> Duration {
        while !self.isStopping {
            let kinds = self.handlers.keys.filter { self.room(for: $0) > 0 }
            let room = kinds.map(self.room).min() ?? 0
            let limit = min(room, self.terms.batch, self.terms.atOnce - self.works.count)
            self.leftSome = limit <= 0 || kinds.count < self.handlers.count
            guard limit > 0, self.strays < self.terms.strayLimit else { break }
            do {
                let timers = try await self.queue.claim(kinds, limit: limit, lease: self.terms.lease)
                self.storeAnswered()
                self.metrics.claimed.add(UInt64(timers.count))
                for timer in timers { self.begin(timer) }
                // As many as were asked for: more may be due.
                guard timers.count >= limit else { break }
            } catch {
                return self.storeFailed(error)
            }
        }
        return self.terms.interval * Double.random(in: 0.75...1.25)
    }

    private func room(for kind: TimerKind) -> Int { self.terms.atOnceOfOneKind - self.running[kind, default: 0] }

    private func storeAnswered() {
        if self.failuresInARow > 0 { self.log.notice("timers.resumed", ["failures": .int(self.failuresInARow)]) }
        self.failuresInARow = 0
    }

    private func storeFailed(_ error: StoreError) -> Duration {
        self.metrics.storeFailures.increment()
        // Said once, however long it lasts.
        if self.failuresInARow == 0 { self.log.warning("timers.stalled", ["error": .error(error)]) }
        self.failuresInARow += 1
        let longer = self.terms.pauseWithoutStore * (1 << min(self.failuresInARow - 1, 16))
        return min(longer, self.terms.longestPauseWithoutStore) * Double.random(in: 0.75...1.25)
    }

    // MARK: Working

    private func begin(_ timer: ClaimedTimer) {
        guard let handler = self.handlers[timer.key.kind] else { return }
        self.lastNumber += 1
        let (number, work) = (self.lastNumber, TimerWork(timer, handler, limit: self.terms.workLimit))
        self.works[number] = work
        self.running[timer.key.kind, default: 0] += 1
        self.metrics.running.add(1)
        let delay = SystemClock.now.milliseconds - timer.dueAt.milliseconds
        self.metrics.delay.observe(UInt64(max(0, delay)) * 1_000_000)
        work.settle { [weak self] end in
            await self?.settle(timer, end, work)
            await self?.ended(number, timer.key.kind)
        }
    }

    private func ended(_ number: UInt64, _ kind: TimerKind) {
        self.works[number] = nil
        self.running[kind, default: 1] -= 1
        self.metrics.running.add(-1)
        if self.leftSome { self.bell.ring() }
    }

    /// Tells the store what came of it.
    private func settle(_ timer: ClaimedTimer, _ end: TimerWork.End, _ work: TimerWork) async {
        switch end {
        case .outcome(.done):
            if await self.told({ queue throws(StoreError) in try await queue.finish(timer) }) {
                self.metrics.done.increment()
            }
        case .outcome(.settled): self.metrics.done.increment()
        case .outcome(.later(let pause)): await self.postpone(timer, for: pause)
        case .failure(let error as StoreError) where error.isLostTimerClaim: self.metrics.lost.increment()
        case .failure(let error):
            self.report(timer, error)
            await self.postpone(timer, for: self.terms.pause(after: timer.attempt))
        case .overdue:
            self.metrics.overdue.increment()
            self.watchStray(work)
            self.report(timer, TimerOverdue(limit: self.terms.workLimit))
            await self.postpone(timer, for: self.terms.pause(after: timer.attempt))
        case .stopped:
            self.watchStray(work)
            await self.postpone(timer, for: .zero)
        }
    }

    private func postpone(_ timer: ClaimedTimer, for pause: Duration) async {
        _ = await self.told { queue throws(StoreError) in try await queue.postpone(timer, for: pause) }
    }

    private func report(_ timer: ClaimedTimer, _ error: any Error) {
        self.metrics.failed.increment()
        let isPoison = timer.attempt >= self.terms.poisonAttempts
        if isPoison {
            self.metrics.poisoned.increment()
            self.log.error("timer.poisoned", timer.fields(error))
        } else {
            self.log.warning("timer.failed", timer.fields(error))
        }
    }

    /// Repeats a word to the store while it cannot be reached; if it never can, the claim ends by itself.
    ///
    /// - Returns: whether the claim still held.
    private func told(_ say: (any TimerQueue) async throws(StoreError) -> Bool) async -> Bool {
        var (pause, isUncertain) = (self.terms.pauseWithoutStore, false)
        for _ in 0..<5 {
            do throws(StoreError) {
                let held = try await say(self.queue)
                if !held, !isUncertain { self.metrics.lost.increment() }
                return held || isUncertain
            } catch {
                self.metrics.storeFailures.increment()
                if case .refused = error { return false }
                // The first word may have been heard.
                if error == .outcomeUnknown { isUncertain = true }
            }
            // Soon: nobody waits for this but the claim.
            guard !self.isStopping else { return false }
            try? await Task.sleep(for: pause)
            pause = pause * 2
        }
        return false
    }

    /// Counts a work that was given up until it really ends.
    private func watchStray(_ work: TimerWork) {
        self.strays += 1
        self.metrics.strays.add(1)
        if self.strays == self.terms.strayLimit { self.log.error("timers.stuck", ["works": .int(self.strays)]) }
        Task {
            await work.reallyEnded()
            self.strays -= 1
            self.metrics.strays.add(-1)
        }
    }
}

/// A timer's work took longer than it may.
struct TimerOverdue: Error {
    let limit: Duration
}

extension ClaimedTimer {
    fileprivate func fields(_ error: any Error) -> KeyValuePairs<StaticString, LogValue> {
        [
            "kind": .string(self.key.kind.name), "tenant": .string(self.key.tenant?.description ?? "platform"),
            "key": .string(self.key.key), "attempt": .int(self.attempt), "error": .error(error),
        ]
    }
}
