internal import Reactor
internal import Shared

extension Followers {
    /// When heads are asked for, and what is on its way.
    struct HeadPolls {
        fileprivate var sweep: (action: ScheduledAction, at: UInt64)?
        fileprivate var isSweeping = false
        fileprivate var sweepEnded: UInt64 = 0
        fileprivate var sweepDuration: UInt64 = 0
        fileprivate var sweepFailures: UInt64 = 0

        /// Streams of which somebody waits for the head.
        fileprivate var prompt: Set<EventStream> = []
        fileprivate var isAsking = false
        fileprivate var isPromptScheduled = false
        fileprivate var promptNotBefore: UInt64 = 0
        fileprivate var promptFailures: UInt64 = 0
    }

    private struct Question: Sendable {
        let stream: EventStream
        let number: UInt64
        let question: HeadQuestion
        /// The claims that the answer can settle.
        let lastClaim: UInt64
    }

    // MARK: All heads at once

    /// Asks for the heads of all followed streams every now and then: what a hint should have said and did not.
    func scheduleSweep() {
        guard !self.polls.isSweeping, !self.followers.isEmpty else { return }
        let at = max(self.now, self.polls.sweepEnded + self.sweepPause())
        if let planned = self.polls.sweep {
            guard at < planned.at else { return }
            self.loop.cancel(planned.action)
        }
        let action = self.loop.schedule(after: at - self.now) { [weak self] in
            self?.polls.sweep = nil
            self?.sweep()
        }
        self.polls.sweep = (action, at)
    }

    /// With jitter, so that nodes do not ask in step; never more often than 20 times its own duration; calmer after failures.
    private func sweepPause() -> UInt64 {
        let base = self.isBusHealthy ? self.terms.headInterval : self.terms.headIntervalUnhealthy
        let calm = min(base << min(self.polls.sweepFailures, 10), max(base, self.terms.longestHeadInterval))
        let jittered = calm - calm / 5 + UInt64.random(in: 0...(calm / 5 * 2))
        return max(jittered, self.polls.sweepDuration * 20)
    }

    private func sweep() {
        guard !self.polls.isSweeping else { return }
        let questions = self.followers.values.compactMap(self.question)
        guard !questions.isEmpty else {
            self.polls.sweepEnded = self.now
            return self.scheduleSweep()
        }
        self.polls.isSweeping = true
        let began = SystemClock.monotonicNanoseconds
        self.ask(questions) { followers, hasFailed in
            followers.polls.isSweeping = false
            followers.polls.sweepEnded = followers.now
            followers.polls.sweepDuration = (SystemClock.monotonicNanoseconds - began) / 1_000_000
            followers.polls.sweepFailures = hasFailed ? followers.polls.sweepFailures + 1 : 0
            followers.scheduleSweep()
        }
    }

    private func question(_ follower: Follower) -> Question? {
        guard follower.state.takesHeads else { return nil }
        return Question(
            stream: follower.stream, number: follower.number, question: follower.state.question,
            lastClaim: follower.lastClaim)
    }

    // MARK: Some heads now

    /// Asks for this stream's head as soon as may be, together with those of others for which somebody waits.
    func askSoon(_ stream: EventStream) {
        self.polls.prompt.insert(stream)
        self.askPrompt()
    }

    private func askPrompt() {
        guard !self.polls.isAsking, !self.polls.isPromptScheduled, !self.polls.prompt.isEmpty else { return }
        guard self.polls.promptNotBefore <= self.now else {
            self.polls.isPromptScheduled = true
            self.loop.schedule(after: self.polls.promptNotBefore - self.now) { [weak self] in
                self?.polls.isPromptScheduled = false
                self?.askPrompt()
            }
            return
        }
        let questions = self.polls.prompt.compactMap { self.followers[$0] }.compactMap(self.question)
        self.polls.prompt = []
        guard !questions.isEmpty else { return }
        self.polls.isAsking = true
        let began = SystemClock.monotonicNanoseconds
        self.ask(questions) { followers, hasFailed in
            let duration = (SystemClock.monotonicNanoseconds - began) / 1_000_000
            var pause = min(duration * 20, followers.terms.headInterval)
            followers.polls.isAsking = false
            followers.polls.promptFailures = hasFailed ? followers.polls.promptFailures + 1 : 0
            if hasFailed {
                let terms = followers.terms.follower
                let calm = terms.firstRestMilliseconds << min(followers.polls.promptFailures - 1, 10)
                pause = max(pause, min(calm, terms.longestRestMilliseconds))
                followers.polls.prompt.formUnion(questions.map(\.stream))
            }
            followers.polls.promptNotBefore = followers.now + pause
            followers.askPrompt()
        }
    }

    // MARK: Asking

    private func ask(_ questions: [Question], _ then: @escaping @Sendable (Followers, _ hasFailed: Bool) -> Void) {
        self.metrics.headQueries.increment()
        let (store, handle) = (self.store, self.loop.handle)
        Task(executorPreference: self.executor) {
            let answer: Result<[EventStream: StreamHead], StoreError>
            do throws(StoreError) {
                answer = .success(try await store.heads(of: questions.map(\.stream)))
            } catch {
                answer = .failure(error)
            }
            handle.post { loop in
                guard let followers = loop.attachment(Followers.self) else { return }
                followers.headsRead(answer, to: questions)
                then(followers, (try? answer.get()) == nil)
            }
        }
    }

    private func headsRead(_ answer: Result<[EventStream: StreamHead], StoreError>, to questions: [Question]) {
        guard case .success(let heads) = answer else {
            self.metrics.storeFailures.increment()
            return
        }
        for asked in questions {
            guard let follower = self.followers[asked.stream], follower.number == asked.number else { continue }
            let before = follower.state.head
            let actions = follower.state.headRead(heads[asked.stream], asked: asked.question, now: self.now)
            self.performHead(actions, on: follower, before: before)
            if let head = heads[asked.stream] { self.settle(follower, upTo: asked.lastClaim, by: head) }
        }
    }

    private func settle(_ follower: Follower, upTo lastClaim: UInt64, by head: StreamHead) {
        guard !follower.claims.isEmpty else { return }
        for claim in follower.claims where claim.number <= lastClaim {
            guard claim.since.epoch != head.epoch || claim.since.seq > head.seq else { continue }
            let ticket = claim.ticket
            self.tell(claim.loop) { $0.replayLost(ticket) }
        }
        follower.claims.removeAll { $0.number <= lastClaim }
    }
}
