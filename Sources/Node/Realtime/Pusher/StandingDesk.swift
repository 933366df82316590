package import Hotel
internal import Shared

/// Brings the questions of all loops to the store, a few at a time: when a stream is not what it was, every socket of a node
/// is asked about at once.
///
/// A question that the store cannot answer is asked again until it can, or until the longest authorisation has expired.
package final class StandingDesk: Sendable {
    package typealias Question =
        @Sendable (
            _ subscriber: PusherSubscriber, _ channel: DomainChannel
        ) async throws -> Bool

    private struct Subject: Hashable, Sendable {
        let subscriber: PusherSubscriber
        let channel: DomainChannel
    }

    private struct State {
        /// In the order in which they came; each of them has answers to give.
        var waiting: [Subject] = []
        var answers: [Subject: [@Sendable (Bool) -> Void]] = [:]
        var workers = 0
    }

    private let state = Locked(State())
    private let workers: Int
    private let pause: Duration
    private let attempts: Int
    private let question: Question

    /// - Parameters:
    ///   - workers: questions that are asked at the same time.
    ///   - pause: before a question is asked again.
    ///   - attempts: after which the answer is no.
    package init(workers: Int = 4, pause: Duration = .seconds(1), attempts: Int = 1000, question: @escaping Question) {
        self.workers = workers
        self.pause = pause
        self.attempts = attempts
        self.question = question
    }

    /// What an endpoint is given.
    package var check: PusherEndpoint.StandingCheck {
        { subscriber, channel, answer in self.ask(Subject(subscriber: subscriber, channel: channel), answer) }
    }

    private func ask(_ subject: Subject, _ answer: @escaping @Sendable (Bool) -> Void) {
        let starts = self.state.withLock { state in
            // Several sockets of one session ask the same; whoever comes while it is being asked waits for that answer.
            state.answers[subject, default: []].append(answer)
            guard state.answers[subject]?.count == 1 else { return false }
            state.waiting.append(subject)
            guard state.workers < self.workers else { return false }
            state.workers += 1
            return true
        }
        if starts { Task { await self.work() } }
    }

    private func work() async {
        while let subject = self.next() {
            let isGood = await self.judge(subject)
            let answers = self.state.withLock { $0.answers.removeValue(forKey: subject) ?? [] }
            for answer in answers { answer(isGood) }
        }
    }

    private func next() -> Subject? {
        self.state.withLock { state in
            if state.waiting.isEmpty { state.workers -= 1 }
            return state.waiting.isEmpty ? nil : state.waiting.removeFirst()
        }
    }

    private func judge(_ subject: Subject) async -> Bool {
        for attempt in 1...self.attempts {
            do {
                return try await self.question(subject.subscriber, subject.channel)
            } catch {
                guard attempt < self.attempts else { break }
                try? await Task.sleep(for: self.pause)
            }
        }
        return false
    }
}
