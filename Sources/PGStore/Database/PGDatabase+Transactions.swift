internal import Synchronization
package import Shared

extension PGDatabase {
    /// Runs `body` in one transaction and commits it, unless it threw or said ``PGTransaction/rollBack()``.
    ///
    /// After a conflict (serialization failure, deadlock) or a connection that was lost before the commit, all of `body` is run
    /// again, a bounded number of times and until the deadline: it must not do what cannot be done twice. A transaction in
    /// which nothing is asked costs nothing. (Closures say
    /// `{ transaction throws(StoreError) in … }`: Swift does not infer it. What they need of a struct's `self` is put into constants
    /// before, because of the fault of Swift 6.3.1 that README.md describes.)
    ///
    /// - Parameters:
    ///   - deadline: how long all of it may take, waiting for a connection and repeating included; else as the options say.
    ///   - preamble: sent with the first statement in one go, right after `BEGIN`: for `set_config(…, true)` and the like.
    ///   - settlesItself: that `body` begins by recording its operation id under a unique key and gives back the recorded
    ///     result if it was there. Then a commit whose outcome is unknown is settled here by running `body` again.
    /// - Throws: `.outcomeUnknown` when the commit may or may not have happened. Also when a repetition to find out came to
    ///   nothing, for whatever reason: only its success says what happened.
    package func transaction<Result>(
        deadline: Duration? = nil, isolation: PGIsolation = .readCommitted, preamble: [PGQuery] = [],
        settlesItself: Bool = false, _ body: (PGTransaction) async throws(StoreError) -> Result
    ) async throws(StoreError) -> Result {
        let due = self.due(deadline)
        var isUnknown = false
        var attempt = 0
        while true {
            let transaction = PGTransaction(self, due: due, isolation: isolation, preamble: preamble)
            let failure: StoreError
            do throws(StoreError) {
                let result = try await body(transaction)
                try await transaction.end()
                return result
            } catch {
                failure = error
            }
            transaction.release()
            let cause = transaction.failure
            if cause == .outcomeUnknown { isUnknown = true }
            let mayRepeat = cause?.isTransient == true || settlesItself && cause == .outcomeUnknown
            guard mayRepeat, attempt < self.options.retryLimit, await self.pause(before: attempt, until: due) else {
                throw isUnknown ? .outcomeUnknown : failure
            }
            attempt += 1
            self.counters.retries.count()
        }
    }

    /// Runs statements that only read, all in one go: one round trip. They are one read-only transaction.
    ///
    /// - Parameter isOneMoment: whether all of them see the same state of the database.
    /// - Returns: the rows of each statement, in order.
    package func read(
        _ queries: [PGQuery], deadline: Duration? = nil, isOneMoment: Bool = false
    ) async throws(StoreError) -> [PGRows] {
        let due = self.due(deadline)
        var attempt = 0
        while true {
            let ticket = Self.newTicket()
            let begin: PGQuery = isOneMoment ? .beginReadingOneMoment : .beginReading
            let opening = [begin] + PGQuery.limits(self.options)
            let outcome = await self.submit(
                opening + queries + [.commit], of: ticket, isFirst: true, ending: .readOnly, deadline: due)
            switch outcome {
            case .success(let rows): return Array(rows[opening.count..<rows.count - 1])
            case .failure(let failure):
                self.release(ticket)
                guard failure.isTransient, attempt < self.options.retryLimit,
                    await self.pause(before: attempt, until: due)
                else { throw failure.storeError }
            }
            attempt += 1
            self.counters.retries.count()
        }
    }

    /// Runs one statement that only reads.
    package func read(
        _ statement: PGStatement, _ values: PGValue..., deadline: Duration? = nil
    ) async throws(StoreError) -> PGRows {
        try await self.read([PGQuery(statement, values: values)], deadline: deadline)[0]
    }

    private func due(_ deadline: Duration?) -> UInt64 {
        SystemClock.monotonicNanoseconds / 1_000_000 + (deadline ?? self.options.deadline).wholeMilliseconds
    }

    /// Waits a little, longer with each attempt and never as long as another; false if there is no time left.
    private func pause(before attempt: Int, until due: UInt64) async -> Bool {
        let longest = UInt64(4) << UInt64(min(attempt, 6))
        let milliseconds = UInt64.random(in: 0...longest)
        guard SystemClock.monotonicNanoseconds / 1_000_000 + milliseconds < due else { return false }
        do {
            try await Task.sleep(for: .milliseconds(milliseconds))
            return true
        } catch {
            return false
        }
    }
}

extension PGQuery {
    static var commit: PGQuery { PGQuery("COMMIT") }
    static var beginReading: PGQuery { PGQuery("BEGIN READ ONLY") }
    static var beginReadingOneMoment: PGQuery { PGQuery("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY") }

    static func begin(_ isolation: PGIsolation) -> PGQuery {
        switch isolation {
        case .readCommitted: PGQuery("BEGIN ISOLATION LEVEL READ COMMITTED")
        case .repeatableRead: PGQuery("BEGIN ISOLATION LEVEL REPEATABLE READ")
        case .serializable: PGQuery("BEGIN ISOLATION LEVEL SERIALIZABLE")
        }
    }

    /// What a session of our own was told once, a shared one must be told in each transaction.
    static func limits(_ options: PGOptions) -> [PGQuery] {
        guard !options.isPrepared else { return [] }
        return [
            PGQuery(
                """
                SELECT set_config('statement_timeout', $1, true), \
                set_config('idle_in_transaction_session_timeout', $2, true)
                """, .text(options.statementTimeoutText), .text(options.idleTimeoutText))
        ]
    }
}
