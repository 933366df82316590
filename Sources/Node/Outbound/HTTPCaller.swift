internal import CTLS
package import Ports
internal import Shared

/// Sends requests to servers of others: HTTP/1.1, one connection each, over TCP or TLS.
///
/// Each call has a thread of its own while it lasts, because looking up a name blocks and cannot be called off; there are
/// never more than `mostAtOnce`. Of an answer only the status is read, so it may be as large as it likes; redirects are not
/// followed.
///
/// TLS is OpenSSL's libssl, which libpq has in each node already. Foundation's `URLSession` would have done without it, at the
/// price of Foundation (60 MB in a static program) and of libcurl with all that it brings; and it has no limit on connecting.
/// Which authorities are trusted is read once: a node that shall trust another is started anew.
package final class HTTPCaller: WebhookSender {
    /// How long whatever others do may take.
    package struct Terms: Sendable {
        /// Until there is a connection.
        package var connectLimit = Duration.seconds(5)
        /// Until there is a status.
        package var limit = Duration.seconds(10)
        /// Calls at once, those included that nobody waits for any more but that still look up a name.
        package var mostAtOnce = 32
        /// A PEM file of the authorities to trust; `nil` for those of the system.
        package var authorities: String?

        package init() {}
    }

    private let terms: Terms
    private let trust: TrustKeeper
    private let running = Locked(0)

    package init(_ terms: Terms = Terms()) {
        self.terms = terms
        self.trust = TrustKeeper(authorities: terms.authorities)
    }

    package func post(_ request: WebhookRequest) async -> WebhookAnswer {
        let end = CallEnd()
        let alarm = Task { [limit = self.terms.limit] in
            // A little later than the call's own clock: only for what it cannot end by itself.
            try? await Task.sleep(for: limit + .milliseconds(500))
            if !Task.isCancelled { end.give(.failed(.timedOut)) }
        }
        defer { alarm.cancel() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                end.hold(Answer(continuation, fallback: .failed(.closed)))
                self.begin(request, end)
            }
        } onCancel: {
            end.give(.failed(.cancelled))
        }
    }

    private func begin(_ request: WebhookRequest, _ end: CallEnd) {
        let hasPlace = self.running.withLock { running in
            guard running < self.terms.mostAtOnce else { return false }
            running += 1
            return true
        }
        guard hasPlace else { return end.give(.failed(.busy)) }
        do throws(SystemError) {
            try spawnThread(named: "outbound") { [terms = self.terms, trust = self.trust, running = self.running] in
                let answer = HTTPCall(request, terms: terms, trust: trust).answer()
                running.withLock { $0 -= 1 }
                end.give(answer)
            }
        } catch {
            self.running.withLock { $0 -= 1 }
            end.give(.failed(.busy))
        }
    }
}

/// Where the answer goes: the first that is given counts, also if it is given before anybody waits.
private final class CallEnd: Sendable {
    private struct State {
        var early: WebhookAnswer?
        var answer: Answer<WebhookAnswer>?
    }

    private let state = Locked(State())

    func hold(_ answer: Answer<WebhookAnswer>) {
        let early: WebhookAnswer? = self.state.withLock { state in
            if state.early == nil { state.answer = answer }
            return state.early
        }
        if let early { answer.give(early) }
    }

    func give(_ word: WebhookAnswer) {
        let answer: Answer<WebhookAnswer>? = self.state.withLock { state in
            if state.early == nil { state.early = word }
            defer { state.answer = nil }
            return state.answer
        }
        answer?.give(word)
    }
}
