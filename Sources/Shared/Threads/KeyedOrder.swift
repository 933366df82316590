/// Runs what concerns the same thing one after the other, in the order in which it was asked for; what concerns different things
/// runs side by side.
package final class KeyedOrder<Key: Hashable & Sendable>: Sendable {
    private struct Last {
        let number: UInt64
        let task: Task<Void, Never>
    }

    private struct State {
        var last: [Key: Last] = [:]
        var lastNumber: UInt64 = 0
    }

    private let state = Locked(State())

    package init() {}

    /// Runs `body` when all that was asked for before has ended; it is run also when the caller is cancelled.
    package func run<Result: Sendable>(_ key: Key, _ body: @escaping @Sendable () async -> Result) async -> Result {
        let (number, task) = self.state.withLock { state in
            state.lastNumber += 1
            let (number, before) = (state.lastNumber, state.last[key]?.task)
            let task = Task {
                await before?.value
                return await body()
            }
            state.last[key] = Last(number: number, task: Task { _ = await task.value })
            return (number, task)
        }
        let result = await task.value
        self.state.withLock { state in
            if state.last[key]?.number == number { state.last[key] = nil }
        }
        return result
    }
}
