package import Ports
package import Shared

/// Tells the back ends of external apps over HTTP what happens in their channels (protocol, section 11).
///
/// What always holds: a back end is told what became true in the order in which it did, by one node at a time; occupied and
/// vacated, added and removed alternate; what is told is the cluster's truth, not a node's. What a node has noted and not yet written
/// down goes with it when it dies, and is found by the next comparison, except cache misses and client events. A request may
/// come twice, when a node dies between a receiver's answer and writing it down.
package final class Webhooks: Sendable {
    private let work: WebhookWork
    private let desk: WebhookDesk
    private let courier: WebhookCourier
    private let office = Locked<Office?>(nil)

    /// What there is once it is known who is where.
    private final class Office: Sendable {
        let truth: WebhookTruth
        let clerk: WebhookClerk
        let comparison: WebhookComparison
        let poke: @Sendable () -> Void
        let tasks = Locked<[Task<Void, Never>]>([])

        init(
            truth: WebhookTruth, clerk: WebhookClerk, comparison: WebhookComparison,
            poke: @escaping @Sendable () -> Void
        ) {
            self.truth = truth
            self.clerk = clerk
            self.comparison = comparison
            self.poke = poke
        }
    }

    /// - Parameter apps: those that want to be told; without any nothing is ever done.
    package init(
        _ apps: [WebhookApp], store: any WebhookStore, sender: any WebhookSender, terms: WebhookTerms = WebhookTerms(),
        metrics: WebhookMetrics, log: Logger = .silent
    ) {
        self.work = WebhookWork(apps, store: store, sender: sender, terms: terms, metrics: metrics, log: log)
        self.desk = WebhookDesk(self.work.apps, terms: terms, metrics: metrics)
        self.courier = WebhookCourier(self.work)
    }

    /// Where the realtime side notes what may have changed.
    package var newsDesk: AppNewsDesk { { [desk = self.desk] news, app in desk.note(news, of: app) } }

    /// Timers that are always there.
    package var timers: [NewTimer] {
        self.work.apps.keys.sorted().map { id in
            NewTimer(TimerKey(tenant: nil, kind: Self.compareKind, key: id), due: .now)
        }
    }

    /// What does the timers of webhooks.
    package var handlers: [TimerHandler] {
        [
            TimerHandler(Self.deliverKind) { [courier = self.courier] in try await courier.deliver($0) },
            TimerHandler(Self.lookKind) { [weak self] in try await self?.look($0) ?? .later(.zero) },
            TimerHandler(Self.compareKind) { [weak self] in try await self?.compare($0) ?? .later(.zero) },
        ]
    }

    /// Begins to write down what is noted. Once, when the timers are looked after.
    ///
    /// - Parameters:
    ///   - nodes: who is looked after: what a node has not said that dies is looked for soon.
    ///   - poke: called when a timer was set: someone should look for it now.
    package func begin(over truth: WebhookTruth, nodes: any NodeRegistry, poke: @escaping @Sendable () -> Void) {
        guard !self.work.apps.isEmpty else { return }
        let clerk = WebhookClerk(self.desk, self.work, truth: truth, poke: poke)
        let comparison = WebhookComparison(self.work, desk: self.desk, truth: truth)
        let office = Office(truth: truth, clerk: clerk, comparison: comparison, poke: poke)
        let isFirst = self.office.withLock { known in
            guard known == nil else { return false }
            known = office
            return true
        }
        precondition(isFirst, "webhooks begin once")
        let watch = DeathWatch(nodes)
        office.tasks.withLock { tasks in
            tasks = [Task { await clerk.run() }, Task { await self.watch(watch, office) }]
        }
    }

    /// Writes down what was noted, as far as it can be done soon, and begins no more requests; those that are on their way have a
    /// little time. To be called when nobody notes anything any more, before the timers stop.
    package func stop() async {
        self.courier.stop()
        Task { [limit = self.work.terms.stopLimit] in
            try? await Task.sleep(for: limit)
            self.courier.giveUp()
            for task in self.office.withLock({ $0 })?.tasks.withLock({ $0 }) ?? [] { task.cancel() }
        }
        guard let office = self.office.withLock({ $0 }) else { return }
        let tasks = office.tasks.withLock { $0 }
        office.clerk.stop()
        // The watch: nobody who dies now is looked after by this node.
        tasks.last?.cancel()
        for task in tasks { await task.value }
    }

    // MARK: Timers

    private static func kind(_ name: String) -> TimerKind {
        guard let kind = TimerKind(name) else { preconditionFailure("the kind has an unlawful name") }
        return kind
    }

    package static let deliverKind = Webhooks.kind("webhook.deliver")
    package static let lookKind = Webhooks.kind("webhook.look")
    package static let compareKind = Webhooks.kind("webhook.compare")

    /// Looks whether what was said to be gone still is, and what the counts are now.
    private func look(_ timer: ClaimedTimer) async throws -> TimerOutcome {
        guard let app = self.work.apps[timer.key.key] else { return .later(self.work.terms.pauseWithoutApp) }
        guard let office = self.office.withLock({ $0 }) else { return .later(self.work.terms.pauseWithoutTruth) }
        let due = try await self.work.store.due(app.id, limit: self.work.terms.looksAtOnce)
        let findings: [WebhookFinding]
        do {
            let found = try await office.truth.find(.init(app.id, about: due.map(\.subject)))
            findings = due.map { app.finding($0, found) }
        } catch is PresenceError {
            return .later(self.work.terms.store.unsettledPause)
        }
        let outcome = try await self.work.store.settle(
            WebhookFindings(under: timer, findings, terms: self.work.terms.store(for: app)))
        self.work.metrics.count(outcome)
        if outcome.queued > 0 { office.poke() }
        // It may have come back before the back end was said to know that it is gone: then nobody else looks.
        let told = Set(outcome.told)
        self.desk.put(
            due.filter { told.contains($0.subject.channel) }.compactMap(\.subject.news), of: app.id)
        return .settled
    }

    private func compare(_ timer: ClaimedTimer) async throws -> TimerOutcome {
        // Set by a node with other settings, which sets it again at its next start.
        guard let app = self.work.apps[timer.key.key] else { return .done }
        guard let office = self.office.withLock({ $0 }) else { return .later(self.work.terms.pauseWithoutTruth) }
        do {
            let isWhole = try await office.comparison.compare(app)
            return .later(isWhole ? self.work.terms.comparePause : self.work.terms.deathPause)
        } catch is PresenceError {
            return .later(self.work.terms.deathPause)
        }
    }

    // MARK: Nodes that die

    /// Compares soon after a node has died.
    private func watch(_ watch: DeathWatch, _ office: Office) async {
        while !Task.isCancelled {
            try? await Task.sleep(for: self.work.terms.censusPause)
            guard await watch.sawDeath() else { continue }
            // Not all at once: of what one has found others find nothing any more.
            try? await Task.sleep(for: self.work.terms.deathPause * Double.random(in: 1...2))
            for app in self.work.apps.values where !Task.isCancelled {
                do {
                    _ = try await office.comparison.compare(app)
                } catch {
                    // The timer's turn will come.
                    self.work.log.warning(
                        "webhooks.not_compared", ["app": .string(app.id), "error": .error(error)])
                }
            }
        }
    }
}

/// Notices that nodes have died. Used by one task.
private final class DeathWatch: Sendable {
    private let nodes: any NodeRegistry
    private let known = Locked<Set<LivingNode>>([])

    init(_ nodes: any NodeRegistry) { self.nodes = nodes }

    /// Whether one has gone since the last call. Of all who ask, those know of it that saw it before.
    func sawDeath() async -> Bool {
        guard let living = try? await self.nodes.livingNodes() else { return false }
        return self.known.withLock { known in
            defer { known = Set(living) }
            return !known.subtracting(living).isEmpty
        }
    }
}
