internal import Ports
internal import Shared

/// Writes down what was noted: looks up what holds, and has the store tell what the back end does not know yet.
///
/// One note after the other, in batches; PostgreSQL is waited for when it is gone, while the desk keeps no more than it may.
/// Without Redis nobody can say who is where: what needs that is put off.
final class WebhookClerk: Sendable {
    private let desk: WebhookDesk
    private let store: any WebhookStore
    private let truth: WebhookTruth
    private let terms: WebhookTerms
    private let metrics: WebhookMetrics
    private let log: Logger
    /// To be called when events were queued.
    private let poke: @Sendable () -> Void
    private let isStopping = Locked(false)
    private let deferred = Locked(WebhookDeferral())

    init(_ desk: WebhookDesk, _ work: WebhookWork, truth: WebhookTruth, poke: @escaping @Sendable () -> Void) {
        self.desk = desk
        self.store = work.store
        self.truth = truth
        self.terms = work.terms
        self.metrics = work.metrics
        self.log = work.log
        self.poke = poke
    }

    /// Works until it is told to stop and nothing is left, or its task is cancelled.
    func run() async {
        while !Task.isCancelled {
            if let page = self.deferred.withLock({ $0.takeDue(at: .now) }) {
                await self.write(page)
            } else if let batch = self.desk.take() {
                await self.write(WebhookPage(batch))
            } else if self.isStopping.withLock({ $0 }) {
                return
            } else {
                await self.desk.bell.wait(atMost: self.deferred.withLock { $0.pause(at: .now) })
            }
        }
    }

    func stop() {
        self.isStopping.withLock { $0 = true }
        self.desk.bell.ring()
    }

    /// Repeats it until the store has it.
    private func write(_ page: WebhookPage) async {
        var failures = 0
        while !Task.isCancelled {
            do {
                try await self.attempt(page)
                break
            } catch {
                guard !self.isHopeless(error) else {
                    self.metrics.refused.add(UInt64(page.others.count))
                    self.log.error("webhooks.refused", ["app": .string(page.app.id), "error": .error(error)])
                    return
                }
                failures += 1
                self.metrics.storeFailures.increment()
                if failures == 1 { self.log.warning("webhooks.stalled", ["error": .error(error)]) }
            }
            try? await Task.sleep(for: self.terms.storePause(after: failures))
        }
        if failures > 0 { self.log.notice("webhooks.resumed", ["failures": .int(failures)]) }
    }

    private func attempt(_ page: WebhookPage) async throws {
        let facts = await self.facts(page)
        guard !facts.isEmpty || !page.others.isEmpty else { return }
        let outcome = try await self.store.note(
            WebhookNotes(
                app: page.app.id, facts: facts, others: page.others, terms: self.terms.store(for: page.app)))
        self.metrics.count(outcome)
        if outcome.queued > 0 { self.poke() }
        // It may have been over before the back end was said to know of it: then nobody else looks.
        let told = Set(outcome.told)
        self.desk.put(
            facts.filter { $0.holds && told.contains($0.subject.channel) }.compactMap(\.subject.news), of: page.app.id)
    }

    /// What holds. When nobody can say it is put off, and holds up nothing that needs not be looked up.
    private func facts(_ page: WebhookPage) async -> [WebhookFact] {
        guard !page.subjects.isEmpty else { return [] }
        do {
            let finding = try await self.truth.find(.init(page.app.id, about: page.subjects))
            if self.deferred.withLock({ $0.goesOn() }) { self.log.notice("webhooks.truth_is_back") }
            return page.subjects.map { page.app.fact($0, finding) }
        } catch {
            let terms = self.terms
            let failures = self.deferred.withLock { $0.putOff(page, terms) }
            self.metrics.storeFailures.increment()
            if failures == 1 { self.log.warning("webhooks.truth_is_gone", ["error": .error(error)]) }
            return []
        }
    }

    /// Whether the store will never take it: what is wrong is in the data.
    private func isHopeless(_ error: any Error) -> Bool {
        guard case .refused(let code, _)? = error as? StoreError else { return false }
        return ["22", "23", "54"].contains(String(code.prefix(2)))
    }
}

/// What could not be looked up, until it is tried again. No more of an app than may wait of it: the comparison finds the rest.
private struct WebhookDeferral {
    private var pages: [String: WebhookPage] = [:]
    private var failures = 0
    private var due = ContinuousClock.Instant.now

    /// - Returns: how often in a row nobody could say.
    mutating func putOff(_ page: WebhookPage, _ terms: WebhookTerms) -> Int {
        let known = self.pages[page.app.id]?.subjects ?? []
        let new = Set(page.subjects).subtracting(known)
        self.pages[page.app.id] = WebhookPage(page.app, Array((known + new).prefix(terms.mostNotes)), [])
        self.failures += 1
        self.due = .now + terms.storePause(after: self.failures)
        return self.failures
    }

    /// - Returns: whether nobody could say before.
    mutating func goesOn() -> Bool {
        defer { (self.failures, self.due) = (0, .now) }
        return self.failures > 0
    }

    /// What is to be tried again now, of one app.
    mutating func takeDue(at now: ContinuousClock.Instant) -> WebhookPage? {
        guard now >= self.due, let app = self.pages.keys.first else { return nil }
        return self.pages.removeValue(forKey: app)
    }

    /// How long nothing has to be tried again.
    func pause(at now: ContinuousClock.Instant) -> Duration {
        self.pages.isEmpty ? .seconds(60) : max(now.duration(to: self.due), .milliseconds(1))
    }
}

/// What is written down at once: each subject once, and what is told as it is.
private final class WebhookPage: Sendable {
    let app: WebhookApp
    let subjects: [WebhookSubject]
    let others: [[UInt8]]

    init(_ app: WebhookApp, _ subjects: [WebhookSubject], _ others: [[UInt8]]) {
        self.app = app
        self.subjects = subjects
        self.others = others
    }

    convenience init(_ batch: WebhookDesk.Batch) {
        var (subjects, seen, others): ([WebhookSubject], Set<WebhookSubject>, [[UInt8]]) = ([], [], [])
        for note in batch.notes {
            switch note {
            case .cacheMiss(let channel): others.append(WebhookText.event(.cacheMiss, channel))
            case .clientEvent(let event): others.append(WebhookText.clientEvent(event))
            case .occupancy, .membership, .subscriptionCount:
                guard let subject = note.subject, seen.insert(subject).inserted else { continue }
                subjects.append(subject)
            }
        }
        self.init(batch.app, subjects, others)
    }
}

extension AppNews {
    /// What can be looked up.
    fileprivate var subject: WebhookSubject? {
        switch self {
        case .occupancy(let channel): .channel(channel)
        case .membership(let channel, let user): .member(user, of: channel)
        case .subscriptionCount(let channel): .count(channel)
        case .cacheMiss, .clientEvent: nil
        }
    }
}

extension WebhookSubject {
    /// That it may have changed; counts are looked at again in any case.
    var news: AppNews? {
        switch self.kind {
        case .channel: .occupancy(channel: self.channel)
        case .member: .membership(channel: self.channel, user: self.user)
        case .count: nil
        }
    }
}

extension WebhookApp {
    /// What is to be written down of a subject. Where nobody can say yet it is taken to be gone: then it is looked at again.
    fileprivate func fact(_ subject: WebhookSubject, _ finding: WebhookTruth.Finding) -> WebhookFact {
        let holds = subject.kind == .count || finding.holds(subject) == true
        return WebhookFact(subject, holds: holds, event: self.beginning(of: subject))
    }

    private func beginning(of subject: WebhookSubject) -> [UInt8]? {
        switch subject.kind {
        case .channel:
            self.wants(.channelOccupied) ? WebhookText.event(.channelOccupied, subject.channel) : nil
        case .member:
            self.wants(.memberAdded) ? WebhookText.event(.memberAdded, subject.channel, user: subject.user) : nil
        case .count: nil
        }
    }

    /// What came of looking at something that was told.
    func finding(_ memory: WebhookMemory, _ finding: WebhookTruth.Finding) -> WebhookFinding {
        let subject = memory.subject
        let number = finding.number(subject.channel)
        let event: [UInt8]? =
            switch subject.kind {
            case .channel:
                self.wants(.channelVacated) ? WebhookText.event(.channelVacated, subject.channel) : nil
            case .member:
                self.wants(.memberRemoved)
                    ? WebhookText.event(.memberRemoved, subject.channel, user: subject.user) : nil
            case .count: self.wants(.subscriptionCount) ? WebhookText.count(number, of: subject.channel) : nil
            }
        return WebhookFinding(memory, holds: finding.holds(subject), number: number, event: event)
    }
}
