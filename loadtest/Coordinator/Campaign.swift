/// The course of a run, without its I/O: what workers said, time and Ctrl-C go in, orders and moments come out.
///
/// Start → ramp → window (warm-up, then measure) → the last deliveries → results. Each step begins when all workers have
/// finished the one before.
struct Campaign {
    enum Phase: Equatable, Sendable {
        case starting
        case ramping
        case running(Window)
        /// The window is over; the last deliveries are awaited.
        case settling
        case collecting
        case finished
    }

    enum Action: Equatable, Sendable {
        case order(WorkerOrder)
        case take(ServerWatch.Moment)
        /// Nothing follows.
        case end(Failure?)
    }

    enum Failure: Error, Equatable, Sendable {
        case hopeless(String)
        case workerDied(Int)
        case workersSilent
    }

    private struct Worker {
        var isReady = false
        var isSettled = false
        var figures = Figures()
        var p99: UInt64 = 0
        /// Reports since the window ended: the second one was surely written after it.
        var reportsSinceEnd = 0
        var result: WorkerResult?
    }

    private static let startNanoseconds: UInt64 = 10_000_000_000
    private static let collectNanoseconds: UInt64 = 15_000_000_000
    private static let leadNanoseconds: UInt64 = 100_000_000
    private static let interruptedGraceNanoseconds: UInt64 = 2_000_000_000

    private let plan: Plan
    private var workers: [Worker]
    private var deadline: UInt64
    private var hasWarmedUp = false
    private(set) var phase = Phase.starting
    /// When the ramp began, and the times of the window, for showing progress.
    private(set) var rampStart: UInt64 = 0
    private(set) var window: Window?
    private(set) var wasInterrupted = false

    init(_ plan: Plan, workers: Int, now: UInt64) {
        self.plan = plan
        self.workers = Array(repeating: Worker(), count: workers)
        self.deadline = now + Self.startNanoseconds
    }

    /// The counts of all workers, as far as they are known.
    var figures: Figures {
        self.workers.reduce(into: Figures()) { sum, worker in sum.merge(worker.result?.figures ?? worker.figures) }
    }

    /// The worst of the workers, in nanoseconds.
    var p99: UInt64 { self.workers.map(\.p99).max() ?? 0 }

    /// What those workers measured that have said so.
    var result: WorkerResult {
        self.workers.reduce(into: WorkerResult()) { sum, worker in
            if let result = worker.result { sum.merge(result) }
        }
    }

    /// When `ticked` should be called at the latest, besides now and then.
    var nextInstant: UInt64? {
        switch self.phase {
        case .running(let window): self.hasWarmedUp ? window.end : window.from
        case .starting, .settling, .collecting: self.deadline
        case .ramping, .finished: nil
        }
    }

    // MARK: Inputs

    mutating func heard(_ report: WorkerReport, from worker: Int, at now: UInt64) -> [Action] {
        guard self.phase != .finished else { return [] }
        switch report {
        case .ready:
            self.workers[worker].isReady = true
            return self.phase == .starting && self.workers.allSatisfy(\.isReady) ? self.ramp(now) : []
        case .live(let figures, let p99):
            self.workers[worker].figures = figures
            self.workers[worker].p99 = p99
            self.workers[worker].reportsSinceEnd += 1
            return self.phase == .settling && self.hasEverything ? self.collect(now) : []
        case .settled:
            self.workers[worker].isSettled = true
            return self.phase == .ramping && self.workers.allSatisfy(\.isSettled) ? self.rampEnded(now) : []
        case .confirmed(let confirmation):
            return [.order(.confirmed(confirmation))]
        case .hopeless(let text):
            return self.end(.hopeless(text))
        case .result(let result):
            self.workers[worker].result = result
            return self.workers.allSatisfy { $0.result != nil } ? self.end(nil) : []
        }
    }

    /// The worker's output ended.
    mutating func ended(_ worker: Int) -> [Action] {
        guard self.phase != .finished, self.workers[worker].result == nil else { return [] }
        return self.end(.workerDied(worker))
    }

    mutating func ticked(at now: UInt64) -> [Action] {
        switch self.phase {
        case .running(let window): return self.runTicked(window, now)
        case .starting: return now >= self.deadline ? self.end(.workersSilent) : []
        case .settling: return now >= self.deadline ? self.collect(now) : []
        case .collecting: return now >= self.deadline ? self.end(self.wasInterrupted ? nil : .workersSilent) : []
        case .ramping, .finished: return []
        }
    }

    /// Ctrl-C: the first ends the run in order, the next ends the waiting.
    mutating func interrupted(at now: UInt64) -> [Action] {
        let isFirst = !self.wasInterrupted
        self.wasInterrupted = true
        switch self.phase {
        case .starting: return self.end(nil)
        case .ramping: return [.take(.measureEnded)] + self.collect(now)
        case .running(var window):
            guard isFirst else { return [.take(.measureEnded)] + self.collect(now) }
            window.cut(at: now + Self.leadNanoseconds / 2)
            self.phase = .running(window)
            self.window = window
            return [.order(.cut(at: window.end))]
        case .settling: return self.collect(now)
        case .collecting: return isFirst ? [] : self.end(nil)
        case .finished: return []
        }
    }

    // MARK: Steps

    private mutating func ramp(_ now: UInt64) -> [Action] {
        self.phase = .ramping
        self.rampStart = now
        return [.take(.baseline), .order(.ramp(start: now + Self.leadNanoseconds / 5))]
    }

    private mutating func rampEnded(_ now: UInt64) -> [Action] {
        guard self.plan.scenario.hasWindow, self.figures[.opened] > 0 else {
            return [.take(.measureEnded)] + self.collect(now)
        }
        let begin = now + Self.leadNanoseconds
        let from = begin + UInt64(self.plan.warmupSeconds * 1e9)
        let window = Window(begin: begin, from: from, end: from + UInt64(self.plan.seconds * 1e9))
        self.phase = .running(window)
        self.window = window
        return [.order(.run(window))]
    }

    private mutating func runTicked(_ window: Window, _ now: UInt64) -> [Action] {
        var actions: [Action] = []
        if !self.hasWarmedUp, now >= window.from {
            self.hasWarmedUp = true
            actions.append(.take(.measureBegan))
        }
        guard now >= window.end else { return actions }
        let grace = UInt64(self.plan.graceSeconds * 1e9)
        self.phase = .settling
        self.deadline = now + (self.wasInterrupted ? min(grace, Self.interruptedGraceNanoseconds) : grace)
        for worker in self.workers.indices { self.workers[worker].reportsSinceEnd = 0 }
        return actions + [.take(.measureEnded)]
    }

    /// Whether all that is owed has come; only what was reported surely after the end can tell.
    private var hasEverything: Bool {
        let figures = self.figures
        let isAnswered = self.plan.publishers.isEmpty || figures[.sent] <= figures[.accepted] &+ figures[.refused]
        return self.workers.allSatisfy { $0.reportsSinceEnd >= 2 } && isAnswered
            && self.isConfirmed(figures) && figures[.deliveries] >= self.plan.expectedDeliveries(figures)
    }

    /// Whether all workers with sockets know of all commands that were accepted: before that they cannot say what is owed.
    private func isConfirmed(_ figures: Figures) -> Bool {
        self.plan.hotel == nil || figures[.confirmed] >= figures[.accepted] &* UInt64(self.workers.count - 1)
    }

    private mutating func collect(_ now: UInt64) -> [Action] {
        self.phase = .collecting
        self.deadline = now + Self.collectNanoseconds
        return [.order(.finish)]
    }

    private mutating func end(_ failure: Failure?) -> [Action] {
        self.phase = .finished
        return [.end(failure)]
    }
}
