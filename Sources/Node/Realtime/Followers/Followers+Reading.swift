internal import Reactor
internal import Shared

extension Followers {
    // MARK: Gaps

    func readGap(_ read: FollowerActions.GapRead, of follower: Follower) {
        self.metrics.gapReads.increment()
        let (stream, number) = (follower.stream, follower.number)
        self.readLog(
            of: stream, after: read.after, through: read.through, limit: read.limit, notBefore: read.notBefore
        ) { followers, answer in
            guard let follower = followers.followers[stream], follower.number == number else { return }
            let now = followers.now
            switch answer {
            case .success(let answer):
                let before = follower.state.head
                let actions = follower.state.eventsRead(read.number, answer.events, head: answer.head, now: now)
                followers.performHead(actions, on: follower, before: before)
            case .failure:
                followers.metrics.storeFailures.increment()
                followers.perform(follower.state.readFailed(read.number, now: now), on: follower)
            }
        }
    }

    /// Events, and the head after they were read, which tells whether they are of the epoch that was meant.
    struct LogAnswer: Sendable {
        let events: [LoggedEvent]
        let head: StreamHead
    }

    /// Asks the store off this loop; the answer comes back on it.
    private func readLog(
        of stream: EventStream, after: Int64, through: Int64, limit: Int, notBefore: Timestamp?,
        _ then: @escaping @Sendable (Followers, Result<LogAnswer, StoreError>) -> Void
    ) {
        let (store, handle) = (self.store, self.loop.handle)
        Task(executorPreference: self.executor) {
            let answer: Result<LogAnswer, StoreError>
            do throws(StoreError) {
                let events = try await store.events(
                    of: stream, after: after, through: through, limit: limit, notBefore: notBefore)
                if let head = try await store.heads(of: [stream])[stream] {
                    answer = .success(LogAnswer(events: events, head: head))
                } else {
                    answer = .failure(.unavailable)
                }
            } catch {
                answer = .failure(error)
            }
            handle.post { loop in
                if let followers = loop.attachment(Followers.self) { then(followers, answer) }
            }
        }
    }

    // MARK: Pages for those who come back

    /// Which loop wants what of a page.
    struct PageRequest {
        let loop: Int
        let ticket: ReplayTicket
        let source: RecentEvents.Source
        let after: Int64
        let through: Int64
    }

    /// What is being read for returning clients: each page once, however many ask.
    struct PageReads {
        fileprivate var waiting: [RecentEvents.PageKey: [PageRequest]] = [:]
        fileprivate var queue: [RecentEvents.PageKey] = []
        fileprivate var inFlight = 0
        fileprivate var failures: UInt64 = 0
    }

    /// A loop wants events behind a position of a stream that it listens to. It is told `replayed` with at least one event,
    /// or `replayLost` if they are not to be had any more; if the stream is reset meanwhile, only that.
    func replay(_ request: PageRequest) {
        guard let head = self.followers[request.source.stream]?.state.head, head.epoch == request.source.epoch else {
            // A reset was told, or the loop wants the stream no more.
            return
        }
        if let events = self.recent.events(of: request.source, after: request.after, through: request.through) {
            return self.answer(request, events)
        }
        let key = RecentEvents.PageKey(request.source, after: request.after)
        let isFirst = self.pages.waiting[key] == nil
        self.pages.waiting[key, default: []].append(request)
        guard isFirst else { return }
        self.pages.queue.append(key)
        self.readPages()
    }

    private func answer(_ request: PageRequest, _ events: [LoggedEvent]) {
        let ticket = request.ticket
        self.tell(request.loop) { $0.replayed(events, for: ticket) }
    }

    private func readPages() {
        while self.pages.inFlight < self.terms.pageReadsAtOnce, !self.pages.queue.isEmpty {
            let key = self.pages.queue.removeFirst()
            guard let head = self.followers[key.source.stream]?.state.head, head.epoch == key.source.epoch else {
                self.pages.waiting[key] = nil
                continue
            }
            self.pages.inFlight += 1
            self.metrics.pageReads.increment()
            let through = min(key.through, head.seq)
            // By this node's clock, as the hubs judge: what they would refuse as too old need not be looked for.
            let oldest = Timestamp(milliseconds: SystemClock.now.milliseconds - self.terms.pageReachMilliseconds)
            self.readLog(
                of: key.source.stream, after: key.after, through: through, limit: Int(RecentEvents.pageEvents),
                notBefore: oldest
            ) { followers, answer in
                followers.pages.inFlight -= 1
                followers.pageRead(key, through: through, answer)
                followers.readPages()
            }
        }
    }

    private func pageRead(
        _ key: RecentEvents.PageKey, through: Int64, _ answer: Result<LogAnswer, StoreError>
    ) {
        guard case .success(let answer) = answer else {
            self.metrics.storeFailures.increment()
            return self.readAgain(key)
        }
        self.pages.failures = 0
        let requests = self.pages.waiting.removeValue(forKey: key) ?? []
        // Another epoch: the follower finds out by itself, and resets those who wait.
        guard answer.head.epoch == key.source.epoch else { return self.askSoon(key.source.stream) }
        let events = Self.gaplessEnd(answer.events)
        self.recent.insert(events, as: key)
        for request in requests {
            if let run = RecentEvents.run(events, after: request.after, through: request.through) {
                self.answer(request, run)
            } else if request.after >= through {
                // It came while the page was being read, for an event that was younger than the question.
                self.replay(request)
            } else {
                let ticket = request.ticket
                self.tell(request.loop) { $0.replayLost(ticket) }
            }
        }
    }

    /// The store does not answer: those who wait go on waiting, and it is asked again after a while.
    private func readAgain(_ key: RecentEvents.PageKey) {
        let terms = self.terms.follower
        let pause = min(terms.firstRestMilliseconds << min(self.pages.failures, 10), terms.longestRestMilliseconds)
        self.pages.failures += 1
        self.loop.schedule(after: pause) { [weak self] in
            self?.pages.queue.append(key)
            self?.readPages()
        }
    }

    /// What is left of a page whose beginning is too old, or which the log has dropped.
    private static func gaplessEnd(_ events: [LoggedEvent]) -> [LoggedEvent] {
        guard var start = events.indices.last else { return [] }
        while start > 0, events[start - 1].seq + 1 == events[start].seq { start -= 1 }
        return start == 0 ? events : Array(events[start...])
    }
}
