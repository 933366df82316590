package import Ports
package import Shared

/// Timers in PostgreSQL, claimed through `bellhop.claim_timers`.
package struct PGTimers: TimerQueue {
    private let database: PGDatabase
    private let node: String

    /// - Parameter node: who claims, for operators who look into the table; cut to 64 characters.
    package init(_ database: PGDatabase, node: String) {
        self.database = database
        self.node = String(node.prefix(64))
    }

    package func claim(
        _ kinds: [TimerKind], limit: Int, lease: Duration
    ) async throws(StoreError) -> [ClaimedTimer] {
        guard !kinds.isEmpty, limit > 0 else { return [] }
        // Its own name for each claim: the same node may claim a timer again that was set anew meanwhile.
        let claim = "\(self.node):\(String(UInt64.random(in: .min ... .max), radix: 36))"
        let statement = PGQuery(
            """
            SELECT tenant_id, kind, key, due_at, payload, attempts
            FROM bellhop.claim_timers($1, $2, make_interval(secs => $3), $4)
            """,
            .text(claim), .texts(kinds.map(\.name)), .float8(lease.timerSeconds), .int4(Int32(clamping: limit)))
        let rows = try await self.database.transaction { transaction throws(StoreError) in
            try await transaction.commit(with: [statement])[0]
        }
        var timers: [ClaimedTimer] = []
        timers.reserveCapacity(rows.count)
        for row in rows { timers.append(try ClaimedTimer(row, claim: claim)) }
        return timers.sorted { $0.dueAt < $1.dueAt }
    }

    package func ensure(_ timer: NewTimer) async throws(StoreError) {
        let query = PGQuery.setIfMissing(timer)
        _ = try await self.database.transaction(preamble: [.tenant(timer.key.tenant)]) {
            transaction throws(StoreError) in
            let rows = try await transaction.commit(with: [query])
            return rows.count
        }
    }

    package func finish(_ timer: ClaimedTimer) async throws(StoreError) -> Bool {
        try await self.change(timer, by: .finish(timer))
    }

    package func postpone(_ timer: ClaimedTimer, for pause: Duration) async throws(StoreError) -> Bool {
        try await self.change(timer, by: .postpone(timer, for: pause))
    }

    private func change(_ timer: ClaimedTimer, by query: PGQuery) async throws(StoreError) -> Bool {
        let forTenant = PGQuery.tenant(timer.key.tenant)
        return try await self.database.transaction(preamble: [forTenant]) { transaction throws(StoreError) in
            try await transaction.commit(with: [query])[0].affected == 1
        }
    }
}

extension PGTransaction {
    /// Sets a timer, or sets it anew, within a command's transaction, whose tenant is the timer's.
    package func set(_ timer: NewTimer) async throws(StoreError) { _ = try await self.run([.set(timer)]) }

    /// Removes a timer that is not needed any more, claimed or not; whoever holds it cannot finish it.
    package func cancel(_ timer: TimerKey) async throws(StoreError) { _ = try await self.run([.cancel(timer)]) }

    /// Finishes a timer in the transaction that has its effect, which is undone if the claim was lost.
    ///
    /// - Throws: `.refused` if the claim was lost (`StoreError.isLostTimerClaim`).
    package func finish(_ timer: ClaimedTimer) async throws(StoreError) {
        guard try await self.run([.finish(timer)])[0].affected == 1 else {
            throw .refused(code: StoreError.lostTimerClaim, message: "the claim of timer \(timer.key.kind) was lost")
        }
    }
}

extension PGQuery {
    /// Sets a timer, or sets it anew: whoever has claimed it has lost it. Its attempts begin afresh.
    package static func set(_ timer: NewTimer) -> PGQuery {
        let (time, pause): (Timestamp?, Duration) =
            switch timer.due {
            case .now: (nil, .zero)
            case .after(let pause): (nil, pause)
            case .at(let time): (time, .zero)
            }
        return PGQuery(
            """
            INSERT INTO bellhop.timer (tenant_id, kind, key, due_at, payload)
            VALUES ($1, $2, $3, coalesce($4, clock_timestamp() + make_interval(secs => $5)), $6)
            ON CONFLICT (tenant_id, kind, key) DO UPDATE
            SET due_at = excluded.due_at, payload = excluded.payload, claimed_by = NULL, claim_expires_at = NULL,
                attempts = 0
            """,
            .uuid(timer.key.tenant?.raw ?? 0), .text(timer.key.kind.name), .text(timer.key.key), .timestamptz(time),
            .float8(pause.timerSeconds), .jsonb(timer.payload))
    }

    /// Sets a timer unless there is one of that name.
    fileprivate static func setIfMissing(_ timer: NewTimer) -> PGQuery {
        let set = PGQuery.set(timer)
        return PGQuery(
            """
            INSERT INTO bellhop.timer (tenant_id, kind, key, due_at, payload)
            VALUES ($1, $2, $3, coalesce($4, clock_timestamp() + make_interval(secs => $5)), $6)
            ON CONFLICT (tenant_id, kind, key) DO NOTHING
            """, values: set.values)
    }

    /// Removes a timer, claimed or not.
    package static func cancel(_ timer: TimerKey) -> PGQuery {
        PGQuery(
            "DELETE FROM bellhop.timer WHERE tenant_id = $1 AND kind = $2 AND key = $3", .uuid(timer.tenant?.raw ?? 0),
            .text(timer.kind.name), .text(timer.key))
    }

    fileprivate static func finish(_ timer: ClaimedTimer) -> PGQuery {
        PGQuery(
            """
            DELETE FROM bellhop.timer
            WHERE tenant_id = $1 AND kind = $2 AND key = $3 AND claimed_by = $4 AND attempts = $5
            """,
            values: Self.names(of: timer))
    }

    fileprivate static func postpone(_ timer: ClaimedTimer, for pause: Duration) -> PGQuery {
        PGQuery(
            """
            UPDATE bellhop.timer SET claim_expires_at = clock_timestamp() + make_interval(secs => $6)
            WHERE tenant_id = $1 AND kind = $2 AND key = $3 AND claimed_by = $4 AND attempts = $5
            """,
            values: Self.names(of: timer) + [.float8(pause.timerSeconds)])
    }

    private static func names(of timer: ClaimedTimer) -> [PGValue] {
        [
            .uuid(timer.key.tenant?.raw ?? 0), .text(timer.key.kind.name), .text(timer.key.key), .text(timer.claim),
            .int4(Int32(clamping: timer.attempt)),
        ]
    }
}

extension ClaimedTimer {
    /// Reads a row of `bellhop.claim_timers`.
    fileprivate init(_ row: PGRow, claim: String) throws(StoreError) {
        let (tenant, kind, key, dueAt, payload, attempts) = try row.read(
            UInt128.self, String.self, String.self, Timestamp.self, [UInt8].self, Int.self)
        guard let kind = TimerKind(kind) else {
            throw .refused(code: "XX001", message: "a timer has a kind that cannot be")
        }
        self.init(
            key: TimerKey(tenant: tenant == 0 ? nil : TenantID(raw: tenant), kind: kind, key: key), dueAt: dueAt,
            payload: payload, attempt: attempts, claim: claim)
    }
}

extension Duration {
    /// In seconds, from none to ten years: what an interval can hold, whatever a caller computed.
    fileprivate var timerSeconds: Double { min(max(self / .seconds(1), 0), 315_360_000) }
}
