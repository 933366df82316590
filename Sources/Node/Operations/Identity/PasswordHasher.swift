package import Crypto
internal import Glibc
package import Shared
internal import Synchronization

/// Hashes passwords on threads of its own, so that a storm of logins slows down logins and nothing else.
///
/// One run of scrypt takes a good part of a second of one core and 32 MiB. So few run at a time, on threads that the kernel
/// serves after the event loops; the others wait in a bounded queue, in the order in which they came. Who cannot be served in
/// time is told so at once, and when to come again. Every call ends exactly once: with an answer, or with why there is none.
package final class PasswordHasher: Sendable {
    /// Why a password was not looked at. None of these says anything about the password.
    package enum Refusal: Error, Equatable, Sendable {
        /// Too many wait already, or the answer would come too late.
        case tooBusy(retryAfter: Duration)
        /// The time was up before its turn came.
        case timedOut
        /// The task that asked was cancelled.
        case cancelled
        /// The memory of a run was not to be had.
        case noMemory
        /// The node is stopping.
        case stopped
    }

    /// What the hasher is doing, for metrics.
    package struct Figures: Equatable, Sendable {
        /// Runs of scrypt that were begun.
        package var runs: UInt64 = 0
        package var waiting = 0
        package var running = 0
        /// Calls that ended as too busy or timed out.
        package var refused: UInt64 = 0
    }

    /// Architecture 3: two at a time.
    package static let threads = 2
    /// Calls that wait: about the number that is served before the first of them would give up.
    package static let places = 32
    /// How long a call waits for its turn unless it says otherwise.
    package static let patience = Duration.seconds(8)

    /// What new hashes cost.
    package let cost: ScryptCost
    /// Stands in where there is no account, so that it costs what a wrong password costs.
    package let unknowable: PasswordHash
    private let desk: HashingDesk

    /// Starts the threads; they end with `stop`, or with the hasher.
    package init(
        cost: ScryptCost = .standard, threads: Int = PasswordHasher.threads, places: Int = PasswordHasher.places
    ) throws(SystemError) {
        precondition(threads >= 1 && places >= 0)
        let desk = HashingDesk(threads: threads, places: places)
        self.cost = cost
        self.unknowable = .unknowable(cost: cost)
        self.desk = desk
        do throws(SystemError) {
            for _ in 0..<threads {
                try spawnThread(named: "passwords") {
                    // Linux keeps this per thread. The loops come first: whoever waits for a login has waited longer before.
                    setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 5)
                    desk.work()
                }
            }
        } catch {
            desk.stop()
            throw error
        }
    }

    deinit { self.desk.stop() }

    package var figures: Figures { self.desk.figures }

    /// Whether `hash` is that of `password`. One run, whatever the answer.
    package func check(
        _ password: Secret, against hash: PasswordHash, within patience: Duration = PasswordHasher.patience
    ) async throws(Refusal) -> Bool {
        try await self.desk.ask(within: patience) { () throws(ScryptError) in
            try hash.matches(password) ? .match : .mismatch
        }.get() == .match
    }

    /// The hash of a new password.
    package func hash(
        _ password: Secret, within patience: Duration = PasswordHasher.patience
    ) async throws(Refusal) -> PasswordHash {
        let cost = self.cost
        let product = try await self.desk.ask(within: patience) { () throws(ScryptError) in
            .hash(try PasswordHash(of: password, cost: cost))
        }.get()
        guard case .hash(let hash) = product else { preconditionFailure("a hash was asked for") }
        return hash
    }

    /// Ends every call that waits or runs as `stopped`, and the threads after their run.
    package func stop() { self.desk.stop() }
}

/// The queue between those who ask and the threads. Every job is in exactly one place: waiting, running, or answered.
private final class HashingDesk: Sendable {
    enum Product: Equatable, Sendable {
        case match, mismatch
        case hash(PasswordHash)
    }

    typealias Answer = Result<Product, PasswordHasher.Refusal>
    typealias Run = @Sendable () throws(ScryptError) -> Product

    private struct Job: Sendable {
        let id: UInt64
        let run: Run
        /// Monotonic nanoseconds.
        let deadline: UInt64
        let caller: CheckedContinuation<Answer, Never>
    }

    private struct State {
        var waiting: [Job] = []
        /// Who hears of the runs that are going on; a caller that gave up is gone from here while its run goes on.
        var callers: [UInt64: CheckedContinuation<Answer, Never>] = [:]
        var lastID: UInt64 = 0
        var running = 0
        var isStopped = false
        var runs: UInt64 = 0
        var refused: UInt64 = 0
        /// How long a run took lately; 0 before the first.
        var runNanoseconds: UInt64 = 0
    }

    private let threads: Int
    private let places: Int
    private let state = Locked(State())
    /// Signalled once per job, and once per thread at the end.
    private let news = Semaphore()

    init(threads: Int, places: Int) {
        self.threads = threads
        self.places = places
    }

    var figures: PasswordHasher.Figures {
        self.state.withLock { state in
            PasswordHasher.Figures(
                runs: state.runs, waiting: state.waiting.count, running: state.running, refused: state.refused)
        }
    }

    // MARK: those who ask

    func ask(within patience: Duration, _ run: @escaping Run) async -> Answer {
        let id = self.state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { caller in
                self.enqueue(id, patience, run, caller)
                // A task that was cancelled before has run its handler already, when there was no job to be found.
                if Task.isCancelled { self.cancel(id) }
            }
        } onCancel: {
            self.cancel(id)
        }
    }

    private func enqueue(
        _ id: UInt64, _ patience: Duration, _ run: @escaping Run, _ caller: CheckedContinuation<Answer, Never>
    ) {
        let span = UInt64(max(0, patience / .nanoseconds(1)))
        let job = Job(
            id: id, run: run, deadline: SystemClock.monotonicNanoseconds + span, caller: caller)
        let refusal = self.state.withLock { state -> PasswordHasher.Refusal? in
            if state.isStopped { return .stopped }
            let wait = self.wait(state)
            // Whoever finds a free thread needs no place.
            let isFull = state.running + state.waiting.count >= self.threads + self.places
            guard !isFull, wait <= span else {
                state.refused += 1
                return .tooBusy(retryAfter: .seconds(max(1, (wait + 999_999_999) / 1_000_000_000)))
            }
            state.waiting.append(job)
            return nil
        }
        if let refusal { caller.resume(returning: .failure(refusal)) } else { self.news.signal() }
    }

    /// Nanoseconds until a job that came now would begin.
    private func wait(_ state: State) -> UInt64 {
        let ahead = state.running + state.waiting.count
        guard ahead >= self.threads else { return 0 }
        return UInt64((ahead - self.threads) / self.threads + 1) * state.runNanoseconds
    }

    private func cancel(_ id: UInt64) {
        let caller = self.state.withLock { state -> CheckedContinuation<Answer, Never>? in
            if let index = state.waiting.firstIndex(where: { $0.id == id }) {
                return state.waiting.remove(at: index).caller
            }
            return state.callers.removeValue(forKey: id)
        }
        caller?.resume(returning: .failure(.cancelled))
    }

    func stop() {
        let callers = self.state.withLock { state in
            let callers = state.waiting.map(\.caller) + state.callers.values
            state.isStopped = true
            state.waiting = []
            state.callers = [:]
            return callers
        }
        for caller in callers { caller.resume(returning: .failure(.stopped)) }
        for _ in 0..<self.threads { self.news.signal() }
    }

    // MARK: the threads

    /// The life of one thread.
    func work() {
        while true {
            self.news.wait()
            let (job, late, isStopped) = self.take()
            for caller in late { caller.resume(returning: .failure(.timedOut)) }
            if let job { self.perform(job) }
            if isStopped { return }
        }
    }

    private func take() -> (job: Job?, late: [CheckedContinuation<Answer, Never>], isStopped: Bool) {
        let now = SystemClock.monotonicNanoseconds
        return self.state.withLock { state in
            let late = state.waiting.filter { $0.deadline <= now }.map(\.caller)
            state.waiting.removeAll { $0.deadline <= now }
            state.refused += UInt64(late.count)
            // The job of this signal may have been cancelled.
            guard !state.waiting.isEmpty else { return (nil, late, state.isStopped) }
            let job = state.waiting.removeFirst()
            state.callers[job.id] = job.caller
            state.running += 1
            state.runs += 1
            return (job, late, state.isStopped)
        }
    }

    private func perform(_ job: Job) {
        let start = SystemClock.monotonicNanoseconds
        let answer: Answer
        do throws(ScryptError) {
            answer = .success(try job.run())
        } catch {
            answer = .failure(.noMemory)
        }
        let took = SystemClock.monotonicNanoseconds - start
        let caller = self.state.withLock { state in
            state.running -= 1
            state.runNanoseconds = state.runNanoseconds == 0 ? took : (state.runNanoseconds * 7 + took) / 8
            return state.callers.removeValue(forKey: job.id)
        }
        caller?.resume(returning: answer)
    }
}
