internal import Ports
internal import Shared

/// Writes down what was noted: looks up what holds, and has the store tell what the back end does not know yet.
///
/// One note after the other, in batches; a store that is gone is waited for, while the desk keeps no more than it may.
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
            if let batch = self.desk.take() {
                await self.write(batch)
            } else if self.isStopping.withLock({ $0 }) {
                return
            } else {
                await self.desk.bell.wait(atMost: .seconds(60))
            }
        }
    }

    func stop() {
        self.isStopping.withLock { $0 = true }
        self.desk.bell.ring()
    }

    /// Repeats it until the store has it.
    private func write(_ batch: WebhookDesk.Batch) async {
        var (failures, page) = (0, WebhookPage(batch))
        while !Task.isCancelled {
            do {
                page = try await self.attempt(page)
                if page.isEmpty { break }
                // Redis cannot say: what does not depend on it was written.
                failures += 1
            } catch {
                guard !self.isHopeless(error) else {
                    self.metrics.refused.add(UInt64(page.others.count))
                    self.log.error("webhooks.refused", ["app": .string(batch.app.id), "error": .error(error)])
                    return
                }
                failures += 1
                if failures == 1 { self.log.warning("webhooks.stalled", ["error": .error(error)]) }
            }
            self.metrics.storeFailures.increment()
            try? await Task.sleep(for: self.terms.storePause(after: failures))
        }
        if failures > 0 { self.log.notice("webhooks.resumed", ["failures": .int(failures)]) }
    }

    /// - Returns: what has to be tried again.
    private func attempt(_ page: WebhookPage) async throws -> WebhookPage {
        var (facts, rest): ([WebhookFact], WebhookPage) = ([], WebhookPage(page.app, [], []))
        do {
            let finding = try await self.truth.find(.init(page.app.id, about: page.subjects))
            facts = page.subjects.map { page.app.fact($0, finding) }
        } catch is PresenceError {
            rest = WebhookPage(page.app, page.subjects, [])
        }
        if !facts.isEmpty || !page.others.isEmpty {
            let outcome = try await self.store.note(
                WebhookNotes(
                    app: page.app.id, facts: facts, others: page.others, terms: self.terms.store(for: page.app)))
            self.metrics.count(outcome)
            if outcome.queued > 0 { self.poke() }
            // It may have been over before the back end was said to know of it: then nobody else looks.
            let told = Set(outcome.told)
            self.desk.put(
                facts.filter { $0.holds && told.contains($0.subject.channel) }.compactMap(\.subject.news),
                of: page.app.id)
        }
        return rest
    }

    /// Whether the store will never take it: what is wrong is in the data.
    private func isHopeless(_ error: any Error) -> Bool {
        guard case .refused(let code, _)? = error as? StoreError else { return false }
        return ["22", "23", "54"].contains(String(code.prefix(2)))
    }
}

/// What is written down at once: each subject once, and what is told as it is.
private final class WebhookPage: Sendable {
    let app: WebhookApp
    let subjects: [WebhookSubject]
    let others: [[UInt8]]

    var isEmpty: Bool { self.subjects.isEmpty && self.others.isEmpty }

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
