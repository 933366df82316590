internal import Ports
internal import Shared

/// Sends what waits for an app's back end, in order: the work of `webhook.deliver`.
///
/// A node that dies after the back end has taken a request and before that is written down leaves its events for the next,
/// which sends them again: at least once.
final class WebhookCourier: Sendable {
    private struct State {
        var isStopping = false
        /// Requests that are on their way, by number.
        var calls: [UInt64: Task<WebhookAnswer, Never>] = [:]
        var lastNumber: UInt64 = 0
    }

    private let work: WebhookWork
    private let state = Locked(State())

    init(_ work: WebhookWork) { self.work = work }

    /// Begins no more requests.
    func stop() { self.state.withLock { $0.isStopping = true } }

    /// Waits no more for those that are on their way: others send them again.
    func giveUp() { for call in self.state.withLock({ Array($0.calls.values) }) { call.cancel() } }

    private var isLeaving: Bool { Task.isCancelled || self.state.withLock { $0.isStopping } }

    func deliver(_ timer: ClaimedTimer) async throws -> TimerOutcome {
        let (work, terms) = (self.work, self.work.terms)
        // Another node may have newer settings.
        guard let app = work.apps[timer.key.key] else { return .later(terms.pauseWithoutApp) }
        let end = ContinuousClock.now + terms.turn
        while !self.isLeaving, ContinuousClock.now < end {
            let waiting = try await work.store.waiting(for: app.id, limit: terms.batchEvents)
            guard !waiting.isEmpty else {
                let standing = try await self.conclude(timer, [], .status(204), app)
                if standing.isLeft { continue }
                return .settled
            }
            for parcel in app.parcels(waiting, terms) {
                guard let standing = try await self.send(parcel, timer, app) else { return .later(.zero) }
                guard standing.isLeft else { return .settled }
                if standing.dropped > 0 { return .later(terms.pauseAfterDrop) }
                if standing.failures > 0 { return .later(terms.retryPause(after: standing.failures)) }
                if self.isLeaving || ContinuousClock.now >= end { break }
            }
        }
        return .later(.zero)
    }

    /// - Returns: `nil` if it was given up: nobody knows whether the receiver has it.
    private func send(
        _ parcel: [QueuedWebhook], _ timer: ClaimedTimer, _ app: WebhookApp
    ) async throws -> WebhookStanding? {
        let start = SystemClock.monotonicNanoseconds
        let answer = await self.call(app.request(parcel.map(\.event), now: SystemClock.now))
        guard answer != .failed(.cancelled) else { return nil }
        self.work.metrics.seconds.observe(SystemClock.monotonicNanoseconds - start)
        self.work.metrics.count(answer)
        return try await self.conclude(timer, parcel.map(\.id), answer, app)
    }

    private func call(_ request: WebhookRequest) async -> WebhookAnswer {
        let (sender, state) = (self.work.sender, self.state)
        let (number, call) = state.withLock { state in
            state.lastNumber += 1
            let call = Task { await sender.post(request) }
            state.calls[state.lastNumber] = call
            return (state.lastNumber, call)
        }
        defer { state.withLock { $0.calls[number] = nil } }
        return await withTaskCancellationHandler {
            await call.value
        } onCancel: {
            call.cancel()
        }
    }

    /// Writes down what came of a request; while the store cannot be reached, repeatedly: else it would be sent again.
    private func conclude(
        _ timer: ClaimedTimer, _ ids: [Int64], _ answer: WebhookAnswer, _ app: WebhookApp
    ) async throws -> WebhookStanding {
        let attempt = WebhookAttempt(
            under: timer, ids: ids, isDone: answer.isDone, terms: self.work.terms.store(for: app))
        var failures = 0
        while true {
            do throws(StoreError) {
                let standing = try await self.work.store.end(attempt)
                self.report(standing, answer, ids.count, app)
                return standing
            } catch {
                if case .refused = error { throw error }
                failures += 1
                guard failures < 5, !Task.isCancelled else { throw error }
                try await Task.sleep(for: self.work.terms.storePause(after: failures))
            }
        }
    }

    /// Names and data stay out of it: ids, counts, and what the receiver said.
    private func report(_ standing: WebhookStanding, _ answer: WebhookAnswer, _ count: Int, _ app: WebhookApp) {
        if answer.isDone { self.work.metrics.delivered.add(UInt64(count)) }
        // Said once, however long it lasts.
        if standing.failures == 1 {
            self.work.log.warning("webhooks.failing", ["app": .string(app.id), "answer": .string(answer.word)])
        }
        guard standing.dropped > 0 else { return }
        self.work.metrics.expired.add(UInt64(standing.dropped))
        self.work.log.error(
            "webhooks.given_up",
            ["app": .string(app.id), "events": .int(standing.dropped), "answer": .string(answer.word)])
    }
}

extension WebhookAnswer {
    fileprivate var word: String {
        switch self {
        case .status(let status): "\(status)"
        case .failed(let failure): failure.rawValue
        }
    }
}

extension WebhookApp {
    /// What goes into one request each, in order.
    fileprivate func parcels(_ waiting: [QueuedWebhook], _ terms: WebhookTerms) -> [[QueuedWebhook]] {
        guard self.webhook.isBatching else { return waiting.map { [$0] } }
        var (parcels, bytes): ([[QueuedWebhook]], Int) = ([[]], 0)
        for event in waiting {
            let isFull =
                bytes + event.event.count > terms.batchBytes || parcels[parcels.count - 1].count >= terms.batchEvents
            if isFull, !parcels[parcels.count - 1].isEmpty {
                parcels.append([])
                bytes = 0
            }
            parcels[parcels.count - 1].append(event)
            bytes += event.event.count + 1
        }
        return parcels
    }
}
