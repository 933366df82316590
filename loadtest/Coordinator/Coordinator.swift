internal import Glibc
internal import Shared

/// Carries a campaign out: starts the workers, listens to them, to the clock and to Ctrl-C, and watches the servers.
struct Coordinator {
    private let plan: Plan
    private let workers: [WorkerProcess]
    private let socketWorkers: Int
    private var campaign: Campaign
    private var watch: ServerWatch
    private var progress: ProgressView
    private var failure: Campaign.Failure?

    /// - Parameters:
    ///   - arguments: the command line of the run, which the workers are given too.
    ///   - brief: what was found in the hotel, if the run is about one.
    init(_ plan: Plan, arguments: [String], brief: HotelBrief? = nil) throws(SystemError) {
        // A worker that has gone shows at its output, not as our end.
        signal(SIGPIPE, SIG_IGN)
        let run = UInt64.random(in: 1...UInt64.max)
        self.plan = plan
        self.socketWorkers = plan.workerCount(descriptors: OpenDescriptors.limit)
        var workers: [WorkerProcess] = []
        for index in 0..<self.socketWorkers {
            let role = WorkerRole(.sockets, index: index, count: self.socketWorkers, run: run)
            workers.append(try WorkerProcess(role, arguments: arguments))
        }
        if !plan.publishers.isEmpty {
            workers.append(
                try WorkerProcess(WorkerRole(.publisher, index: 0, count: 1, run: run), arguments: arguments))
        }
        // Not on their command lines: it holds tokens.
        if let brief { for worker in workers { worker.send(.enter(brief)) } }
        self.workers = workers
        self.campaign = Campaign(plan, workers: workers.count, now: SystemClock.monotonicNanoseconds)
        self.watch = ServerWatch(plan.pids)
        self.progress = ProgressView(isOn: plan.showsProgress)
    }

    /// Runs to the end.
    mutating func run() throws(Campaign.Failure) -> Report {
        Interrupts.watch()
        while self.campaign.phase != .finished { self.turn() }
        self.progress.finish()
        let isOver = self.failure == nil
        for worker in self.workers { worker.end(within: isOver ? 3000 : 0) }
        if let failure { throw failure }
        let window = self.campaign.window
        return Report(
            plan: self.plan, result: self.campaign.result, servers: self.watch.figures, workers: self.socketWorkers,
            seconds: window.map { Double($0.end - $0.from) / 1e9 } ?? 0, wasInterrupted: self.campaign.wasInterrupted)
    }

    private mutating func turn() {
        let now = SystemClock.monotonicNanoseconds
        var patience: UInt64 = 100_000_000
        if let next = self.campaign.nextInstant { patience = min(patience, next > now ? next - now : 0) }
        // Rounded up, so that the instant has come when we wake.
        let readable = self.wait(milliseconds: CInt((patience + 999_999) / 1_000_000))
        let then = SystemClock.monotonicNanoseconds
        for index in readable {
            guard let reports = self.workers[index].receive() else {
                self.carryOut(self.campaign.ended(index))
                continue
            }
            for report in reports { self.carryOut(self.campaign.heard(report, from: index, at: then)) }
        }
        for _ in 0..<Interrupts.take() { self.carryOut(self.campaign.interrupted(at: then)) }
        self.carryOut(self.campaign.ticked(at: then))
        self.watch.look(at: then)
        self.progress.show(self.campaign, self.plan, at: then)
    }

    /// - Returns: the workers that have something to say.
    private func wait(milliseconds: CInt) -> [Int] {
        // A negative descriptor is passed over by poll(2).
        var polls = self.workers.map { pollfd(fd: $0.reports, events: Int16(POLLIN), revents: 0) }
        guard poll(&polls, nfds_t(polls.count), milliseconds) > 0 else { return [] }
        return polls.indices.filter { polls[$0].revents != 0 }
    }

    private mutating func carryOut(_ actions: [Campaign.Action]) {
        for action in actions {
            switch action {
            case .order(let order): for worker in self.workers { worker.send(order) }
            case .take(let moment): self.watch.take(moment, at: SystemClock.monotonicNanoseconds)
            case .end(let failure): self.failure = failure
            }
        }
    }
}
