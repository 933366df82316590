/// The way back to a task that waits for another thread: taken once, and never forgotten. When everybody has let go of it, the
/// answer is its `fallback`, so that a loop that stops leaves nobody waiting.
package final class Answer<Value: Sendable>: Sendable {
    private let continuation: Locked<CheckedContinuation<Value, Never>?>
    private let fallback: Value

    package init(_ continuation: CheckedContinuation<Value, Never>, fallback: Value) {
        self.continuation = Locked(continuation)
        self.fallback = fallback
    }

    deinit { self.give(self.fallback) }

    /// Answers, unless that has been done; safe from any thread.
    package func give(_ value: Value) {
        let continuation = self.continuation.withLock { continuation in
            defer { continuation = nil }
            return continuation
        }
        continuation?.resume(returning: value)
    }
}
