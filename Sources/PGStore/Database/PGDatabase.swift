package import Reactor
package import Shared
internal import Synchronization

/// How much of other transactions' work a transaction sees.
package enum PGIsolation: Sendable {
    /// Each statement sees what was committed when it began.
    case readCommitted
    /// All statements see what was committed when the first began; conflicts are done again.
    case repeatableRead
    /// As if transactions ran one after the other; conflicts are done again.
    case serializable
}

/// A PostgreSQL database: some connections on one event loop, used by tasks on any thread.
///
/// What always holds:
/// - Every call ends at its deadline. Its error says what a caller may do: ``StoreError``.
/// - `.unavailable` and `.timedOut` mean that nothing was changed; a cancelled task gets `.timedOut`.
/// - Nothing of a transaction that failed, timed out or was cancelled reaches the next one on its connection.
///
/// The loop must turn for as long as the database is used: ``close()`` it first, then stop the loop. After that every call is
/// turned away.
package final class PGDatabase: Sendable {
    package let options: PGOptions
    private let loop: LoopHandle
    private let number: UInt64
    let counters = PGCounters()

    private static let lastNumber = Atomic<UInt64>(0)
    private static let lastTicket = Atomic<UInt64>(0)

    /// Begins to connect; what is asked before a connection came about waits for it.
    package init(_ address: DatabaseAddress, options: PGOptions = PGOptions(), loop: LoopHandle, log: Logger = .silent)
    {
        self.options = options
        self.loop = loop
        self.number = Self.lastNumber.wrappingAdd(1, ordering: .relaxed).newValue
        let (number, counters) = (self.number, self.counters)
        loop.post { loop in
            let pool = PGPool(
                number: number, address: address, options: options, counters: counters, log: log, loop: loop)
            PoolRegistry.add(pool, to: loop)
            pool.fill()
        }
    }

    /// What the pool tells about itself, from any thread.
    package var figures: PGFigures { self.counters.figures }

    /// Turns away whoever waits or comes, waits for transactions that run, and ends all sessions; a loop that has stopped has
    /// done so.
    package func close() async {
        let (loop, number) = (self.loop, self.number)
        await withCheckedContinuation { continuation in
            let closed = Answer(continuation, fallback: ())
            loop.post { loop in PoolRegistry.pool(number, on: loop)?.close { closed.give(()) } }
        }
    }

    // MARK: For transactions

    static func newTicket() -> UInt64 { self.lastTicket.wrappingAdd(1, ordering: .relaxed).newValue }

    /// Hands statements to the loop and waits for what came of them.
    func submit(
        _ queries: [PGQuery], of ticket: UInt64, isFirst: Bool, ending: PoolRequest.Ending, deadline: UInt64
    ) async -> Reply.Outcome {
        // A commit that is on its way is not given up: the caller would not know what came of it.
        guard !Task.isCancelled else { return .failure(.timedOut) }
        let (loop, number, task) = (self.loop, self.number, WaitingTask())
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let reply = Reply(
                    continuation, of: task, fallback: ending == .commit ? .outcomeUnknown : .turnedAway)
                let request = PoolRequest(
                    ticket: ticket, isFirst: isFirst, queries: queries, ending: ending, deadline: deadline, reply: reply
                )
                loop.post { loop in
                    guard let pool = PoolRegistry.pool(number, on: loop) else {
                        return request.reply.give(.failure(.turnedAway))
                    }
                    pool.submit(request)
                }
            }
        } onCancel: {
            task.isCancelled.store(true, ordering: .releasing)
            loop.post { loop in PoolRegistry.pool(number, on: loop)?.abandon(ticket, isCancelled: true) }
        }
    }

    /// Ends a transaction that was not committed.
    func release(_ ticket: UInt64) {
        let number = self.number
        self.loop.post { loop in PoolRegistry.pool(number, on: loop)?.release(ticket) }
    }
}
