internal import Hotel
internal import Shared
package import Wire

/// What becomes of a request.
package enum RESTDispatch: Sendable {
    /// The answer is here.
    case now(HTTPResponse)
    /// An answer that never changes.
    /// The answer takes an operation: `run()` in a task of its own.
    case later(RESTCall)
}

/// An accepted request. It holds a place at the gate until it has run or nobody holds it any more.
package final class RESTCall: Sendable {
    private let place: Locked<RESTPlace?>
    private let deadline: ContinuousClock.Instant
    private let perform: @Sendable () async -> HTTPResponse
    private let refuse: @Sendable (RefusalCode) -> HTTPResponse

    init(
        _ place: RESTPlace, deadline: ContinuousClock.Instant, perform: @escaping @Sendable () async -> HTTPResponse,
        refuse: @escaping @Sendable (RefusalCode) -> HTTPResponse
    ) {
        self.place = Locked(place)
        self.deadline = deadline
        self.perform = perform
        self.refuse = refuse
    }

    /// Does it, once, and returns the answer: at the latest shortly after the deadline, whatever the handler does.
    ///
    /// When the task that calls this is cancelled (the client is gone), the handler's is too. A handler that does not heed
    /// that goes on, and keeps its place at the gate until it ends: so the bound on what runs holds in truth.
    package func run() async -> HTTPResponse {
        guard let place = self.takePlace() else { return self.refuse(.internalError) }
        let answer = FirstAnswer()
        let work = Task {
            // `place` is let go of at the end of this task, not of the call.
            let response = await place.enter() ? await self.perform() : self.refuse(.overloaded)
            withExtendedLifetime(place) {}
            answer.give(response)
        }
        let alarm = Task {
            guard (try? await Task.sleep(until: self.deadline, clock: .continuous)) != nil else { return }
            answer.give(self.refuse(.deadlineExceeded))
            work.cancel()
        }
        defer { alarm.cancel() }
        return await withTaskCancellationHandler {
            await answer.value
        } onCancel: {
            work.cancel()
            answer.give(self.refuse(.deadlineExceeded))
        }
    }

    private func takePlace() -> RESTPlace? {
        self.place.withLock { place in
            defer { place = nil }
            return place
        }
    }
}

/// The first of several answers to one request; later ones are dropped.
private final class FirstAnswer: Sendable {
    private enum State {
        case open
        case awaited(CheckedContinuation<HTTPResponse, Never>)
        case given(HTTPResponse)
    }

    private let state = Locked(State.open)

    func give(_ response: HTTPResponse) {
        let waiter: CheckedContinuation<HTTPResponse, Never>? = self.state.withLock { state in
            switch state {
            case .open:
                state = .given(response)
                return nil
            case .awaited(let continuation):
                state = .given(response)
                return continuation
            case .given:
                return nil
            }
        }
        waiter?.resume(returning: response)
    }

    var value: HTTPResponse {
        get async {
            await withCheckedContinuation { continuation in
                let given: HTTPResponse? = self.state.withLock { state in
                    if case .given(let response) = state { return response }
                    state = .awaited(continuation)
                    return nil
                }
                if let given { continuation.resume(returning: given) }
            }
        }
    }
}
